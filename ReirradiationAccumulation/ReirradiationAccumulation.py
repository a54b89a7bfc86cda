"""Module "Reirradiation Accumulation": run a case, see its scorecard, open its report and scene.

Thin on purpose: every number and every decision comes from ``ReirradiationLib``. What the window does is tested offscreen,
with stand-ins for Qt and for the application (``Testing/Python/test_gui_accumulation.py``); within Slicer itself,
``ReirradiationAccumulationTest`` runs the demo case.
"""

import pathlib
import sys
import tempfile

import qt
import slicer
import vtk
from ReirradiationLib.background import BackgroundRun
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.errors import Cancelled, ReirradiationError
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.mrml.engines import MainThreadEngine, slicer_engines
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.mrml.scene_writer import MrbSceneWriter
from ReirradiationLib.planning.scorecard import ScoreState
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
from slicer.util import VTKObservationMixin

NOT_SET = pathlib.Path()  # what a path of the parameter node is until the user chooses one; shown as an empty line
GREEN, ORANGE, RED, GREY = (198, 232, 205), (255, 224, 178), (250, 200, 196), (222, 222, 222)


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


@parameterNodeWrapper
class ReirradiationAccumulationParameterNode:
    """What the user chose; stored with the scene."""

    caseFile: pathlib.Path
    outputFolder: pathlib.Path  # appears when everything is written
    replaceFormerOutput: bool = False


class RunControl:
    """The ui's runButton, cancelButton, progressBar and stepLabel, and the run behind them.

    ``whyNotRun()`` tells why the user cannot run now, or an empty text; ``onStart()`` forgets the last result and returns
    the work for :class:`BackgroundRun`; ``onResult(value)`` gets what the work returned.
    """

    SERVE_S = 0.04
    PAUSE_MS = 10  # for Qt to draw and to listen

    def __init__(self, ui, readyText, whyNotRun, onStart, onResult):
        self.ui = ui
        self._readyText, self._whyNotRun, self._onStart, self._onResult = readyText, whyNotRun, onStart, onResult
        self._run = None
        self._timer = qt.QTimer()
        self._timer.setInterval(self.PAUSE_MS)
        self._timer.connect("timeout()", self.onTimer)
        ui.runButton.connect("clicked(bool)", self.onRunButton)
        ui.cancelButton.connect("clicked(bool)", self.onCancelButton)

    def updateButtons(self):
        running = self._run is not None
        reason = _("A run is under way.") if running else self._whyNotRun()
        enableOrSayWhyNot(self.ui.runButton, reason, self._readyText)
        reason = "" if running and not self._run.cancelled.is_set() else _("Nothing is running.")
        enableOrSayWhyNot(self.ui.cancelButton, reason, _("Stop; nothing will be written."))

    def close(self):
        """Stop, and wait until the thread has tidied up: the window goes away."""
        self._timer.stop()
        while self._run is not None:
            self._run.cancelled.set()
            if self._run.serve(self.SERVE_S):
                self._run = None

    def onRunButton(self):
        with slicer.util.tryWithErrorDisplay(_("The run could not be started.")):
            self._run = BackgroundRun(self._onStart())
            self._timer.start()
            self._show(_("Starting …"))
            self.updateButtons()

    def onCancelButton(self):
        self._run.cancelled.set()
        self.ui.stepLabel.text = _("Cancelling …")
        self.updateButtons()

    def onTimer(self):
        finished, progress = self._run.serve(self.SERVE_S), self._run.progress
        if progress is not None and not self._run.cancelled.is_set():
            step = _("{title}: {detail}").format(title=progress.title, detail=progress.detail)
            self._show(step, progress.step - 1, progress.steps)
        if finished:
            self._timer.stop()
            run, self._run = self._run, None
            with slicer.util.tryWithErrorDisplay(_("Unexpected failure; please report it with the application log.")):
                self._conclude(run)

    def _conclude(self, run):
        self._show(_("Not finished; nothing was written."))
        self.updateButtons()
        try:
            result = run.outcome.result(timeout=0)
        except Cancelled:
            self._show(_("Cancelled; nothing was written."))
        except ReirradiationError as error:
            slicer.util.errorDisplay(str(error))
        else:
            self._show(_("Done."), 1, 1)
            self._onResult(result)

    def _show(self, text, value=0, maximum=1):
        self.ui.progressBar.setMaximum(maximum)
        self.ui.progressBar.setValue(value)
        self.ui.stepLabel.text = text


