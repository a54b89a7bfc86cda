"""Module "Reirradiation Accumulation": from the records of earlier courses to the dose that every organ holds today.

Thin on purpose: every number and every decision comes from ``ReirradiationLib``, and the window from
``ReirradiationAccumulationWidgets``. What the window does is tested offscreen, with stand-ins for Qt and for the application
(``Testing/Python/test_gui_*.py``); within Slicer itself, ``ReirradiationAccumulationTest`` runs the demo case.
"""

import pathlib
import tempfile

import slicer
from ReirradiationAccumulationWidgets.accumulation_window import AccumulationWindow
from ReirradiationAccumulationWidgets.case_logic import CaseLogic
from ReirradiationAccumulationWidgets.parameters import ReirradiationAccumulationParameterNode, UpTo, courseNodes
from ReirradiationAccumulationWidgets.sample_data import CASE, registerSampleData, sourceTreeFolder
from ReirradiationAccumulationWidgets.services import (
    FileFinder,
    allEngines,
    fileOfInstance,
    hereAndNow,
    inBackground,
    runMonitor,
)
from ReirradiationLib.case_document import create_case
from ReirradiationLib.case_drafting import draft_of_folders
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.case_notes import Task
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.output_files import output_files
from ReirradiationLib.report.evaluation import INTENDED_USE
from ReirradiationLib.scene_door import SceneDoor
from ReirradiationLib.session_outputs import OutputRequest, output_work
from ReirradiationLib.session_steps import EVALUATE, EVALUATE_PRIOR, READ_RECORDS, REGISTER_COURSES
from ReirradiationLib.workflow import Services, run_case, run_transfer
from ReirradiationLib.write_outputs import SCENE_FILE
from ReirradiationLib.write_report import REPORT_FILE
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import *


class ReirradiationAccumulation(ScriptedLoadableModule):
    """What the module selector and the help show."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Reirradiation Accumulation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Radiotherapy")]
        self.parent.dependencies = []  # SlicerRT helps to look at DICOM RT data, but nothing here needs it
        self.parent.contributors = ["The SlicerReirradiation contributors"]
        guide = "https://github.com/SlicerReirradiation/SlicerReirradiation/blob/main/docs/windows.md"
        self.parent.helpText = _("""
Maps the dose of prior courses onto the current CT, adds all courses up as EQD2 with the α/β (and, if chosen, the recovery)
of each structure, judges the sum by limits with their sources, and writes a report, DICOM files and a scene.
<p>{intendedUse}</p>
See the <a href="{url}">guide with pictures</a>.
""").format(intendedUse=INTENDED_USE, url=guide)
        self.parent.acknowledgementText = _("""
