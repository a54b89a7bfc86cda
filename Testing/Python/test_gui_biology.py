"""The step Biology, driven by clicks offscreen: structures, tissues, α/β, recovery and limits."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gui_checks import close_and_reopen_scene, controls_without_tool_tip
from gui_harness import ROOT, Gui, gui, rows, small_case
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.open_choices import CHOOSE_TISSUE
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.protocol_tables import default_protocol_folder
from screens import screens

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

MODULE = "ReirradiationAccumulation"
USE = 0


@pytest.fixture(autouse=True)
def nothing_fails_behind_the_window(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """What a slot or an observer raises is only printed."""
    yield
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def opened(gui: Gui, small_case: Path) -> Any:
    window = gui.open(MODULE)
    window.ui.casePathLineEdit.currentPath = str(small_case)
    window.ui.openCaseButton.click()
    window.ui.stepsTabWidget.setCurrentIndex(2)
    return window


@pytest.fixture
def read(gui: Gui, opened: Any) -> Any:
    opened.ui.readRecordsButton.click()
    gui.wait_until(lambda: not opened.whyBusy())
    return opened


def case_now(window: Any) -> Any:
    return window.logic.session.case


def choice(window: Any, name: str) -> Any:
    return next((one for one in case_now(window).structures if one.name == name), None)


def row_of(table: Any, text: str, column: int = 1) -> int:
    return next(n for n, row in enumerate(rows(table)) if row[column].startswith(text))


def select(window: Any, name: str) -> None:
    window.ui.structuresTable.selectRow(row_of(window.ui.structuresTable, name))


def tick(gui: Gui, table: Any, text: str, is_ticked: bool = True, column: int = 1) -> None:
    """As a click on the box of a row."""
    item = table.item(row_of(table, text, column), USE)
    assert item.flags() & gui.qt.Qt.ItemIsUserCheckable and item.flags() & gui.qt.Qt.ItemIsEnabled
    item.setCheckState(gui.qt.Qt.Checked if is_ticked else gui.qt.Qt.Unchecked)


def limits(window: Any, name: str) -> list[str]:
    return [one.row for one in case_now(window).constraints if one.structure == name]


def test_without_a_case_every_control_says_what_it_is_or_why_it_is_disabled(gui: Gui) -> None:
    window = gui.open(MODULE)
    assert controls_without_tool_tip(gui, window.ui.stepsTabWidget.widget(2)) == []
    for name in ("tissueComboBox", "applyAlphaBetaButton", "recoveryComboBox", "changeLimitButton", "addOwnLimitButton"):
        widget = getattr(window.ui, name)
        assert not widget.enabled and "Open a case" in widget.toolTip, name
    assert rows(window.ui.structuresTable) == [] and "Open a case" in window.ui.structuresStateLabel.text


def test_the_structure_set_is_shown_once_its_records_were_read(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    assert [row[1] for row in rows(ui.structuresTable)] == ["spinal_cord", "PTV2_L1", "colon"]
    assert "Read the records" in ui.structuresStateLabel.text
    ui.readRecordsButton.click()
    gui.wait_until(lambda: not opened.whyBusy())
    shown = {row[1]: row for row in rows(ui.structuresTable)}
    assert {"BODY", "liver", "kidney_left"} <= set(shown)
    assert shown["spinal_cord"][2:] == ["spinal cord", "2", "2"]
    assert shown["kidney_left"][2:] == ["(kidney)", "", ""] and shown["BODY"][2] == ""
    assert "normalised match of 'SpinalCord'" in ui.proposalLabel.text
    screens(gui, opened, "biology", with_views=False)


def test_a_ticked_structure_takes_its_certain_tissue_and_an_uncertain_one_must_be_chosen(
    gui: Gui, read: Any, small_case: Path
) -> None:
    ui, before = read.ui, small_case.read_bytes()
    tick(gui, ui.structuresTable, "liver")
    assert choice(read, "liver").tissue == "liver"
    tick(gui, ui.structuresTable, "BODY")
    assert choice(read, "BODY").tissue == CHOOSE_TISSUE and "Without a tissue: BODY" in ui.structuresStateLabel.text
    assert rows(ui.structuresTable)[row_of(ui.structuresTable, "BODY")][2] == "choose"
    assert ui.tissueComboBox.currentIndex == -1, "the ticked structure is selected, and has no tissue"
    ui.tissueComboBox.setCurrentIndex(ui.tissueComboBox.findText("unlabelled tissue"))
    assert choice(read, "BODY").tissue == "unlabelled tissue" and "Without" not in ui.structuresStateLabel.text
    tick(gui, ui.structuresTable, "BODY", is_ticked=False)
    assert choice(read, "BODY") is None
    assert "liver" in [row[1] for row in rows(ui.structuresTable)], "the records stay known"
    assert read.logic.session.records is not None
    assert small_case.read_bytes() == before and gui.messages == []
    ui.openCaseButton.click()
    assert choice(read, "liver") is None


def test_a_structure_that_is_taken_out_loses_its_limits_and_says_so_before(gui: Gui, read: Any) -> None:
    assert "takes the limits of the structure out" in read.ui.structuresTable.toolTip
    tick(gui, read.ui.structuresTable, "colon", is_ticked=False)
    assert choice(read, "colon") is None and limits(read, "colon") == []
    select(read, "colon")
    assert not read.ui.tissueComboBox.enabled and "Tick the structure first" in read.ui.tissueComboBox.toolTip
    assert "does not use this structure" in read.ui.limitTextEdit.plainText and rows(read.ui.limitsTable) == []


def test_an_alpha_beta_of_its_own_needs_a_reason(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    select(opened, "colon")
    assert not ui.applyAlphaBetaButton.enabled and "Nothing is changed" in ui.applyAlphaBetaButton.toolTip
    ui.alphaBetaSpinBox.value = 4.0
    ui.applyAlphaBetaButton.click()
    assert len(gui.messages) == 1 and "without a reason" in gui.messages[0]
    assert choice(opened, "colon").alpha_beta_gy is None and ui.alphaBetaSpinBox.value == 4.0
    ui.alphaBetaReasonLineEdit.setText("published 3.9")
    ui.applyAlphaBetaButton.click()
    assert (choice(opened, "colon").alpha_beta_gy, choice(opened, "colon").reason) == (4.0, "published 3.9")
    assert rows(ui.structuresTable)[row_of(ui.structuresTable, "colon")][3] == "4*"
    select(opened, "spinal_cord")
    assert ui.alphaBetaSpinBox.value == 0.0 and ui.alphaBetaReasonLineEdit.text == ""
    select(opened, "colon")
    assert ui.alphaBetaSpinBox.value == 4.0
    ui.alphaBetaSpinBox.value = 0.0
    ui.alphaBetaReasonLineEdit.setText("")
    ui.applyAlphaBetaButton.click()
    assert choice(opened, "colon").alpha_beta_gy is None and len(gui.messages) == 1


def test_a_tissue_chosen_later_keeps_the_own_alpha_beta(opened: Any) -> None:
    ui = opened.ui
    select(opened, "colon")
    ui.alphaBetaSpinBox.value = 4.0
    ui.alphaBetaReasonLineEdit.setText("ours")
    ui.applyAlphaBetaButton.click()
    ui.tissueComboBox.setCurrentIndex(ui.tissueComboBox.findText("rectum"))
    assert (choice(opened, "colon").tissue, choice(opened, "colon").alpha_beta_gy) == ("rectum", 4.0)
    assert {row[4] for row in rows(ui.limitsTable)} > {"Pelvic SABR Delphi"}, "limits of the rectum are offered now"


def test_recovery_tells_what_counts_and_that_an_interval_is_not_known(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    assert "counts in full" in ui.recoveryNoteLabel.text and rows(ui.recoveryTable) == []
    ui.recoveryComboBox.setCurrentIndex(ui.recoveryComboBox.findText("UMich/Paradis"))
    assert case_now(opened).recovery_table == "UMich/Paradis"
    assert {row[3] for row in rows(ui.recoveryTable)} == {"not known"} and "read the records" in ui.recoveryNoteLabel.text
    ui.readRecordsButton.click()
    gui.wait_until(lambda: not opened.whyBusy())
    assert {row[0]: row[2:] for row in rows(ui.recoveryTable)} == {
        **{"spinal_cord": ["63", "50"], "PTV2_L1": ["63", "100"], "colon": ["63", "50"]},
    }
    assert "50 % of the EQD2" in ui.recoveryOfLabel.text
    screens(gui, opened, "biology-recovery", ui.recoveryCollapsibleButton, with_views=False)


def test_recovered_limits_wait_for_a_recovery_table_and_then_keep_it(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    number = next(n for n, row in enumerate(rows(ui.limitsTable)) if row[2].startswith("recovered"))
    assert not ui.limitsTable.item(number, USE).flags() & gui.qt.Qt.ItemIsUserCheckable
    assert "choose a recovery table first" in ui.limitsTable.item(number, 1).toolTip()
    ui.limitsTable.selectRow(number)
    assert "choose a recovery table first" in ui.limitTextEdit.plainText
    ui.recoveryComboBox.setCurrentIndex(1)
    ui.limitsTable.item(number, USE).setCheckState(gui.qt.Qt.Checked)
    assert "umich.cord" in limits(opened, "spinal_cord") and gui.messages == []
    before = opened.logic.session.document
    ui.recoveryComboBox.setCurrentIndex(0)
    assert len(gui.messages) == 1 and "recovered sum, but the case applies no recovery" in gui.messages[0]
    assert opened.logic.session.document is before and ui.recoveryComboBox.currentIndex == 1


def test_published_limits_are_ticked_changed_for_a_reason_and_taken_out(gui: Gui, opened: Any, small_case: Path) -> None:
    ui, before = opened.ui, small_case.read_bytes()
    assert limits(opened, "spinal_cord") == ["", "nieder.cord"]
    tick(gui, ui.limitsTable, "HyTEC", column=4)
    assert limits(opened, "spinal_cord") == ["", "nieder.cord", "hytec.cord"]
    ui.limitsTable.selectRow(row_of(ui.limitsTable, "HyTEC", 4))
    assert ui.limitValueSpinBox.value == 70.0 and ui.limitValueSpinBox.suffix == " Gy"
    assert "hytec.cord" in ui.limitTextEdit.plainText and "α/β 2 Gy" in ui.limitTextEdit.plainText
    assert not ui.changeLimitButton.enabled and "Nothing is changed" in ui.changeLimitButton.toolTip
    ui.limitValueSpinBox.value = 65.0
    ui.changeLimitButton.click()
    assert len(gui.messages) == 1 and "without a reason" in gui.messages[0]
    ui.limitReasonLineEdit.setText("tumour board")
    ui.changeLimitButton.click()
    changed = case_now(opened).constraints[-1]
    assert changed.limit == 65.0 and changed.override.reason == "tumour board" and "CHANGED" in ui.limitTextEdit.plainText
    assert "(changed)" in rows(ui.limitsTable)[row_of(ui.limitsTable, "HyTEC", 4)][1]
    screens(gui, opened, "biology-limits", ui.limitsCollapsibleButton, with_views=False)
    ui.limitWarningSpinBox.value = 90.0
    ui.changeLimitButton.click()
    assert len(gui.messages) == 2 and "warning level 90" in gui.messages[1]
    assert case_now(opened).constraints[-1] == changed
    tick(gui, ui.limitsTable, "HyTEC", is_ticked=False, column=4)
    assert limits(opened, "spinal_cord") == ["", "nieder.cord"] and small_case.read_bytes() == before


def test_a_limit_that_is_not_used_or_is_the_cases_own_is_not_changed_here(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    ui.limitsTable.selectRow(row_of(ui.limitsTable, "HyTEC", 4))
    assert not ui.changeLimitButton.enabled and "Tick the limit first" in ui.changeLimitButton.toolTip
    ui.limitsTable.selectRow(row_of(ui.limitsTable, "own", 4))
    assert not ui.limitValueSpinBox.enabled and "the case's own" in ui.limitValueSpinBox.toolTip


def test_the_only_limit_of_a_structure_is_taken_out(gui: Gui, opened: Any) -> None:
    select(opened, "PTV2_L1")
    tick(gui, opened.ui.limitsTable, "own", is_ticked=False, column=4)
    gui.settle()
    assert limits(opened, "PTV2_L1") == [] and rows(opened.ui.limitsTable) == [] and gui.messages == []


def test_limits_of_all_organs_are_offered_on_demand(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    select(opened, "PTV2_L1")
    assert len(rows(ui.limitsTable)) == 1
    ui.allOrgansCheckBox.click()
    assert len(rows(ui.limitsTable)) > 40
    tick(gui, ui.limitsTable, "Evans 2013", column=4)
    assert limits(opened, "PTV2_L1") == ["", "evans.aorta"] and gui.messages == []


def test_an_own_limit_is_stated_and_wrong_ones_are_told(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    select(opened, "colon")
    ui.ownLimitCollapsibleButton.collapsed = False
    for widget, value, reason in (
        (ui.ownMetricLineEdit, "D0.5zz", "metric"),
        (ui.ownValueSpinBox, 80.0, "value"),
        (ui.ownSourceLineEdit, "our protocol 4.2", "source"),
    ):
        assert not ui.addOwnLimitButton.enabled and reason in ui.addOwnLimitButton.toolTip
        widget.setValue(value) if isinstance(value, float) else widget.setText(value)
    before = opened.logic.session.document
    ui.addOwnLimitButton.click()
    assert len(gui.messages) == 1 and "D0.5zz" in gui.messages[0] and opened.logic.session.document is before
    assert ui.ownValueSpinBox.suffix == ""
    ui.ownMetricLineEdit.setText("D0.5cc[Gy]")
    assert ui.ownValueSpinBox.suffix == " Gy"
    ui.ownBasisComboBox.setCurrentIndex(1)
    assert not ui.addOwnLimitButton.enabled and "no recovery" in ui.addOwnLimitButton.toolTip
    ui.ownBasisComboBox.setCurrentIndex(0)
    assert ui.ownAlphaBetaSpinBox.value == 3.0, "that of the structure is offered"
    screens(gui, opened, "biology-own-limit", ui.ownLimitCollapsibleButton, with_views=False)
    ui.addOwnLimitButton.click()
    own = case_now(opened).constraints[-1]
    assert (own.structure, str(own.metric), own.limit, own.basis, own.alpha_beta_gy, own.source) == (
        *("colon", "D0.5cc[Gy]", 80.0, Basis.RAW, 3.0, "our protocol 4.2"),
    )
    assert ui.ownMetricLineEdit.text == "" and len(gui.messages) == 1


def test_a_lower_limit_of_a_volume_is_stated_too(opened: Any) -> None:
    ui = opened.ui
    ui.ownMetricLineEdit.setText("CV16Gy[cc]")
    ui.ownSenseComboBox.setCurrentIndex(1)
    ui.ownValueSpinBox.value = 10.0
    ui.ownSourceLineEdit.setText("ours")
    ui.addOwnLimitButton.click()
    assert case_now(opened).constraints[-1].sense.value == "at_least"


def test_the_institutions_own_tables_are_used_and_wrong_ones_are_told(gui: Gui, opened: Any, small_case: Path) -> None:
    folder = small_case.parent / "protocol"
    shutil.copytree(default_protocol_folder(), folder)
    tissues = (folder / "tissues.csv").read_text(encoding="utf-8")
    (folder / "tissues.csv").write_text(tissues.replace("spinal cord,2,", "spinal cord,1.7,"), encoding="utf-8")
    text = small_case.read_text(encoding="utf-8")
    small_case.write_text(text.replace('"title":', '"protocol_folder": "protocol", "title":', 1), encoding="utf-8")
    opened.ui.openCaseButton.click()
    assert rows(opened.ui.structuresTable)[0][3] == "1.7" and gui.messages == []
    (folder / "tissues.csv").write_text("nonsense", encoding="utf-8")
    opened.ui.openCaseButton.click()
    assert "tissues.csv" in opened.ui.structuresStateLabel.text and rows(opened.ui.structuresTable) == []
    assert not opened.ui.tissueComboBox.enabled and "tissues.csv" in opened.ui.tissueComboBox.toolTip
    (folder / "tissues.csv").write_text(tissues, encoding="utf-8")
    opened.ui.openCaseButton.click()
    assert rows(opened.ui.structuresTable)[0][3] == "2"


def test_unsaved_edits_survive_tabs_and_a_scene_that_is_closed_and_read_again(
    gui: Gui, opened: Any, small_case: Path, tmp_path: Path
) -> None:
    ui, before = opened.ui, small_case.read_bytes()
    tick(gui, ui.limitsTable, "HyTEC", column=4)
    ui.recoveryComboBox.setCurrentIndex(1)
    for tab in (0, 1, 3, 4, 2):
        ui.stepsTabWidget.setCurrentIndex(tab)
    close_and_reopen_scene(gui, tmp_path)
    assert ui.stepsTabWidget.currentIndex == 2
    assert limits(opened, "spinal_cord") == ["", "nieder.cord", "hytec.cord"]
    assert ui.recoveryComboBox.currentText == "UMich/Paradis" and "NOT SAVED" in ui.caseStateLabel.text
    assert small_case.read_bytes() == before
    ui.saveCaseButton.click()
    assert read_case(small_case) == case_now(opened) and gui.messages == []


@pytest.mark.parametrize("name", ["tissueComboBox", "recoveryComboBox"])
def test_a_choice_that_is_taken_at_once_is_not_changed_by_scrolling_the_page(name: str) -> None:
    """The wheel over a combo box chooses the next entry, which would be another α/β without anybody noticing."""
    page = ElementTree.parse(ROOT / "ReirradiationAccumulation" / "Resources" / "UI" / "AccumulationBiology.ui")
    (box,) = [widget for widget in page.iter("widget") if widget.get("name") == name]
    assert box.get("class") == "ctkComboBox"
    assert box.findtext("property[@name='scrollWheelEffect']/enum") == "ctkComboBox::NeverScroll"


def test_nothing_can_be_changed_while_a_run_is_under_way(gui: Gui, opened: Any) -> None:
    ui = opened.ui
    ui.readRecordsButton.click()
    for name in ("tissueComboBox", "alphaBetaSpinBox", "recoveryComboBox", "addOwnLimitButton", "allOrgansCheckBox"):
        widget = getattr(ui, name)
        assert not widget.enabled and "under way" in widget.toolTip
    before = opened.logic.session.document
    ui.structuresTable.item(0, USE).setCheckState(gui.qt.Qt.Unchecked)
    ui.limitsTable.item(0, USE).setCheckState(gui.qt.Qt.Unchecked)
    assert opened.logic.session.document is before
    assert ui.structuresTable.item(0, USE).checkState() == gui.qt.Qt.Checked, "shown as it is"
    gui.wait_until(lambda: not opened.whyBusy())


def test_numbers_with_more_digits_than_are_shown_stay_exact(opened: Any, small_case: Path) -> None:
    text = small_case.read_text(encoding="utf-8")
    exact = '{"name": "colon", "tissue": "colon", "alpha_beta_gy": 3.14159, "reason": "ours"}'
    small_case.write_text(text.replace('{"name": "colon", "tissue": "colon"}', exact), encoding="utf-8")
    opened.ui.openCaseButton.click()
    select(opened, "colon")
    assert opened.ui.alphaBetaSpinBox.value == pytest.approx(3.14) and not opened.ui.applyAlphaBetaButton.enabled
    opened.ui.alphaBetaReasonLineEdit.setText("ours, 2026")
    opened.ui.applyAlphaBetaButton.click()
    assert (choice(opened, "colon").alpha_beta_gy, choice(opened, "colon").reason) == (3.14159, "ours, 2026")


def test_a_recovery_table_that_the_protocol_does_not_know_is_shown_as_it_is(opened: Any, small_case: Path) -> None:
    text = small_case.read_text(encoding="utf-8")
    small_case.write_text(text.replace('"title":', '"recovery_table": "Utopia", "title":', 1), encoding="utf-8")
    opened.ui.openCaseButton.click()
    assert opened.ui.recoveryComboBox.currentText == "Utopia" and "Utopia" in opened.ui.recoveryNoteLabel.text
    opened.ui.recoveryComboBox.setCurrentIndex(0)
    assert case_now(opened).recovery_table is None and opened.ui.recoveryComboBox.findText("Utopia") < 0


def test_a_structure_that_has_no_contours_and_a_tissue_that_no_table_has_are_named(
    gui: Gui, opened: Any, small_case: Path
) -> None:
    text = small_case.read_text(encoding="utf-8")
    wrong = '{"name": "kolon", "tissue": "colon"}, {"name": "colon", "tissue": "kolon"}'
    small_case.write_text(text.replace('{"name": "colon", "tissue": "colon"}', wrong), encoding="utf-8")
    opened.ui.openCaseButton.click()
    assert "Without a tissue: colon" in opened.ui.structuresStateLabel.text
    opened.ui.readRecordsButton.click()
    gui.wait_until(lambda: not opened.whyBusy())
    assert "Without contours in the structure set: kolon" in opened.ui.structuresStateLabel.text
