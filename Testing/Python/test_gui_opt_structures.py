"""The window of Reirradiation Optimization Structures, driven by clicks offscreen (with stand-ins, not within Slicer)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gui_harness import Gui, gui, pause_until_cancelled, rows, small_case

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

MODULE = "ReirradiationOptStructures"


def computed(gui: Gui, case: Path) -> Any:
    widget = gui.open(MODULE)
    widget.ui.casePathLineEdit.currentPath = str(case)
    widget.ui.runButton.click()
    gui.wait_until(lambda: bool(widget.ui.runButton.enabled))
    return widget


def test_disabled_buttons_say_why(gui: Gui, tmp_path: Path) -> None:
    ui = gui.open(MODULE).ui
    assert not ui.runButton.enabled and "case file" in ui.runButton.toolTip
    ui.casePathLineEdit.currentPath = str(tmp_path / "case.json")
    assert ui.runButton.enabled
    assert not ui.exportButton.enabled and "Compute first" in ui.exportButton.toolTip


def test_what_is_left_is_shown_and_exported_once(gui: Gui, small_case: Path, tmp_path: Path) -> None:
    widget = computed(gui, small_case)
    assert gui.messages == []
    ui = widget.ui
    ((organ, basis, alpha_beta, *doses, state),) = rows(ui.organsTable)
    assert (basis, alpha_beta) == ("raw", "2")
    p, r, a, sum_, number, d = (float(text) for text in doses)
    assert organ == "spinal_cord" and (r, a, number) == (60.0, 50.0, 3.0) and state == "graded limits"
    assert sum_ == pytest.approx(p + r, abs=0.011) and d == pytest.approx((p + r - a) / number, abs=0.011)
    shells = rows(ui.shellsTable)
    assert [row[0][:11] for row in shells] == ["zspinal_S1_", "zspinal_S2_", "zspinal_S3_"]
    assert [row[2] for row in shells] == ["–", shells[0][1], shells[1][1]] and {row[-1] for row in shells} == {"yes"}
    assert "in 5 fx" in ui.shellsTable.horizontalHeaderItem(4).text()

    assert not ui.exportButton.enabled and "new file" in ui.exportButton.toolTip
    exported = tmp_path / "structures.dcm"
    ui.exportPathLineEdit.currentPath = str(exported)
    assert ui.exportButton.enabled
    ui.exportButton.click()
    gui.picture(widget, "opt_structures.png")
    assert ui.exportLabel.text == "4 structures exported." and gui.messages == []
    pydicom = pytest.importorskip("pydicom")
    names = [item.ROIName for item in pydicom.dcmread(exported).StructureSetROISequence]
    assert names == [*(row[0] for row in shells), "Iso_course1_15Gy"]

    before = exported.read_bytes()
    ui.exportButton.click()
    assert len(gui.messages) == 1 and "a file of that name is there" in gui.messages[0]
    assert exported.read_bytes() == before and ui.exportLabel.text == "Not exported."


def test_a_case_without_requests_has_nothing_to_export(gui: Gui, small_case: Path, tmp_path: Path) -> None:
    case = json.loads(small_case.read_text(encoding="utf-8"))
    case.update(optimization=[], isodose_lines=[], structures=case["structures"][:1], constraints=[])
    small_case.write_text(json.dumps(case), encoding="utf-8")
    widget = computed(gui, small_case)
    widget.ui.exportPathLineEdit.currentPath = str(tmp_path / "structures.dcm")
    assert not widget.ui.exportButton.enabled and "nothing to export" in widget.ui.exportButton.toolTip
    assert rows(widget.ui.organsTable) == []


def test_a_wrong_case_file_is_told(gui: Gui, tmp_path: Path) -> None:
    widget = computed(gui, tmp_path / "absent.json")
    assert len(gui.messages) == 1 and "absent.json" in gui.messages[0]
    assert not widget.ui.exportButton.enabled


def test_cancel_shows_no_result(gui: Gui, small_case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = gui.open(MODULE)
    reached = pause_until_cancelled(widget, monkeypatch)
    widget.ui.casePathLineEdit.currentPath = str(small_case)
    widget.ui.runButton.click()
    gui.wait_until(reached.is_set)
    widget.ui.cancelButton.click()
    gui.wait_until(lambda: bool(widget.ui.runButton.enabled))
    assert widget.ui.stepLabel.text == "Cancelled; nothing was written."
    assert rows(widget.ui.shellsTable) == []
