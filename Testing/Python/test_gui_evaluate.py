"""The step "Evaluate" of Reirradiation Accumulation, driven by clicks offscreen (with stand-ins, not within Slicer)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from accumulation_steps import EVALUATE, cancel, click_row, colour, files_in, go_to, opened, pause_at, reopened, run
from gui_harness import Gui, gui, rows, small_case
from ReirradiationLib.model.case_edits import with_constraints, with_texts
from ReirradiationLib.model.case_notes import FreeTexts
from ReirradiationLib.report.evaluation import plain

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

OLD = "The case was changed since: evaluate again."


@pytest.fixture
def window(gui: Gui, small_case: Path) -> Any:
    window = opened(gui, small_case)
    go_to(window, EVALUATE)
    return window


def without_plan(case: Path) -> Path:
    text = json.loads(case.read_text(encoding="utf-8"))
    text["new_course"] = {name: text["new_course"][name] for name in ("label", "prescription_gy", "fractions")}
    text["decisions"] = []
    case.write_text(json.dumps(text), encoding="utf-8")
    return case


def doses(window: Any) -> list[str]:
    box = window.ui.shownDoseComboBox
    return [box.itemText(n) for n in range(box.count)]


def test_without_a_case_every_control_says_what_to_do_first(gui: Gui) -> None:
    ui = gui.open("ReirradiationAccumulation").ui
    for control in (ui.evaluateButton, ui.priorOnlyRadioButton, ui.withNewPlanRadioButton):
        assert not control.enabled and "Open a case" in control.toolTip
    for control in (ui.showDoseButton, ui.shownDoseComboBox, ui.isodosesCheckBox):
        assert not control.enabled and "Evaluate first" in control.toolTip
    assert ui.evaluationStateLabel.text == "Not evaluated yet."


def test_a_case_is_evaluated_and_shown(gui: Gui, window: Any, small_case: Path, tmp_path: Path) -> None:
    ui = window.ui
    run(gui, window, ui.evaluateButton)
    assert gui.messages == []
    assert window.shown == [("preparedResults",)] and files_in(small_case.parent) == ["case.json"]
    evaluation = plain(window.logic.session.evaluated.evaluation)
    assert [row[1] for row in rows(ui.headlinesTable)] == [one["text"] for one in evaluation["headlines"]]
    scores, shown = evaluation["scorecard"], rows(ui.scorecardTable)
    assert [row[0] for row in shown] == ["spinal_cord", "spinal_cord", "colon", "PTV2_L1"]
    for row, score in zip(shown, scores, strict=True):
        metric, limit, basis = row[1].splitlines()
        sign = {"at_most": "≤", "at_least": "≥"}[score["sense"]]
        assert (metric, limit) == (score["metric"], f"{sign} {score['limit']:g}")
        assert basis == f"{score['basis']}, α/β {score['alpha_beta_gy']:g}"
        assert float(row[2]) == pytest.approx(score["prior"], abs=0.006)
        assert float(row[3]) == pytest.approx(score["cumulative"], abs=0.006)
        if score["left_eqd2_gy"] is not None:
            left = [float(text.removeprefix("≤ ")) for text in row[4].splitlines()]
            assert left == pytest.approx([score["left_eqd2_gy"], score["left_physical_gy"]], abs=0.006)
            assert row[4].startswith("≤") == score["left_is_at_most"]
        assert row[5].removesuffix(" ◊") == score["state"] and row[5].endswith("◊") == bool(score["remark"])
    assert colour(ui.scorecardTable.item(0, 5)) == "#fac8c4" and colour(ui.scorecardTable.item(3, 5)) == "#c6e8cd"
    assert scores[0]["source"] in ui.scorecardTable.item(0, 0).toolTip()

    click_row(ui.scorecardTable, 2)
    assert window.shown.pop() == ("jumpToMaximum", "colon")
    assert ui.shownStructureComboBox.currentText == "colon" and scores[2]["source"] in ui.scoreLabel.text
    (colon,) = (one for one in evaluation["structures"] if one["name"] == "colon")
    for row, metric in zip(rows(ui.metricsTable), colon["metrics"], strict=True):
        assert row[0] == metric["metric"] and float(row[2]) == pytest.approx(metric["cumulative_raw"], abs=0.006)
    assert ui.metricsTable.isColumnHidden(3)  # no recovery in this case
    assert not ui.dvhLabel.pixmap().isNull() and ui.dvhLabel.pixmap().width() <= 440

    assert doses(window) == [
        *("all courses, EQD2 [Gy]", "prior courses, EQD2 [Gy]"),
        *("L2 30 Gy/10 fx 2019, physical [Gy]", "L1 30 Gy/5 fx 2024, physical [Gy]"),
    ]
    for index, quantity in enumerate(("sum of all courses", "sum of the prior courses", "course1", "new")):
        ui.shownDoseComboBox.setCurrentIndex(index)
        ui.showDoseButton.click()
        assert window.shown.pop() == ("showDose", quantity, "colon")
    ui.isodosesCheckBox.setChecked(True)
    assert window.shown.pop() == ("showIsodoses", "new", "colon")
    ui.shownDoseComboBox.setCurrentIndex(0)
    ui.showDoseButton.click()
    assert window.shown[-2:] == [
        ("showDose", "sum of all courses", "colon"),
        ("showIsodoses", "sum of all courses", "colon"),
    ]
    ui.isodosesCheckBox.setChecked(False)
    assert window.shown.pop() == ("showIsodoses", None, "colon")
    gui.step_pictures(window, EVALUATE, "evaluate")

    texts = ui.evaluationStateLabel.text, shown, rows(ui.metricsTable)
    window.edit(lambda case: with_texts(case, FreeTexts(discussion="no number depends on it")))
    assert ui.scorecardTable.enabled and ui.evaluationStateLabel.text == texts[0]
    reopened(gui, window, tmp_path)
    assert window.logic.session.evaluated is None
    assert (rows(ui.scorecardTable), rows(ui.metricsTable)) == texts[1:] and ui.scorecardTable.enabled
    assert ui.evaluationStateLabel.text.startswith(texts[0]) and "kept in the scene" in ui.evaluationStateLabel.text
    assert not ui.showDoseButton.enabled and "evaluate again" in ui.showDoseButton.toolTip
    former = len(window.shown)
    click_row(ui.scorecardTable, 0)
    assert len(window.shown) == former and ui.shownStructureComboBox.currentText == "spinal_cord"

    case = window.logic.session.case
    window.edit(lambda case: with_constraints(case, [replace(case.constraints[0], limit=45.0)]))
    assert ui.evaluationStateLabel.text.startswith(OLD) and rows(ui.scorecardTable) == shown
    for control in (ui.scorecardTable, ui.headlinesTable, ui.metricsTable, ui.shownStructureComboBox, ui.showDoseButton):
        assert not control.enabled and "evaluate again" in control.toolTip
    assert not ui.dvhLabel.enabled
    window.edit(lambda _case: case)  # as it was
    assert ui.scorecardTable.enabled and "Every limit" in ui.scorecardTable.toolTip
    assert gui.messages == []


def test_the_prior_courses_alone_are_evaluated_where_that_is_chosen(gui: Gui, window: Any) -> None:
    ui = window.ui
    assert ui.withNewPlanRadioButton.checked
    ui.priorOnlyRadioButton.setChecked(True)
    run(gui, window, ui.evaluateButton)
    assert gui.messages == []
    assert "prior courses only" in ui.evaluationStateLabel.text
    assert {row[3] for row in rows(ui.scorecardTable)} == {"–"}
    assert doses(window) == ["prior courses, EQD2 [Gy]", "L2 30 Gy/10 fx 2019, physical [Gy]"]
    assert ui.priorOnlyRadioButton.checked


def test_without_a_new_plan_there_is_no_choice(gui: Gui, small_case: Path) -> None:
    window = opened(gui, without_plan(small_case))
    ui = window.ui
    assert ui.priorOnlyRadioButton.checked and ui.evaluateButton.enabled
    assert not ui.withNewPlanRadioButton.enabled and "no dose of a new plan" in ui.withNewPlanRadioButton.toolTip


def test_cancel_in_the_middle_of_the_evaluation_leaves_nothing(
    gui: Gui, window: Any, small_case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ReirradiationLib import workflow

    cancel(gui, window, window.ui.evaluateButton, pause_at(window, monkeypatch, workflow, "map_dose"))
    assert window.logic.session.evaluated is None and window.shown == []
    assert files_in(small_case.parent) == ["case.json"]
    assert rows(window.ui.scorecardTable) == [] and window.ui.evaluationStateLabel.text == "Not evaluated yet."


def test_an_incomplete_case_says_what_is_missing_where_it_would_be_evaluated(gui: Gui, small_case: Path) -> None:
    text = json.loads(small_case.read_text(encoding="utf-8"))
    text["new_course"]["prescription_gy"] = 0  # as a draft leaves it
    small_case.write_text(json.dumps(text), encoding="utf-8")
    window = opened(gui, small_case)
    why = window.logic.session.document.why_incomplete
    assert why and not window.ui.evaluateButton.enabled
    assert why.split(":")[0] in window.ui.evaluateButton.toolTip


def test_a_registration_that_nobody_signed_is_not_evaluated(gui: Gui, small_case: Path) -> None:
    text = json.loads(small_case.read_text(encoding="utf-8"))
    text["prior_courses"][0]["registration"] = {"method": "images"}
    small_case.write_text(json.dumps(text), encoding="utf-8")
    window = opened(gui, small_case)
    run(gui, window, window.ui.evaluateButton)
    assert len(gui.messages) == 1 and "nobody has signed" in gui.messages[0]
    assert rows(window.ui.scorecardTable) == []