The workflow: Vickress J et al., A reirradiation workflow for managing patients with treatments planned in a multi-TPS
environment (PMC12830171). Builds on 3D Slicer, VTK, SimpleITK and pydicom. The sources of α/β, limits and recovery stand in
each report.
""")
        slicer.app.connect("startupCompleted()", registerSampleData)


class ReirradiationAccumulationWidget(AccumulationWindow):
    """The window; see AccumulationWindow."""

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.setupWindow(ReirradiationAccumulationLogic())


class ReirradiationAccumulationLogic(CaseLogic):
    """The same calls for the window and for the Python console; see docs/console.md.

    A case is worked on step by step (``openCase`` or ``draftCase``, ``readRecords``, ``registerCourses``, ``evaluate``,
    ``writeOutputs``), or run as a whole (``run``). ``monitor`` is a ReirradiationLib.monitor.Monitor: told about progress,
    and asked whether to go on. Every call raises ReirradiationError, naming what is wrong and the remedy; like on Cancelled,
    nothing is written then.
    """

    def __init__(self):
        CaseLogic.__init__(self)
        self._door = SceneDoor(self.session, slicer.mrmlScene)

    def getParameterNode(self):
        return ReirradiationAccumulationParameterNode(super().getParameterNode())

    # The case

    def draftCase(self, folders, caseFile, newCourse=None, onProgress=None, isCancelled=None):
        """Write a draft of a case of the courses in folders of DICOM files, and open it.

        :param caseFile: a new file
        :param newCourse: number of the new course in the listing, from 1; None for the latest
        :param onProgress: called with each ReirradiationLib.monitor.Progress
        :param isCancelled: asked between files
        :returns: remarks, a line each: what must be decided, and how the draft came about
        """
        paths = [pathlib.Path(folder).resolve() for folder in folders]
        tell, isCancelled = onProgress or (lambda progress: None), isCancelled or (lambda: False)
        draft = draft_of_folders(paths, pathlib.Path(caseFile).resolve(), newCourse, tell, isCancelled)
        self.session.take(create_case(draft.case))
        return draft.remarks

    # The steps

    def readRecords(self, monitor=None):
        """Read every file of the case; returns ReirradiationLib.report.results.CaseRecords with its findings."""
        return READ_RECORDS.run(self.session, monitor or Monitor())

    def registerCourses(self, monitor=None):
        """Register the prior courses and judge that; returns ReirradiationLib.report.results.Transfer."""
        return REGISTER_COURSES.run(self.session, monitor or Monitor(), allEngines())

    def evaluate(self, withNewPlan=True, monitor=None):
        """Map, add up, score and plan ahead; returns ReirradiationLib.report.evaluation.Evaluation."""
        step = EVALUATE if withNewPlan else EVALUATE_PRIOR
        return step.run(self.session, monitor or Monitor(), allEngines()).evaluation

    def writeOutputs(self, outputFolder, replace=False, monitor=None, services=None):
        """Write all outputs of what was evaluated, the same as ``run`` writes; the case must be saved.

        :param outputFolder: appears when everything is written; ``replace`` allows to replace a former output there
        :returns: Evaluation
        """
        _case, evaluated = self.session.saved_and_evaluated()
        request = OutputRequest(pathlib.Path(outputFolder), evaluated.stage, replace)
        return output_work(self.session, request)(services or hereAndNow(), monitor or Monitor())

    def preparedOutputs(self, request):
        """The same for a BackgroundRun, of a ReirradiationLib.session_outputs.OutputRequest, and checked afterwards.

        :returns: work, which gives the Evaluation and the ReirradiationLib.output_files.OutputFile objects
        """
        case, write = self.session.case, output_work(self.session, request)

        def work(run):
            evaluation = write(inBackground(run), runMonitor(run))
            return evaluation, output_files(request.folder, case)

        return work

    @staticmethod
    def engines():
        """The registration engines of the library and of the application, whether they can be used here or not."""
        return allEngines()

    # The scene

    @property
    def door(self):
        """The ReirradiationLib.scene_door.SceneDoor: what can be done with the open scene, for the main thread."""
        return self._door

    def whyNotAdopt(self):
        """Why no case can be made of what the scene holds, or an empty text."""
        return self._door.why_not_adopt()

    def adoptScene(self, caseFile, newCourse=None):
        """Write a draft of a case of what SlicerRT has loaded, and open it; returns remarks, as ``draftCase``."""
        adoption = self._door.adoption(pathlib.Path(caseFile), newCourse)(self._door.node_reader(), fileOfInstance)
        self._keepAdoption(adoption)
        return adoption.draft.remarks

    def preparedAdoption(self, caseFile, newCourse=None):
        """The same for a BackgroundRun; the result is a ReirradiationLib.scene_adoption.Adoption."""
        reader, adopt = self._door.node_reader(), self._door.adoption(pathlib.Path(caseFile), newCourse)

        def work(run):
            finder = run.on_main_thread(FileFinder())
            return adopt(run.on_main_thread(reader), finder.find, run.cancelled.is_set)

        return work, self._keepAdoption

    def _keepAdoption(self, adoption):
        """Open the draft, and remember in the scene which nodes show which course."""
        self._door.keep_adoption(adoption)
        self.getParameterNode().courses = [courseNodes(slicer.mrmlScene, course) for course in adoption.courses]

    def showRegistration(self, courseIdentifier, style):
        """Show a prior CT on the current one in the slice views.

        :param style: ReirradiationLib.model.registration_picture.RegistrationPictureStyle
        """
        return self._door.show_registration(self._door.registration_view(courseIdentifier), style)

    def preparedRegistrationView(self, courseIdentifier, style):
        """The same for a BackgroundRun."""
        return (
            lambda run: self._door.registration_view(courseIdentifier),
            lambda view: self._door.show_registration(view, style),
        )

    def hideRegistration(self):
        """Show again what the slice views showed before."""
        return self._door.hide_registration()

    def showResults(self):
        """Put doses, structures, tables and charts into the scene, in the place of former ones of ours."""
        return self._door.show_results(self._door.content())

    def preparedResults(self):
        """The same for a BackgroundRun."""
        return lambda run: self._door.content(), self._door.show_results

    def preparedAnatomy(self):
        """For a BackgroundRun: the current CT and its structures, before anything was evaluated."""
        return lambda run: self._door.anatomy(), self._door.show_results

    def showDose(self, which, structure=None):
        """Show a dose over the CT; see SceneDoor.show_dose."""
        return self._door.show_dose(which, structure)

    def showIsodoses(self, which, structure):
        """Show isodose lines of a dose, or none; see SceneDoor.show_isodoses."""
        return self._door.show_isodoses(which, structure)

    def jumpToMaximum(self, structure):
        """Let all slices go through the largest sum in a structure."""
        return self._door.jump_to_maximum(structure)

    def jumpTo(self, pointMm):
        """Let all slices go through a point, LPS in mm."""
        return self._door.jump_to(pointMm)

    # As a whole

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
        """Run a case file, write all outputs and return the Evaluation; for the main thread.

        :param outputFolder: appears when everything is written; ``replace`` allows to replace a former output there
        :param onProgress: called with each ReirradiationLib.monitor.Progress
        :param isCancelled: asked between pieces of work
        :param services: ReirradiationLib.workflow.Services; None to draw pictures and write the scene here and now
        :param stage: ReirradiationLib.model.case_notes.Task, the last one to do
        :param anonymous: write the report only, without anything that tells who the patient is
        """
        case = read_case(pathlib.Path(caseFile))
        monitor = Monitor(onProgress or (lambda progress: None), isCancelled or (lambda: False))
        services = services or hereAndNow()
        return run_case(case, pathlib.Path(outputFolder), services, monitor, replace, stage, is_anonymous=anonymous)

    def register(self, caseFile, outputFolder, replace=False, onProgress=None, isCancelled=None):
        """Register and judge the prior courses and draw what must be looked at before anybody signs; see ``run``.

        :returns: ReirradiationLib.report.results.Transfer
        """
        case = read_case(pathlib.Path(caseFile))
        monitor = Monitor(onProgress or (lambda progress: None), isCancelled or (lambda: False))
        services = Services(OffscreenPictureMaker(), engines=allEngines())
        return run_transfer(case, pathlib.Path(outputFolder), services, monitor, replace)

    def loadScene(self, outputFolder):
        """Add the scene of a finished case to the current scene, which keeps its nodes and the place it is saved to."""
        formerUrl = slicer.mrmlScene.GetURL()
        try:
            slicer.util.loadScene(str(pathlib.Path(outputFolder) / SCENE_FILE), {"clear": False})
        finally:
            slicer.mrmlScene.SetURL(formerUrl)


def findDemoCase():
    """The demo case of the source tree, or None: it is not part of the installed extension."""
    folder = sourceTreeFolder()
    return folder / CASE if folder is not None else None


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
            self.assertEqual(len(logic.run(demo, output).scorecard), len(read_case(demo).constraints))
            self.assertTrue((output / REPORT_FILE).is_file())
            mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "mine")
            logic.loadScene(output)
            self.assertTrue(slicer.mrmlScene.IsNodePresent(mine))
            self.assertGreater(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode"), 2)

    def test_demoCaseStepByStepIsShownInTheScene(self):
        demo = findDemoCase()
        if demo is None:
            self.skipTest("the demo case is in the source tree only (Testing/Data/demo_case)")
        logic = ReirradiationAccumulationLogic()
        case = logic.openCase(demo)
        self.assertGreater(len(logic.readRecords().records.findings), 0)
        self.assertEqual(len(logic.registerCourses().registrations), 1)
        self.assertEqual(len(logic.evaluate().scorecard), len(case.constraints))
        mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Cumulative EQD2 [Gy EQD2]")
        logic.showResults()
        charts = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode")
        self.assertGreater(charts, len(case.structures) - 1)
        logic.showResults()  # in the place of the former ones
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode"), charts)
        self.assertTrue(slicer.mrmlScene.IsNodePresent(mine))
        logic.jumpToMaximum("spinal_cord")

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