def enableOrSayWhyNot(button, whyNot, readyText):
    button.enabled = not whyNot
    button.toolTip = whyNot or readyText


def fillTable(table, rows, numeric, colours=()):
    """Fill a QTableWidget with texts: ``numeric`` columns flush right, first and last cell in the colour of the row."""
    table.setRowCount(len(rows))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            if column in numeric:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            if colours and column in (0, len(texts) - 1):  # black on a pale ground is legible in light and dark styles
                item.setBackground(qt.QBrush(qt.QColor(*colours[row])))
                item.setForeground(qt.QBrush(qt.QColor(0, 0, 0)))
            table.setItem(row, column, item)
    table.resizeColumnsToContents()
    last = table.columnCount - 1
    table.setColumnWidth(last, min(table.columnWidth(last), 100))  # at least: it stretches, and long texts wrap
    table.verticalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)


class CaseWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """What the windows of both modules share: a ui with paths and a run, and the parameter node that remembers them.

    A window names its ``uiFile``, its ``pathEdits`` (member of the parameter node, line edit of the ui), its ``logic``,
    the packages that "Reload" drops, and provides ``whyNotRun``, ``onStart``, ``showResult`` and ``updateButtons``.
    """

    uiFile = ""
    pathEdits = ()
    reloaded = ("ReirradiationLib",)
    readyText = ""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.runControl = None
        self._parameterNode = None

    def setupCase(self, logic):
        uiWidget = slicer.util.loadUI(self.resourcePath(self.uiFile))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui.intendedUseLabel.text = INTENDED_USE
        self.logic = logic
        self.runControl = RunControl(self.ui, self.readyText, self.whyNotRun, self.onStart, self.showResult)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        # By hand: the wrapper's own connection shows a path that is not set as "."
        for _member, name in self.pathEdits:
            getattr(self.ui, name).connect("currentPathChanged(QString)", self.onPathChanged)

    def cleanup(self):
        if self.runControl is not None:
            self.runControl.close()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self):
        self.initializeParameterNode()

    def onReload(self):
        """Reload the library too: drop it, so that importing this file again imports all of it anew, in order."""
        for name in [name for name in sys.modules if name.split(".")[0] in self.reloaded]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller, event):
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode):
        if self._parameterNode is not None:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        self._parameterNode = parameterNode
        if self._parameterNode is not None:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
            self.onParametersChanged()

    def onParametersChanged(self, caller=None, event=None):
        for member, name in self.pathEdits:
            lineEdit, path = getattr(self.ui, name), getattr(self._parameterNode, member)
            if pathlib.Path(lineEdit.currentPath) != path:
                lineEdit.currentPath = "" if path == NOT_SET else str(path)
        self.updateButtons()

    def onPathChanged(self, path=""):
        if self._parameterNode is not None:
            paths = {member: getattr(self.ui, name).currentPath for member, name in self.pathEdits}
            for member, text in paths.items():
                setattr(self._parameterNode, member, pathlib.Path(text))

    def updateButtons(self):
        self.runControl.updateButtons()


