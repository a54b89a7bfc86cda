"""Module "Reirradiation Accumulation": run a case, see its scorecard, open its report and scene.

Thin on purpose: every number and every decision comes from ``ReirradiationLib``. What the window does is tested offscreen,
with stand-ins for Qt and for the application (``Testing/Python/test_gui_accumulation.py``); within Slicer itself,
``ReirradiationAccumulationTest`` runs the demo case.
"""

import enum
import pathlib
import tempfile

import slicer
from ReirradiationAccumulationWidgets.case_widget import CaseWidget
from ReirradiationAccumulationWidgets.controls import NOT_SET
from ReirradiationAccumulationWidgets.report_panel import ReportPanel
from ReirradiationAccumulationWidgets.result_panel import ResultPanel
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.case_notes import Task
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.mrml.engines import MainThreadEngine, slicer_engines
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.mrml.scene_writer import MrbSceneWriter
from ReirradiationLib.registration.elastix_parameters import parameter_texts
from ReirradiationLib.registration.engines import library_engines
from ReirradiationLib.report.evaluation import INTENDED_USE
from ReirradiationLib.workflow import Services, run_case, run_transfer
from ReirradiationLib.write_outputs import SCENE_FILE
from ReirradiationLib.write_report import REPORT_FILE
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import *


class ReirradiationAccumulation(ScriptedLoadableModule):
    """What the module selector and the help show."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Reirradiation Accumulation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Radiotherapy")]
        self.parent.dependencies = []  # SlicerRT helps to look at DICOM RT data, but nothing here needs it
        self.parent.contributors = ["The SlicerReirradiation contributors"]
        self.parent.helpText = _("""
