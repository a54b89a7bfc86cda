"""The whole demo case by clicks, from what SlicerRT has loaded to the report and the optimization structures.

Offscreen, with stand-ins for the application; not within Slicer. With REIRRADIATION_PICTURES set it stores a picture of
every step: those of the user guide (docs/windows.md).
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gui_harness import DEMO, Gui, gui, rows
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.evaluation import evaluation_json
from ReirradiationLib.workflow import compute, evaluation_of
from screens import screens
from slice_view_pictures import add_view_nodes
from slicerrt_nodes import SlicerRt, load_demo

pytest.importorskip("PySide6")
__all__ = ["gui"]  # fixture

RECORDS, TRANSFER, BIOLOGY, EVALUATE, REPORT = range(5)
SHELLS, EXPORT = 3, 4
WAITING = "needs a decision"
UNUSED = ("vertebrae_L1", "vertebrae_T12", "vertebrae_L2", "spleen", "BODY", "stomach", "duodenum", "liver")


@pytest.fixture
def loaded(gui: Gui, monkeypatch: pytest.MonkeyPatch) -> Gui:
    """The demo patient as SlicerRT would have loaded it, and views to look at it."""
    rt = SlicerRt(gui.slicer.mrmlScene)
    load_demo(rt, DEMO)
    database = SimpleNamespace(isOpen=True, fileForInstance=rt.file_of_instance)
    monkeypatch.setattr(gui.slicer, "dicomDatabase", database, raising=False)
    add_view_nodes(gui.slicer.mrmlScene)
    return gui


def go_to(window: Any, step: int) -> None:
    window.ui.stepsTabWidget.setCurrentIndex(step)


def wait(gui: Gui, window: Any) -> None:
    gui.wait_until(lambda: not window.whyBusy())


def choose(box: Any, text: str) -> None:
    index = next(n for n in range(box.count) if text in box.itemText(n))
    box.setCurrentIndex(index)


def row_of(table: Any, text: str, column: int = 0) -> int:
    return next(n for n, row in enumerate(rows(table)) if row[column].startswith(text))


def tick(gui: Gui, table: Any, row: int, is_on: bool) -> None:
    table.item(row, 0).setCheckState(gui.qt.Qt.Checked if is_on else gui.qt.Qt.Unchecked)


def adopt(gui: Gui, window: Any, case_file: Path) -> None:
    ui = window.ui
    ui.newCasePathLineEdit.currentPath = str(case_file)
    assert ui.adoptButton.enabled, ui.adoptButton.toolTip
    screens(gui, window, "1-adopt")
    ui.adoptButton.click()
    wait(gui, window)
    assert gui.messages == []
    assert case_file.is_file() and window.logic.session.document.is_saved


def choose_structures(gui: Gui, window: Any) -> None:
    """Leave out what the case does not need; the target is the tumour."""
    go_to(window, BIOLOGY)
    table = window.ui.structuresTable
    for name in UNUSED:
        tick(gui, table, row_of(table, name, 1), False)
    table.selectRow(row_of(table, "PTV2_L1", 1))
    choose(window.ui.tissueComboBox, "tumour")
    assert gui.messages == []


def read_and_decide(gui: Gui, window: Any) -> None:
    go_to(window, RECORDS)
    ui = window.ui
    ui.readRecordsButton.click()
    wait(gui, window)
    assert gui.messages == []
    waiting = row_of(ui.findingsTable, WAITING)
    ui.findingsTable.selectRow(waiting)
    assert not ui.acceptButton.enabled and "who decides" in ui.acceptButton.toolTip
    ui.decidedByLineEdit.text = "A. Physicist"
    assert not ui.acceptButton.enabled and "reason" in ui.acceptButton.toolTip
    ui.decisionReasonLineEdit.text = "the grid ends beside the patient's arm; no organ of the case is near"
    ui.acceptButton.click()
    screens(gui, window, "1-records", ui.coursesCollapsibleButton)
    assert WAITING not in [row[0] for row in rows(ui.findingsTable)]


def register_and_sign(gui: Gui, window: Any) -> None:
    go_to(window, TRANSFER)
    ui = window.ui
    choose(ui.registrationMethodComboBox, "DICOM")
    assert not ui.registerButton.enabled
    ui.registrationPathLineEdit.currentPath = str(DEMO / "course2" / "RS.dcm")  # no registration
    ui.registerButton.click()
    wait(gui, window)
    assert len(gui.messages) == 1 and "RS.dcm" in gui.messages.pop()
    ui.registrationPathLineEdit.currentPath = str(DEMO / "course2" / "REG_deform.dcm")
    ui.registerButton.click()
    gui.wait_until(lambda: ui.stepLabel.text.startswith("Evaluate"))
    ui.cancelButton.click()
    wait(gui, window)
    assert "Cancelled" in ui.stepLabel.text and window.logic.session.transfer is None
    ui.registerButton.click()
    wait(gui, window)
    assert gui.messages == [] and rows(ui.qualityTable)
    for style, button in (("overlay", ui.overlayButton), ("grid", ui.gridButton), ("checkerboard", ui.checkerboardButton)):
        button.click()
        wait(gui, window)
        screens(gui, window, f"2-transfer-{style}", ui.qualityCollapsibleButton)
    ui.viewsOffButton.click()
    assert not ui.signRegistrationButton.enabled
    ui.registrationSignerLineEdit.text = "A. Physicist"
    ui.registrationCommentLineEdit.text = "cord, bowel and target in three planes"
    ui.signRegistrationButton.click()
    assert gui.messages == []
    screens(gui, window, "2-transfer", ui.registrationCollapsibleButton)


def choose_limits(gui: Gui, window: Any) -> None:
    go_to(window, BIOLOGY)
    ui = window.ui
    ui.structuresTable.selectRow(row_of(ui.structuresTable, "spinal_cord", 1))
    table = ui.limitsTable
    tick(gui, table, next(n for n, row in enumerate(rows(table)) if "Nieder" in " ".join(row)), True)
    assert gui.messages == []
    screens(gui, window, "3-biology")
    assert [one.row for one in window.logic.session.case.constraints] == ["nieder.cord"]


def reopened(gui: Gui, window: Any, tmp_path: Path) -> Any:
    """The window on the same scene, saved, closed and read again."""
    scene = gui.slicer.mrmlScene
    before = window.logic.session.document
    assert scene.WriteToMRB(str(tmp_path / "middle.mrb"))
    remote_io = gui.slicer.vtkMRMLRemoteIOLogic()  # bundles are read through its cache, which the application brings
    remote_io.SetMRMLScene(scene)
    remote_io.AddDataIOToScene()
    remote_io.GetCacheManager().SetRemoteCacheDirectory(str(tmp_path))
    scene.Clear(False)
    assert window.logic.session.document is None and not window.ui.evaluateButton.enabled
    assert scene.ReadFromMRB(str(tmp_path / "middle.mrb"))
    window.enter()
    assert window.logic.session.document == before
    assert window.ui.stepsTabWidget.currentIndex == BIOLOGY
    assert {one.identifier for one in window.parameterNode.courses} == {"new", "course1"}
    assert all(one.dose is not None and one.ct is not None for one in window.parameterNode.courses)
    add_view_nodes(scene)
    return window


def evaluate(gui: Gui, window: Any) -> None:
    go_to(window, EVALUATE)
    ui = window.ui
    ui.evaluateButton.click()
    wait(gui, window)
    assert gui.messages == []
    table = ui.scorecardTable
    row = row_of(table, "spinal_cord")
    before = [node.GetSliceToRAS().GetElement(2, 3) for node in slice_nodes(gui)]
    table.selectRow(row)
    table.cellClicked.emit(row, 0)
    wait(gui, window)
    assert [node.GetSliceToRAS().GetElement(2, 3) for node in slice_nodes(gui)] != before
    ui.isodosesCheckBox.setChecked(True)
    wait(gui, window)
    assert gui.messages == []
    screens(gui, window, "4-evaluate")
    screens(gui, window, "4-evaluate-structure", ui.structureCollapsibleButton)


def slice_nodes(gui: Gui) -> list[Any]:
    scene = gui.slicer.mrmlScene
    number = scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")
    return [scene.GetNthNodeByClass(n, "vtkMRMLSliceNode") for n in range(number)]


def write(gui: Gui, window: Any, output: Path) -> None:
    go_to(window, REPORT)
    ui = window.ui
    ui.outputPathLineEdit.currentPath = str(output)
    assert not ui.writeButton.enabled and "Save" in ui.writeButton.toolTip
    ui.discussionTextEdit.plainText = "The plan exceeds the cord's limit: to be planned again with the structures."
    ui.takeTextsButton.click()
    ui.saveCaseButton.click()
    assert ui.writeButton.enabled, ui.writeButton.toolTip
    ui.writeButton.click()
    gui.wait_until(lambda: ui.stepLabel.text.startswith("Write"))
    ui.cancelButton.click()
    wait(gui, window)
    assert not output.exists() and gui.messages == []
    ui.writeButton.click()
    wait(gui, window)
    assert gui.messages == []
    screens(gui, window, "5-report", ui.outputCollapsibleButton)


def plan(gui: Gui, window: Any, case_file: Path, folder: Path) -> None:
    """Module 2: an organ, its structures, what is left, the export."""
    ui = window.ui
    ui.casePathLineEdit.currentPath = str(case_file)
    ui.openCaseButton.click()
    choose(ui.organComboBox, "spinal_cord")
    choose(ui.limitComboBox, "own limit")
    ui.limitSpinBox.value = 50.0
    choose(ui.basisComboBox, "raw")
    ui.alphaBetaSpinBox.value = 2.0
    ui.sourceLineEdit.text = ""
    if ui.setOrganButton.enabled:
        ui.setOrganButton.click()
        assert len(gui.messages) == 1 and "source" in gui.messages.pop()
    ui.sourceLineEdit.text = "agreed with the physician; confirm locally"
    ui.numberSpinBox.value = 3
    ui.metricLineEdit.text = "D0.01cc[Gy]"
    choose(ui.targetComboBox, "PTV2_L1")
    assert ui.setOrganButton.enabled, ui.setOrganButton.toolTip
    ui.setOrganButton.click()
    assert gui.messages == []
    ui.stepsTabWidget.setCurrentIndex(SHELLS)
    ui.generateButton.click()
    wait(gui, window)
    assert gui.messages == []
    names = [row[0] for row in rows(ui.shellsTable)]
    assert names == ["zspinal_S1_1154", "zspinal_S2_1930", "zspinal_S3_2513"]
    ui.showShellsButton.click()
    ui.shellsTable.selectRow(0)
    ui.jumpToShellButton.click()
    screens(gui, window, "6-structures")
    for step, name in enumerate(("6-organs", "6-left", "6-points")):
        ui.stepsTabWidget.setCurrentIndex(step)
        screens(gui, window, name)
    ui.stepsTabWidget.setCurrentIndex(EXPORT)
    ui.exportPathLineEdit.currentPath = str(folder)
    ui.exportButton.click()
    wait(gui, window)
    assert gui.messages == []
    assert {"optimization_structures.dcm", "constraint_sheet.csv", "remaining_dose.dcm"} <= {
        one.name for one in folder.iterdir()
    }
    verdicts = [" ".join(row) for row in rows(ui.verdictTable) if row[0].endswith(".dcm")]
    assert len(verdicts) == 2 and all("acceptable" in verdict and "not acceptable" not in verdict for verdict in verdicts)
    screens(gui, window, "6-export")


def test_the_demo_case_by_clicks(loaded: Gui, tmp_path: Path) -> None:
    gui, case_file, output = loaded, tmp_path / "case" / "case.json", tmp_path / "output"
    users = users_nodes(gui)
    window = gui.open("ReirradiationAccumulation")
    window.ui.newCasePathLineEdit.currentPath = str(case_file)
    window.ui.adoptButton.click()  # its folder is not there
    wait(gui, window)
    assert len(gui.messages) == 1 and str(case_file.parent) in gui.messages.pop()
    case_file.parent.mkdir()
    adopt(gui, window, case_file)
    choose_structures(gui, window)
    read_and_decide(gui, window)
    register_and_sign(gui, window)
    choose_limits(gui, window)
    now = users_nodes(gui)
    assert {name: state for name, state in now.items() if name in users} == users
    window = reopened(gui, window, tmp_path)
    evaluate(gui, window)
    write(gui, window, output)
    assert (output / "evaluation.json").read_bytes() == of_the_file(case_file)
    plan(gui, gui.open("ReirradiationOptStructures"), case_file, tmp_path / "planning")


def users_nodes(gui: Gui) -> dict[str, Any]:
    """What was loaded: names, places, attributes and content; how views show it is no part of it."""
    scene, found = gui.slicer.mrmlScene, {}
    for kind in ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTransformNode"):
        for n in range(scene.GetNumberOfNodesByClass(kind)):
            node = scene.GetNthNodeByClass(n, kind)
            attributes = [(name, node.GetAttribute(name)) for name in sorted(node.GetAttributeNames())]
            content = node.GetSegmentation() if kind == "vtkMRMLSegmentationNode" else None
            content = node.GetImageData() if kind == "vtkMRMLScalarVolumeNode" else content
            changed = content.GetMTime() if content is not None else 0
            found[node.GetID()] = (node.GetName(), node.GetTransformNodeID(), attributes, changed)
    return found


def of_the_file(case_file: Path) -> bytes:
    """What the command line writes of the case, without its pictures; test_gui_accumulation compares all of its files."""
    case = read_case(case_file)
    return evaluation_json(evaluation_of(compute(case, Monitor()), case)).encode("utf-8")