class ReirradiationAccumulationWidget(CaseWidget):
    """The window: choose a case and a folder, run, read the scorecard, open report and scene."""

    uiFile = "UI/ReirradiationAccumulation.ui"
    pathEdits = (("caseFile", "casePathLineEdit"), ("outputFolder", "outputPathLineEdit"))

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.readyText = _("Run the case.")
        self._outputFolder = None
        self.setupCase(ReirradiationAccumulationLogic())
        self.ui.openReportButton.connect("clicked(bool)", self.onOpenReportButton)
        self.ui.loadSceneButton.connect("clicked(bool)", self.onLoadSceneButton)
        self.initializeParameterNode()
        self.showResult(None)

    def whyNotRun(self):
        if self._parameterNode is None or self._parameterNode.caseFile == NOT_SET:
            return _("Choose a case file first.")
        return _("Choose an output folder first.") if self._parameterNode.outputFolder == NOT_SET else ""

    def onStart(self):
        caseFile, outputFolder = self._parameterNode.caseFile, self._parameterNode.outputFolder
        replace = self._parameterNode.replaceFormerOutput
        self.ui.casePathLineEdit.addCurrentPathToHistory()
        self.showResult(None)
        self._outputFolder = outputFolder
        return lambda run: self.logic.runInBackground(run, caseFile, outputFolder, replace)

    def showResult(self, evaluation):
        whyNot = "" if evaluation else _("Run a case first.")
        enableOrSayWhyNot(self.ui.openReportButton, whyNot, _("Open the report in the web browser."))
        enableOrSayWhyNot(self.ui.loadSceneButton, whyNot, _("Add CT, doses and structures to the current scene."))
        scores = evaluation.scorecard if evaluation else ()
        stateColours = {ScoreState.MET: GREEN, ScoreState.MET_WHERE_KNOWN: ORANGE, ScoreState.NOT_MET: RED}
        stateColours |= {ScoreState.EXCEEDED: RED, ScoreState.EXCEEDED_BY_PRIOR: RED, ScoreState.MAY_BE_EXCEEDED: RED}
        colours = [stateColours.get(ScoreState(score.state), GREY) for score in scores]
        texts = [self.scoreTexts(score) for score in scores]
        fillTable(self.ui.scorecardTable, texts, numeric=(2, 4, 5, 6), colours=colours)
        for row, score in enumerate(scores):
            self.ui.scorecardTable.item(row, 2).setToolTip(score.source)
        self.ui.caseLabel.text = _("No result yet.")
        if evaluation:
            self.ui.caseLabel.text = _("{title} – {stage}. Findings in the records: {findings}.").format(
                title=evaluation.case.title, stage=evaluation.case.stage, findings=len(evaluation.findings)
            )

    @staticmethod
    def scoreTexts(score):
        sign = {"at_most": "≤", "at_least": "≥"}[score.sense]
        state = f"{score.state}; {score.remark}" if score.remark else score.state
        prior, cumulative = ("–" if value is None else f"{value:.2f}" for value in (score.prior, score.cumulative))
        limit, alphaBeta = f"{sign} {score.limit:g}", f"{score.alpha_beta_gy:g}"
        return [score.structure, score.metric, limit, score.basis, alphaBeta, prior, cumulative, state]

    def onOpenReportButton(self):
        with slicer.util.tryWithErrorDisplay(_("The report could not be opened.")):
            report = self._outputFolder.resolve() / REPORT_FILE
            if not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(report))):
                raise RuntimeError(_("No program opens {path}.").format(path=report))

    def onLoadSceneButton(self):
        with slicer.util.tryWithErrorDisplay(_("The scene could not be loaded."), waitCursor=True):
            self.logic.loadScene(self._outputFolder)


class ReirradiationAccumulationLogic(ScriptedLoadableModuleLogic):
    """For the window, and for the Python console: ``ReirradiationAccumulationLogic().run("case.json", "output")``."""

    def getParameterNode(self):
        return ReirradiationAccumulationParameterNode(super().getParameterNode())

    def run(self, caseFile, outputFolder, replace=False, onProgress=None, isCancelled=None, services=None):
        """Run a case, write all outputs and return the Evaluation; for the main thread.

        :param outputFolder: appears when everything is written; ``replace`` allows to replace a former output there
        :param onProgress: called with each ReirradiationLib.monitor.Progress
        :param isCancelled: asked between pieces of work
        :param services: ReirradiationLib.workflow.Services; None to draw pictures and write the scene here and now
        :raises ReirradiationError: naming what is wrong and the remedy; like on Cancelled, nothing was written
        """
        case = read_case(pathlib.Path(caseFile))
        monitor = Monitor(onProgress or (lambda progress: None), isCancelled or (lambda: False))
        services = services or Services(OffscreenPictureMaker(), MrbSceneWriter(), allEngines(), slicerDoor())
        return run_case(case, pathlib.Path(outputFolder), services, monitor, replace)

    def register(self, caseFile, outputFolder, replace=False, onProgress=None, isCancelled=None):
        """Register and judge the prior courses and draw what must be looked at before anybody signs; see ``run``.

        :returns: ReirradiationLib.report.results.Transfer
        """
        case = read_case(pathlib.Path(caseFile))
        monitor = Monitor(onProgress or (lambda progress: None), isCancelled or (lambda: False))
        services = Services(OffscreenPictureMaker(), engines=allEngines())
        return run_transfer(case, pathlib.Path(outputFolder), services, monitor, replace)

    def runInBackground(self, run, caseFile, outputFolder, replace):
        """The same within the thread of a BackgroundRun: only OpenGL and MRML come back to the main thread."""
        services = Services(
            run.on_main_thread(OffscreenPictureMaker()),
            run.on_main_thread(MrbSceneWriter()),
            allEngines(run.on_main_thread),
            slicerDoor(),
        )
        return self.run(caseFile, outputFolder, replace, run.report_progress, run.cancelled.is_set, services)

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
