"""The window of Reirradiation Optimization Structures, driven by clicks offscreen (with stand-ins, not within Slicer)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gui_harness import DEMO, Gui, gui, pause_until_cancelled, rows, small_case
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.workflow import Services, run_case
from screens import screens
from slice_view_pictures import add_view_nodes

pytest.importorskip("PySide6")
__all__ = ["gui", "small_case"]  # fixtures

MODULE = "ReirradiationOptStructures"
EXPORTED = {
    *("optimization_structures.dcm", "remaining_dose.dcm", "point_worksheet.csv"),
    *("constraint_sheet.csv", "constraint_sheet.json", "constraint_sheet.txt"),
}
WHOLE_CASE_S = 240.0


def opened(gui: Gui, case: Path) -> Any:
    widget = gui.open(MODULE)
    widget.ui.casePathLineEdit.currentPath = str(case)
    widget.ui.openCaseButton.click()
    return widget


def generated(gui: Gui, case: Path) -> Any:
    widget = opened(gui, case)
    widget.ui.generateButton.click()
    gui.wait_until(lambda: not widget.whyBusy(), WHOLE_CASE_S)
    return widget


def pictures(gui: Gui, widget: Any) -> None:
    """Of every tab."""
    for number, name in enumerate(("organs", "left", "points", "structures", "export")):
        widget.ui.stepsTabWidget.setCurrentIndex(number)
        screens(gui, widget, f"optimization-{number + 1}-{name}")
    widget.ui.stepsTabWidget.setCurrentIndex(1)
    for name, box in (("fractionation", widget.ui.shownFractionsLabel), ("type", widget.ui.decideTypeButton)):
        widget.ui.optFeasibilityScrollArea.ensureWidgetVisible(box)
        screens(gui, widget, f"optimization-2-{name}")


def entries(case: Path) -> Any:
    return json.loads(case.read_text(encoding="utf-8"))


def changed(case: Path, **members: Any) -> Path:
    case.write_text(json.dumps({**entries(case), **members}), encoding="utf-8")
    return case


@pytest.fixture
def known_results(monkeypatch: pytest.MonkeyPatch, demo_results: CaseResults) -> CaseResults:
    """The results of the demo case, which a window would compute again for half a minute."""
    from ReirradiationLib import session_steps

    monkeypatch.setattr(session_steps, "compute", lambda case, monitor, engines, registered: demo_results)
    return demo_results


# From an empty window


def test_disabled_controls_say_why(gui: Gui, tmp_path: Path) -> None:
    ui = gui.open(MODULE).ui
    assert not ui.openCaseButton.enabled and "case file" in ui.openCaseButton.toolTip
    for button in (ui.generateButton, ui.setOrganButton, ui.prescribeButton, ui.decideTypeButton, ui.exportButton):
        assert not button.enabled and "Open a case first" in button.toolTip
    for button in (ui.showShellsButton, ui.saveWorksheetButton, ui.readPointsButton):
        assert not button.enabled and "Open a case first" in button.toolTip
    assert not ui.hideShellsButton.enabled and "Nothing is shown" in ui.hideShellsButton.toolTip
    assert "not a medical device" in ui.intendedUseLabel.text


def test_a_wrong_case_file_is_told_and_nothing_is_open(gui: Gui, tmp_path: Path) -> None:
    widget = opened(gui, tmp_path / "absent.json")
    assert len(gui.messages) == 1 and "absent.json" in gui.messages[0]
    assert widget.ui.caseStateLabel.text == "No case is open." and not widget.ui.generateButton.enabled


def test_before_anything_is_computed_no_number_is_shown(gui: Gui, small_case: Path) -> None:
    widget = opened(gui, small_case)
    ui = widget.ui
    ((organ, limit, *doses, state),) = rows(ui.organsTable)
    assert (organ, limit) == ("spinal_cord", "50\nraw, α/β 2") and state == "not computed"
    assert doses == ["–", "–", "–", "3", "–"]
    for table in (ui.feasibilityTable, ui.worksheetTable, ui.shellsTable, ui.verdictTable):
        assert rows(table) == []
    assert "Not computed yet" in ui.bindingLabel.text and "Not computed yet" in ui.exportButton.toolTip
    assert ui.generateButton.enabled and gui.messages == []


# The demo case whole


def test_the_demo_case_from_its_file_to_the_files_for_the_planning_system(
    gui: Gui, known_results: CaseResults, tmp_path: Path
) -> None:
    widget = generated(gui, DEMO / "case.json")
    ui, scene = widget.ui, gui.slicer.mrmlScene
    assert gui.messages == []
    ((organ, limit, p, r, both, number, d, state),) = rows(ui.organsTable)
    assert (organ, limit, state) == ("spinal_cord", "50\nraw, α/β 2", "graded limits")
    assert (p, r, both, number, d) == ("37.57", "60.00", "97.57", "3", "15.86")

    left = rows(ui.feasibilityTable)
    assert left[0][0].startswith("spinal_cord\nD0.01cc ≤ 50 Gy") and left[0][1:3] == ["≤ 12.43", "≤ 11.54\n(2.31 each)"]
    assert left[0][-1] == "dose must be limited; binding" and "binds: 11.54 Gy physical" in ui.bindingLabel.text
    assert [row[0].split("\n")[0] for row in left] == ["spinal_cord", "spinal_cord", "small_bowel", "colon"]
    assert [row[1] for row in left[2:]] == ["–", "–"] and {row[-1] for row in left[2:]} == {"not planned by"}
    assert "small_bowel: no part of it lies within 30 mm of PTV2_L1" in ui.feasibilityNotesLabel.text
    assert "Suggested by the doses: type 1" in ui.suggestionLabel.text and "by demo author" in ui.decidedLabel.text

    worksheet = rows(ui.worksheetTable)
    assert worksheet[0] == ["spinal_cord\nL2 30 Gy/10 fx 2019", "30.04 in 10", "37.57", "", "", "mapped"]
    assert worksheet[1] == ["spinal_cord\nsum of maxima", "", "37.57", "12.43", "11.54", "30 Gy do not fit"]

    shells = rows(ui.shellsTable)
    assert [row[0] for row in shells] == ["zspinal_S1_1154", "zspinal_S2_1930", "zspinal_S3_2513", "Iso_course1_15Gy"]
    assert [row[3] for row in shells[:3]] == ["11.54", "19.30", "25.13"]
    assert [row[4] for row in shells[:3]] == ["7.41", "1.47", "9.69"]
    assert "in 5 fx" in ui.shellsTable.horizontalHeaderItem(3).text().replace("\n", " ")
    assert not ui.generateButton.enabled and "Nothing is changed" in ui.generateButton.toolTip

    add_view_nodes(scene)
    ui.showShellsButton.click()
    ui.shellsTable.selectRow(0)
    ui.jumpToShellButton.click()
    nodes = [scene.GetNthNodeByClass(n, "vtkMRMLSegmentationNode") for n in range(2)]
    assert [node.GetName() for node in nodes] == ["Optimization structures", "Isodose lines"]
    segments = [nodes[0].GetSegmentation().GetNthSegment(n) for n in range(3)]
    assert [segment.GetName() for segment in segments] == [row[0] for row in shells[:3]]
    assert len({segment.GetColor() for segment in segments}) == 3

    ui.exportPathLineEdit.currentPath = str(tmp_path / "planning")
    ui.exportButton.click()
    gui.wait_until(lambda: not widget.whyBusy())
    assert gui.messages == [] and {path.name for path in (tmp_path / "planning").iterdir()} == EXPORTED
    verdicts = rows(ui.verdictTable)
    assert [row[:3] for row in verdicts] == [
        ["optimization_structures.dcm", "RTSTRUCT", "none"],
        ["remaining_dose.dcm", "RTDOSE", "none"],
    ]
    assert {row[3].split(":")[0] for row in verdicts} == {"acceptable"}
    assert "6 files" in ui.exportLabel.text and "--against" in ui.reimportLabel.text
    pictures(gui, widget)

    run_case(read_case(DEMO / "case.json"), tmp_path / "run", Services(), Monitor())
    for name in EXPORTED:
        assert (tmp_path / "planning" / name).read_bytes() == (tmp_path / "run" / name).read_bytes(), name

    ui.exportButton.click()  # the folder is not empty now
    gui.wait_until(lambda: not widget.whyBusy())
    assert len(gui.messages) == 1 and "the folder is not empty" in gui.messages[0]
    assert rows(ui.verdictTable) == []


# Organs


def test_an_organ_is_added_by_a_published_limit_changed_and_removed(gui: Gui, small_case: Path) -> None:
    widget = opened(gui, small_case)
    ui, session = widget.ui, widget.logic.session
    choose(ui.organComboBox, "colon")
    assert ui.setOrganButton.text == "&Add" and not ui.removeOrganButton.enabled
    offered = [ui.limitComboBox.itemText(n) for n in range(ui.limitComboBox.count)]
    assert offered[0] == "own limit" and all("spinal" not in text and "cord" not in text for text in offered)
    choose_starting(ui.limitComboBox, "slevin.colon")
    assert ui.limitSpinBox.value == 80.0 and not ui.alphaBetaSpinBox.enabled
    assert "belongs to the published limit" in ui.alphaBetaSpinBox.toolTip
    ui.setOrganButton.click()
    assert gui.messages == [] and session.case.optimization[1].row == "slevin.colon"
    assert session.case.optimization[1].limit_eqd2_gy == 80.0 and [row[0] for row in rows(ui.organsTable)][1] == "colon"
    assert not session.document.is_saved and entries(small_case)["optimization"][0]["structure"] == "spinal_cord"

    ui.numberSpinBox.setValue(5)
    ui.marginSpinBox.setValue(20.0)
    ui.smoothingSpinBox.setValue(2.0)
    choose(ui.overlapComboBox, "crop")
    ui.cropSpinBox.setValue(3.0)
    assert ui.setOrganButton.text == "Ch&ange"
    ui.setOrganButton.click()
    request = session.case.optimization[1]
    assert (request.number, request.margin_mm, request.smoothing_mm) == (5, 20.0, 2.0)
    assert (request.overlap.value, request.crop_margin_mm) == ("crop", 3.0)
    assert not ui.setOrganButton.enabled and "Nothing is changed" in ui.setOrganButton.toolTip

    ui.removeOrganButton.click()
    assert [one.structure for one in session.case.optimization] == ["spinal_cord"] and gui.messages == []


def test_a_published_limit_is_changed_only_for_a_reason(gui: Gui, small_case: Path) -> None:
    widget = opened(gui, small_case)
    ui, session = widget.ui, widget.logic.session
    choose(ui.organComboBox, "colon")
    choose_starting(ui.limitComboBox, "slevin.colon")
    assert not ui.limitReasonLineEdit.enabled
    ui.limitSpinBox.setValue(75.0)
    assert ui.limitReasonLineEdit.enabled
    ui.setOrganButton.click()
    assert len(gui.messages) == 1 and "without a reason" in gui.messages[0]
    assert len(session.case.optimization) == 1 and ui.limitSpinBox.value == 75.0
    ui.limitReasonLineEdit.text = "operated on before"
    ui.setOrganButton.click()
    assert len(gui.messages) == 1 and session.case.optimization[1].override.reason == "operated on before"
    assert session.case.optimization[1].limit_eqd2_gy == 75.0


@pytest.mark.parametrize(
    ("enter", "told"),
    [
        (lambda ui: setattr(ui.sourceLineEdit, "text", ""), "source"),
        (lambda ui: setattr(ui.levelsLineEdit, "text", "20; 30"), "falling isodoses"),
        (lambda ui: setattr(ui.levelsLineEdit, "text", "20, 10"), "semicolons"),
        (lambda ui: setattr(ui.metricLineEdit, "text", "Dmean[Gy]"), "at most 2 cc"),
        (lambda ui: setattr(ui.metricLineEdit, "text", "hottest"), "hottest"),
        (lambda ui: choose(ui.basisComboBox, "recovered"), "recovered sum"),
    ],
)
def test_what_no_case_may_hold_is_told_and_changes_nothing(gui: Gui, small_case: Path, enter: Any, told: str) -> None:
    widget = opened(gui, small_case)
    before = widget.logic.session.document.text
    enter(widget.ui)
    widget.ui.setOrganButton.click()
    assert len(gui.messages) == 1 and told in gui.messages[0]
    assert widget.logic.session.document.text == before


def test_isodoses_stand_in_place_of_a_number(gui: Gui, small_case: Path) -> None:
    widget = opened(gui, small_case)
    widget.ui.levelsLineEdit.text = "30; 20; 7.5"
    assert not widget.ui.numberSpinBox.enabled and "isodoses" in widget.ui.numberSpinBox.toolTip
    widget.ui.setOrganButton.click()
    assert widget.logic.session.case.optimization[0].levels_eqd2_gy == (30.0, 20.0, 7.5) and gui.messages == []
    widget.ui.saveCaseButton.click()
    assert entries(small_case)["optimization"][0]["levels_eqd2_gy"] == [30.0, 20.0, 7.5]


def test_a_change_takes_the_numbers_back_until_they_are_computed_again(
    gui: Gui, known_results: CaseResults, tmp_path: Path
) -> None:
    widget = generated(gui, DEMO / "case.json")
    ui = widget.ui
    assert rows(ui.organsTable)[0][2] == "37.57"
    ui.fractionsSpinBox.setValue(10)
    ui.prescribeButton.click()
    assert widget.logic.session.case.new_course.fractions == 10 and rows(ui.organsTable)[0][2] == "–"
    assert rows(ui.shellsTable) == [] and "changed since it was computed" in ui.exportButton.toolTip
    ui.fractionsSpinBox.setValue(5)
    ui.prescribeButton.click()
    assert rows(ui.organsTable)[0][2] == "37.57" and len(rows(ui.shellsTable)) == 4


# What is left


def test_the_numbers_of_another_fractionation_are_shown(gui: Gui, known_results: CaseResults) -> None:
    widget = generated(gui, DEMO / "case.json")
    ui = widget.ui
    (dose,) = [one for one in widget.currentEvaluation().planning.fractionation.doses if one.fractions == 20]
    picture = ui.fractionationFigureLabel.pixmap().toImage()
    ui.shownFractionsSpinBox.setValue(20)
    assert f"At most {dose.dose_gy:.2f} Gy uniform" in ui.shownFractionsLabel.text
    assert ui.fractionationFigureLabel.pixmap().toImage() != picture
    assert widget.logic.session.document.is_saved and rows(ui.shellsTable)


def test_the_type_is_decided_by_somebody_for_a_reason(gui: Gui, known_results: CaseResults) -> None:
    widget = generated(gui, DEMO / "case.json")
    ui, session = widget.ui, widget.logic.session
    assert not ui.decideTypeButton.enabled and "recorded already" in ui.decideTypeButton.toolTip
    ui.typeReasonLineEdit.text = " "
    assert "Enter the reason" in ui.decideTypeButton.toolTip
    choose(ui.typeComboBox, "type 2")
    ui.typeReasonLineEdit.text = "no overlap of high doses"
    ui.decideTypeButton.click()
    assert gui.messages == [] and session.case.screening.kind.value == "type 2"
    assert "type 2, by demo author" in ui.decidedLabel.text
    assert len(rows(ui.shellsTable)) == 4, "no number depends on it"
    ui.withdrawTypeButton.click()
    assert session.case.screening is None and "Nobody has decided" in ui.decidedLabel.text


# Points


def test_the_worksheet_is_saved_once_and_points_are_read_back(gui: Gui, known_results: CaseResults, tmp_path: Path) -> None:
    widget = generated(gui, DEMO / "case.json")
    ui, session, table = widget.ui, widget.logic.session, tmp_path / "worksheet.csv"
    assert "new file" in ui.saveWorksheetButton.toolTip
    ui.worksheetPathLineEdit.currentPath = str(table)
    ui.saveWorksheetButton.click()
    assert gui.messages == [] and table.read_text(encoding="utf-8-sig").startswith("row,worksheet,organ")
    ui.saveWorksheetButton.click()
    assert len(gui.messages) == 1 and "a file of that name is there" in gui.messages[0]

    ui.pointsPathLineEdit.currentPath = str(table)  # all of it was mapped: nothing in it is from a record
    ui.readPointsButton.click()
    assert "no point of the course" in gui.messages[1] and session.case.prior_courses[0].points == ()
    points = tmp_path / "points.csv"
    points.write_text("structure,dose_gy,fractions,date,source\nspinal_cord,31.5,10,,printout p. 3\n", encoding="utf-8")
    ui.pointsPathLineEdit.currentPath = str(points)
    ui.readPointsButton.click()
    (point,) = session.case.prior_courses[0].points
    assert (point.structure, point.dose_gy, point.fractions) == ("spinal_cord", 31.5, 10) and len(gui.messages) == 2
    assert "spinal_cord 31.5 Gy in 10" in ui.pointsLabel.text and rows(ui.worksheetTable) == []


def test_a_table_that_cannot_be_read_changes_nothing(gui: Gui, small_case: Path, tmp_path: Path) -> None:
    widget = opened(gui, small_case)
    before = widget.logic.session.document.text
    widget.ui.pointsPathLineEdit.currentPath = str(tmp_path / "absent.csv")
    widget.ui.readPointsButton.click()
    assert len(gui.messages) == 1 and "absent.csv" in gui.messages[0]
    assert widget.logic.session.document.text == before


# Structures


def test_cancel_in_the_middle_leaves_nothing(gui: Gui, small_case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = opened(gui, small_case)
    reached = pause_until_cancelled(widget, monkeypatch)
    widget.ui.generateButton.click()
    gui.wait_until(reached.is_set)
    assert not widget.ui.setOrganButton.enabled and "under way" in widget.ui.setOrganButton.toolTip
    widget.ui.cancelButton.click()
    gui.wait_until(lambda: not widget.whyBusy())
    assert widget.ui.stepLabel.text == "Cancelled; nothing was written." and gui.messages == []
    assert rows(widget.ui.shellsTable) == [] and widget.logic.results is None
    assert widget.ui.generateButton.enabled
    assert sorted(path.name for path in small_case.parent.parent.iterdir()) == ["case"]


def test_the_preview_is_shown_structure_by_structure_and_taken_away(gui: Gui, known_results: CaseResults) -> None:
    widget = generated(gui, DEMO / "case.json")
    ui, scene, qt = widget.ui, gui.slicer.mrmlScene, gui.qt
    mine = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Optimization structures")
    assert "Nothing is shown" in ui.jumpToShellButton.toolTip
    ui.showShellsButton.click()
    assert set(widget.logic.shownShells().values()) == {True} and "4 structures are in the scene" in ui.previewLabel.text
    ui.shellsTable.item(1, 0).setCheckState(qt.Qt.Unchecked)
    assert widget.logic.shownShells()["zspinal_S2_1930"] is False
    assert widget.logic.shownShells()["zspinal_S1_1154"] is True

    view = gui.slicer.vtkMRMLSliceNode()
    view.SetName("Red")
    view.SetLayoutName("Red")
    scene.AddNode(view)
    ui.shellsTable.selectRow(0)
    ui.jumpToShellButton.click()
    matrix = view.GetSliceToRAS()
    ras = [matrix.GetElement(row, 3) for row in range(3)]
    (shell,) = [one for one in known_results.optimization[0].shells if one.structure.name == "zspinal_S1_1154"]
    planes = [contour[0, 2] for contour in shell.structure.contours_mm]
    assert min(planes) - 2.0 <= ras[2] <= max(planes) + 2.0

    ui.showShellsButton.click()  # again: no second preview
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 3
    ui.hideShellsButton.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1 and scene.IsNodePresent(mine)
    assert gui.messages == []


def test_an_organ_whose_registration_must_not_be_relied_on_is_marked_everywhere(
    gui: Gui, known_results: CaseResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CaseResults, "unreliable", lambda results, structure: ("L2 30 Gy/10 fx 2019",))
    ui = generated(gui, DEMO / "case.json").ui
    assert rows(ui.organsTable)[0][-1] == "‡ graded limits"
    assert "must not be relied on" in ui.organsTable.item(0, 7).toolTip()
    assert rows(ui.feasibilityTable)[0][0].startswith("spinal_cord ‡")
    assert "Use the point worksheet" in ui.feasibilityNotesLabel.text
    assert [row[0] for row in rows(ui.shellsTable)][:2] == ["zspinal_S1_1154 ‡", "zspinal_S2_1930 ‡"]
    assert "must not be relied on" in ui.shellNotesLabel.text
    ui.showShellsButton.click()
    assert ui.shellsTable.item(0, 0).checkState() == gui.qt.Qt.Checked and gui.messages == []


def test_a_case_without_requests_has_no_structures_to_show(gui: Gui, small_case: Path) -> None:
    structures = entries(small_case)["structures"][:1]
    changed(small_case, optimization=[], isodose_lines=[], structures=structures, constraints=[])
    widget = generated(gui, small_case)
    ui = widget.ui
    ui.exportPathLineEdit.currentPath = str(small_case.parent / "planning")
    assert gui.messages == [] and rows(ui.organsTable) == []
    assert not ui.exportButton.enabled and "nothing to export" in ui.exportButton.toolTip
    assert not ui.showShellsButton.enabled and "no structures" in ui.showShellsButton.toolTip


# Export


def test_how_structures_are_named_and_holed_is_a_choice_of_the_case(
    gui: Gui, known_results: CaseResults, tmp_path: Path
) -> None:
    widget = generated(gui, DEMO / "case.json")
    ui, session = widget.ui, widget.logic.session
    choose(ui.systemComboBox, "Eclipse")
    choose_starting(ui.holesComboBox, "exclusive")
    ui.appendCheckBox.click()
    export = session.case.export
    assert (export.planning_system, export.holes.value, export.append) == ("Eclipse", "xor", True)
    assert len(rows(ui.shellsTable)) == 4, "the structures are the same"
    ui.exportPathLineEdit.currentPath = str(tmp_path / "planning")
    ui.exportButton.click()
    gui.wait_until(lambda: not widget.whyBusy())
    pydicom = pytest.importorskip("pydicom")
    written = pydicom.dcmread(tmp_path / "planning" / "optimization_structures.dcm")
    names = [item.ROIName for item in written.StructureSetROISequence]
    assert {"zspinal_S1_1154", "spinal_cord"} <= set(names) and gui.messages == []
    ui.appendCheckBox.click()
    assert "changed since they were written" in ui.exportLabel.text


def test_an_export_among_the_inputs_is_refused(gui: Gui, known_results: CaseResults) -> None:
    widget = generated(gui, DEMO / "case.json")
    widget.ui.exportPathLineEdit.currentPath = str(DEMO / "course2" / "CT" / "planning")
    widget.ui.exportButton.click()
    gui.wait_until(lambda: not widget.whyBusy())
    assert len(gui.messages) == 1 and "within the input folder" in gui.messages[0]
    assert not (DEMO / "course2" / "CT" / "planning").exists()


# The scene


def test_a_scene_that_is_saved_and_read_again_shows_the_case_and_its_numbers(
    gui: Gui, known_results: CaseResults, tmp_path: Path
) -> None:
    widget = generated(gui, DEMO / "case.json")
    ui, scene = widget.ui, gui.slicer.mrmlScene
    ui.stepsTabWidget.setCurrentIndex(3)
    ui.exportPathLineEdit.currentPath = str(tmp_path / "planning")
    saved = tmp_path / "scene.mrml"
    scene.SetURL(str(saved))
    assert scene.Commit()
    scene.Clear(0)
    assert ui.caseStateLabel.text == "No case is open." and rows(ui.shellsTable) == []
    assert widget.logic.results is None
    scene.SetURL(str(saved))
    assert scene.Import()
    widget.enter()
    assert ui.stepsTabWidget.currentIndex == 3 and ui.exportPathLineEdit.currentPath == str(tmp_path / "planning")
    assert [row[3] for row in rows(ui.shellsTable)[:3]] == ["11.54", "19.30", "25.13"]
    assert rows(ui.organsTable)[0][2] == "37.57"
    assert not ui.exportButton.enabled and ui.generateButton.enabled, "numbers are kept, contours are not"


# The other module


def test_the_case_of_the_other_module_is_gone_on_with(
    gui: Gui, known_results: CaseResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = gui.open("ReirradiationAccumulation")
    other.ui.casePathLineEdit.currentPath = str(DEMO / "case.json")
    other.ui.openCaseButton.click()
    monkeypatch.setattr(gui.slicer.modules, "ReirradiationAccumulationWidget", other, raising=False)
    widget = gui.open(MODULE)
    assert "demo_case/case.json, saved" in widget.ui.caseStateLabel.text and rows(widget.ui.shellsTable) == []
    other.logic.evaluate()
    widget.enter()
    assert len(rows(widget.ui.shellsTable)) == 4 and not widget.ui.generateButton.enabled
    monkeypatch.setattr(gui.slicer.modules, "ReirradiationOptStructuresWidget", widget, raising=False)
    widget.ui.numberSpinBox.setValue(4)
    widget.ui.setOrganButton.click()
    other.enter()
    assert other.logic.session.case.optimization[0].number == 4 and "NOT SAVED" in other.ui.caseStateLabel.text


# The console


def test_the_logic_does_from_the_console_what_the_window_does(
    gui: Gui, demo_results: CaseResults, small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ReirradiationOptStructures import ReirradiationOptStructuresLogic

    logic = ReirradiationOptStructuresLogic()
    assert logic.openCase(small_case).optimization[0].structure == "spinal_cord" and logic.results is None
    names = logic.exportStructures(demo_results, tmp_path / "structures.dcm")
    assert names == ["zspinal_S1_1154", "zspinal_S2_1930", "zspinal_S3_2513", "Iso_course1_15Gy"]
    titles: list[str] = []
    exported = logic.exportPlanning(demo_results, tmp_path / "planning", Monitor(lambda one: titles.append(one.detail)))
    assert exported.is_acceptable and set(exported.files) == EXPORTED and "remaining_dose.dcm" in titles
    assert len(logic.showShells(demo_results)) == 2 and len(logic.shownShells()) == 4


def test_the_test_within_slicer_passes_here_too(
    gui: Gui, demo_results: CaseResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ReirradiationOptStructures

    monkeypatch.setattr(ReirradiationOptStructures, "compute", lambda case, monitor, engines: demo_results)
    ReirradiationOptStructures.ReirradiationOptStructuresTest("test_demoCaseIsShownAndExportedOnce").debug()


def choose(box: Any, text: str) -> None:
    """Choose an entry of a combo box, as a click on it does."""
    texts = [box.itemText(n).removesuffix(" ✓") for n in range(box.count)]
    box.setCurrentIndex(texts.index(text))


def choose_starting(box: Any, text: str) -> None:
    box.setCurrentIndex(next(n for n in range(box.count) if box.itemText(n).startswith(text)))
