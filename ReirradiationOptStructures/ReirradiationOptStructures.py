"""Module "Reirradiation Optimization Structures": what is left for each organ, and structures that a planning system
optimizes to.

Thin on purpose: every number and every contour comes from ``ReirradiationLib``, and the window from
``ReirradiationOptStructuresWidgets``. What the window does is tested offscreen,
with stand-ins for Qt and for the application (``Testing/Python/test_gui_opt_structures.py``); within Slicer itself,
``ReirradiationOptStructuresTest`` runs the demo case.
"""

import pathlib
import sys
import tempfile

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import *

try:
    import ReirradiationLib  # noqa: F401
except ModuleNotFoundError:  # only this module's folder was added to the additional module paths
    sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "ReirradiationAccumulation"))

from ReirradiationAccumulationWidgets.case_logic import CaseLogic
from ReirradiationAccumulationWidgets.services import allEngines, runMonitor
from ReirradiationLib.export_planning import current_results, export_planning
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.planning.worksheet_table import worksheet_csv
from ReirradiationLib.report.evaluation import INTENDED_USE
from ReirradiationLib.session_steps import EVALUATE
from ReirradiationLib.shell_preview import ShellPreview
from ReirradiationLib.workflow import compute
from ReirradiationLib.write_dicom import write_structure_set
from ReirradiationLib.write_planning import write_worksheet_file
from ReirradiationOptStructuresWidgets.opt_parameters import ReirradiationOptStructuresParameterNode
from ReirradiationOptStructuresWidgets.opt_window import OptStructuresWindow

from ReirradiationAccumulation import findDemoCase


class ReirradiationOptStructures(ScriptedLoadableModule):
    """What the module selector and the help show."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Reirradiation Optimization Structures")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Radiotherapy")]
        self.parent.dependencies = ["ReirradiationAccumulation"]
        self.parent.contributors = ["The SlicerReirradiation contributors"]
        guide = "https://github.com/SlicerReirradiation/SlicerReirradiation/blob/main/docs/windows.md"
        self.parent.helpText = _("""
Shows what may still be given to each organ near the new target, cuts organs along isodoses of the prior dose into
optimization structures, each with the physical dose that the new plan may still give there, and exports them as a DICOM
RTSTRUCT for any planning system.
<p>{intendedUse}</p>
See the <a href="{url}">guide with pictures</a>.
""").format(intendedUse=INTENDED_USE, url=guide)
        self.parent.acknowledgementText = _("""
The method of the optimization structures: Vickress J et al., A reirradiation workflow for managing patients with
treatments planned in a multi-TPS environment (PMC12830171).
""")


class ReirradiationOptStructuresWidget(OptStructuresWindow):
    """The window; see OptStructuresWindow."""

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.setupWindow(ReirradiationOptStructuresLogic())


class ReirradiationOptStructuresLogic(CaseLogic):
    """For the window, and for the Python console::

        logic = ReirradiationOptStructuresLogic()
        results = logic.compute("case.json")
        logic.showShells(results)
        logic.exportPlanning(results, "for_the_planning_system")

    or on a case that is worked on: ``openCase``, ``editCase``, ``generate``, ``results``, ``saveCase``. ``monitor`` is a
    ReirradiationLib.monitor.Monitor. Every call raises ReirradiationError, naming what is wrong and the remedy; like on
    Cancelled, nothing is written then.
    """

    def __init__(self):
        CaseLogic.__init__(self)
        self._preview = ShellPreview(slicer.mrmlScene)
        self._shownOf = None  # the planning that the structures in the scene were cut by

    def getParameterNode(self):
        return ReirradiationOptStructuresParameterNode(super().getParameterNode())

    # What is computed

    def generate(self, monitor=None):
        """Compute the open case up to its optimization structures; returns ``results``."""
        EVALUATE.run(self.session, monitor or Monitor(), allEngines())
        return self.results

    @property
    def results(self):
        """ReirradiationLib.report.results.CaseResults of the open case as it stands, or None."""
        return current_results(self.session)

    def compute(self, caseFile, onProgress=None, isCancelled=None, engines=None):
        """Compute a case file up to its optimization structures; opens nothing, and may be called in a thread.

        :param engines: for registrations; None for all, which is for the main thread
        :returns: ReirradiationLib.report.results.CaseResults
        """
        case = read_case(pathlib.Path(caseFile))
        monitor = Monitor(onProgress or (lambda progress: None), isCancelled or (lambda: False))
        return compute(case, monitor, engines or allEngines())

    # What is written

    def exportStructures(self, results, path):
        """Write optimization structures and isodose lines as a new RTSTRUCT; returns their names.

        :raises OutputError: if the file exists or cannot be written
        """
        path = pathlib.Path(path)
        if path.exists():
            raise OutputError(str(path), "a file of that name is there", "Choose a new file.")
        return list(write_structure_set(path, results))

    def exportPlanning(self, results, folder, monitor=None):
        """Write all that the planning system needs into a new folder, and check it; may be called in a thread.

        :returns: ReirradiationLib.export_planning.PlanningExport: the files, and what the checks say of each DICOM object
        """
        return export_planning(results, pathlib.Path(folder), monitor or Monitor())

    def exportPlanningInBackground(self, results, folder, run):
        """The same within the thread of a BackgroundRun."""
        return self.exportPlanning(results, folder, runMonitor(run))

    def saveWorksheet(self, results, path):
        """Write the point worksheet as a new CSV table."""
        write_worksheet_file(pathlib.Path(path), worksheet_csv(results.planning.worksheets))

    # What is shown

    def showShells(self, results):
        """Put the optimization structures, in colours of their limits, and the isodose lines into the scene.

        They take the place of those shown before. The current CT comes with them if the scene does not have it.

        :returns: the segmentation nodes
        """
        self._shownOf = None
        shown = self._preview.show(results)
        self._shownOf = results.planning
        return shown

    def hideShells(self):
        """Take them out of the scene again."""
        self._preview.hide()

    def isShowingShells(self):
        """Whether the scene has any."""
        return self._preview.is_shown

    def isShowingShellsOf(self, results):
        """Whether those in the scene are of these very results, and not of an earlier state or of another case."""
        return results is not None and results.planning is self._shownOf and self.isShowingShells()

    def shownShells(self):
        """The structures in the scene by name, and whether each is visible."""
        return self._preview.shown()

    def showOnly(self, names):
        """Let only these structures be visible."""
        self._preview.show_only(names)

    def jumpToShell(self, results, name):
        """Let the slice views go through a structure; returns how many views show it."""
        return self._preview.jump_to(results, name)


class ReirradiationOptStructuresTest(ScriptedLoadableModuleTest):
    """Runs within Slicer: by ctest, or by "Reload and Test" from the source tree."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_demoCaseIsShownAndExportedOnce(self):
        demo = findDemoCase()
        if demo is None:
            self.skipTest("the demo case is in the source tree only (Testing/Data/demo_case)")
        logic = ReirradiationOptStructuresLogic()
        results = logic.compute(demo)
        self.assertEqual(len(results.optimization), 1)
        self.assertEqual(len(logic.showShells(results)), 2)
        self.assertEqual(len(logic.shownShells()), 4)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "structures.dcm"
            self.assertEqual(len(logic.exportStructures(results, path)), 4)
            self.assertRaises(OutputError, logic.exportStructures, results, path)
            exported = logic.exportPlanning(results, pathlib.Path(folder) / "planning")
            self.assertTrue(exported.is_acceptable)
            self.assertTrue((exported.folder / "constraint_sheet.csv").is_file())
            self.assertRaises(OutputError, logic.exportPlanning, results, exported.folder)