Maps the dose of earlier courses onto the current CT, adds all courses up as EQD2 with the α/β and recovery of each
structure, and writes a scorecard, a report, DICOM doses, optimization structures and a scene.
<p>{intendedUse}</p>
See the <a href="{url}">documentation</a>.
""").format(intendedUse=INTENDED_USE, url="https://github.com/SlicerReirradiation/SlicerReirradiation")
        self.parent.acknowledgementText = _("Builds on 3D Slicer, VTK, SimpleITK and pydicom. Sources: see each report.")


class UpTo(enum.Enum):
    """Up to which task a case is run, as the window words it; scenes hold the names of the members."""

    RECORDS = Task.RECORDS
    TRANSFER = Task.TRANSFER
    SUM = Task.SUM

    def label(self):
        return {
            UpTo.RECORDS: _("records only"),
            UpTo.TRANSFER: _("dose transfer, without the new plan"),
            UpTo.SUM: _("dose sum, as far as the case goes"),
        }[self]


@parameterNodeWrapper
class ReirradiationAccumulationParameterNode:
    """What the user chose; stored with the scene."""

    caseFile: pathlib.Path
    outputFolder: pathlib.Path  # appears when everything is written
    replaceFormerOutput: bool = False
    stage: UpTo = UpTo.SUM
    anonymous: bool = False


class ReirradiationAccumulationWidget(CaseWidget):
    """The window: choose a case and a folder, run, read the result, say and sign what the report needs."""

    uiFile = "UI/ReirradiationAccumulation.ui"
    pathEdits = (("caseFile", "casePathLineEdit"), ("outputFolder", "outputPathLineEdit"))

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.readyText = _("Run the case.")
        self.reportPanel = None
        self._caseFile = self._outputFolder = NOT_SET
        self.setupCase(ReirradiationAccumulationLogic())
        self.resultPanel = ResultPanel(self.ui, self.logic.loadScene)
        self.reportPanel = ReportPanel(self.ui, self.runControl.whyBusy, self.updateButtons)
        self.initializeParameterNode()
        self.showResult(None)

    def enter(self):
        CaseWidget.enter(self)
        self.reportPanel.readAgain()

    def onParametersChanged(self, caller=None, event=None):
        CaseWidget.onParametersChanged(self)
        self.reportPanel.chooseCase(self._parameterNode.caseFile)
        self.updateButtons()

    def updateButtons(self):
        CaseWidget.updateButtons(self)
        if self.reportPanel is not None:  # while it is made
            self.reportPanel.updateButtons()

    def whyNotRun(self):
        if self._parameterNode is None or self._parameterNode.caseFile == NOT_SET:
            return _("Choose a case file first.")
        if self._parameterNode.outputFolder == NOT_SET:
            return _("Choose an output folder first.")
        unsaved = self.reportPanel is not None and self.reportPanel.changedTexts()
        return _("Save or discard the changed texts first: the report shows the texts of the case file.") if unsaved else ""

    def onStart(self):
        chosen = self._parameterNode
        caseFile, outputFolder, replace = chosen.caseFile, chosen.outputFolder, chosen.replaceFormerOutput
        stage, anonymous = chosen.stage.value, chosen.anonymous
        self.ui.casePathLineEdit.addCurrentPathToHistory()
        self.showResult(None)
        self._caseFile, self._outputFolder = caseFile, outputFolder
        return lambda run: self.logic.runInBackground(run, caseFile, outputFolder, replace, stage, anonymous)

    def showResult(self, evaluation):
        self.resultPanel.show(evaluation, self._outputFolder)
        self.reportPanel.showKeys(self._caseFile, evaluation)


class ReirradiationAccumulationLogic(ScriptedLoadableModuleLogic):
    """For the window, and for the Python console: ``ReirradiationAccumulationLogic().run("case.json", "output")``."""

    def getParameterNode(self):
        return ReirradiationAccumulationParameterNode(super().getParameterNode())

    def run(
        self,
        caseFile,
        outputFolder,
        replace=False,
        onProgress=None,
        isCancelled=None,
        services=None,
        stage=Task.SUM,
        anonymous=False,
    ):
        """Run a case, write all outputs and return the Evaluation; for the main thread.

        :param outputFolder: appears when everything is written; ``replace`` allows to replace a former output there
        :param onProgress: called with each ReirradiationLib.monitor.Progress
        :param isCancelled: asked between pieces of work
        :param services: ReirradiationLib.workflow.Services; None to draw pictures and write the scene here and now
        :param stage: ReirradiationLib.model.case_notes.Task, the last one to do
        :param anonymous: write the report only, without anything that tells who the patient is
        :raises ReirradiationError: naming what is wrong and the remedy; like on Cancelled, nothing was written
        """
        case = read_case(pathlib.Path(caseFile))
        monitor = Monitor(onProgress or (lambda progress: None), isCancelled or (lambda: False))
        services = services or Services(OffscreenPictureMaker(), MrbSceneWriter(), allEngines(), slicerDoor())
        return run_case(case, pathlib.Path(outputFolder), services, monitor, replace, stage, is_anonymous=anonymous)

    def register(self, caseFile, outputFolder, replace=False, onProgress=None, isCancelled=None):
        """Register and judge the prior courses and draw what must be looked at before anybody signs; see ``run``.

        :returns: ReirradiationLib.report.results.Transfer
        """
        case = read_case(pathlib.Path(caseFile))
        monitor = Monitor(onProgress or (lambda progress: None), isCancelled or (lambda: False))
        services = Services(OffscreenPictureMaker(), engines=allEngines())
        return run_transfer(case, pathlib.Path(outputFolder), services, monitor, replace)

    def runInBackground(self, run, caseFile, outputFolder, replace=False, stage=Task.SUM, anonymous=False):
        """The same within the thread of a BackgroundRun: only OpenGL and MRML come back to the main thread."""
        services = Services(
            run.on_main_thread(OffscreenPictureMaker()),
            run.on_main_thread(MrbSceneWriter()),
            allEngines(run.on_main_thread),
            slicerDoor(),
        )
        progress, isCancelled = run.report_progress, run.cancelled.is_set
        return self.run(caseFile, outputFolder, replace, progress, isCancelled, services, stage, anonymous)

    def loadScene(self, outputFolder):
        """Add the scene of a finished case to the current scene, which keeps its nodes and the place it is saved to."""
        formerUrl = slicer.mrmlScene.GetURL()
        try:
            slicer.util.loadScene(str(pathlib.Path(outputFolder) / SCENE_FILE), {"clear": False})
        finally:
            slicer.mrmlScene.SetURL(formerUrl)


def slicerDoor():
    """Who runs a case from here, for the record of the run."""
    return f"3D Slicer {slicer.app.applicationVersion}"


def allEngines(onMainThread=None):
    """The registration engines of the library and of the application, whether they can be used here or not.

    All modules must choose from the same ones, or they would register the same case differently.

    :param onMainThread: of the BackgroundRun whose thread the engines are for; None on the main thread
    """
    engines = slicer_engines(parameter_texts)
    if onMainThread is not None:
        engines = tuple(MainThreadEngine(engine, onMainThread) for engine in engines)
    return (*library_engines(), *engines)


def findDemoCase():
    """The demo case of the source tree, or None: it is not part of the installed extension."""
    candidates = [folder / "Testing/Data/demo_case/case.json" for folder in pathlib.Path(__file__).resolve().parents]
    return next((path for path in candidates if path.is_file()), None)


class ReirradiationAccumulationTest(ScriptedLoadableModuleTest):
    """Runs within Slicer: by ctest, or by "Reload and Test" from the source tree."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_demoCaseRunsAndItsSceneIsAdded(self):
        demo = findDemoCase()
        if demo is None:
            self.skipTest("the demo case is in the source tree only (Testing/Data/demo_case)")
        with tempfile.TemporaryDirectory() as folder:
            logic, output = ReirradiationAccumulationLogic(), pathlib.Path(folder) / "output"
            self.assertEqual(len(logic.run(demo, output).scorecard), 4)
            self.assertTrue((output / REPORT_FILE).is_file())
            mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "mine")
            logic.loadScene(output)
            self.assertTrue(slicer.mrmlScene.IsNodePresent(mine))
            self.assertGreater(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode"), 2)

    def test_recordsOfTheDemoCaseAreReportedWithoutDoses(self):
        demo = findDemoCase()
        if demo is None:
            self.skipTest("the demo case is in the source tree only (Testing/Data/demo_case)")
        with tempfile.TemporaryDirectory() as folder:
            logic, output = ReirradiationAccumulationLogic(), pathlib.Path(folder) / "output"
            self.assertEqual(logic.run(demo, output, stage=Task.RECORDS).scorecard, ())
            self.assertTrue((output / REPORT_FILE).is_file())
            self.assertFalse((output / SCENE_FILE).exists())

    def test_theChoiceOfTheStageIsStoredInTheScene(self):
        logic = ReirradiationAccumulationLogic()
        for stage in UpTo:
            logic.getParameterNode().stage = stage
            self.assertEqual(logic.getParameterNode().stage, stage)
