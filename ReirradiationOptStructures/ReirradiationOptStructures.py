"""Module "Reirradiation Optimization Structures": what is left for each organ, and structures that a planning system
optimizes to.

Thin on purpose: every number and every contour comes from ``ReirradiationLib``. What the window does is tested offscreen,
with stand-ins for Qt and for the application (``Testing/Python/test_gui_opt_structures.py``); within Slicer itself,
``ReirradiationOptStructuresTest`` runs the demo case.
"""

import pathlib
import sys
import tempfile

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import *

try:
    import ReirradiationLib  # noqa: F401
except ModuleNotFoundError:  # only this module's folder was added to the additional module paths
    sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "ReirradiationAccumulation"))

from ReirradiationAccumulationWidgets.case_widget import CaseWidget
from ReirradiationAccumulationWidgets.controls import NOT_SET, enableOrSayWhyNot
from ReirradiationAccumulationWidgets.tables import GREEN, ORANGE, RED, fillTable
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.errors import OutputError, ReirradiationError
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.planning.levels import LevelState
from ReirradiationLib.report.evaluation import INTENDED_USE
from ReirradiationLib.report.marks import MARK, unreliable_note
from ReirradiationLib.workflow import compute
from ReirradiationLib.write_dicom import write_structure_set

from ReirradiationAccumulation import allEngines, findDemoCase


class ReirradiationOptStructures(ScriptedLoadableModule):
    """What the module selector and the help show."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Reirradiation Optimization Structures")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Radiotherapy")]
        self.parent.dependencies = ["ReirradiationAccumulation"]
        self.parent.contributors = ["The SlicerReirradiation contributors"]
        self.parent.helpText = _("""
Cuts organs along isodoses of the prior dose into optimization structures, each with the dose that the new plan may still
give there, and exports them as a DICOM RTSTRUCT for any planning system.
<p>{intendedUse}</p>
See the <a href="{url}">documentation</a>.
""").format(intendedUse=INTENDED_USE, url="https://github.com/SlicerReirradiation/SlicerReirradiation")
        self.parent.acknowledgementText = _("""
The method of the optimization structures: Vickress J et al., A reirradiation workflow for managing patients with
treatments planned in a multi-TPS environment (PMC12830171).
""")


@parameterNodeWrapper
class ReirradiationOptStructuresParameterNode:
    """What the user chose; stored with the scene."""

    caseFile: pathlib.Path
    exportFile: pathlib.Path  # a new file


class ReirradiationOptStructuresWidget(CaseWidget):
    """The window: choose a case, compute, read what is left, export."""

    uiFile = "UI/ReirradiationOptStructures.ui"
    pathEdits = (("caseFile", "casePathLineEdit"), ("exportFile", "exportPathLineEdit"))
    reloaded = (*CaseWidget.reloaded, "ReirradiationAccumulation")

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.readyText = _("Map, add up and evaluate the courses of the case, and cut the optimization structures.")
        self._results = None
        self.setupCase(ReirradiationOptStructuresLogic())
        self.ui.exportButton.connect("clicked(bool)", self.onExportButton)
        self.initializeParameterNode()
        self.showResult(None)

    def updateButtons(self):
        CaseWidget.updateButtons(self)
        enableOrSayWhyNot(self.ui.exportButton, self.whyNotExport(), _("Write the structures to the new file."))

    def whyNotRun(self):
        noCase = self._parameterNode is None or self._parameterNode.caseFile == NOT_SET
        return _("Choose a case file first.") if noCase else ""

    def whyNotExport(self):
        if self._results is None:
            return _("Compute first.")
        if not self._results.exported_structures:
            return _("There is nothing to export: no organ of the case needs optimization structures.")
        noFile = self._parameterNode is None or self._parameterNode.exportFile == NOT_SET
        return _("Choose a new file first.") if noFile else ""

    def onStart(self):
        caseFile = self._parameterNode.caseFile
        self.ui.casePathLineEdit.addCurrentPathToHistory()
        self.showResult(None)
        return lambda run: self.logic.compute(
            caseFile, run.report_progress, run.cancelled.is_set, allEngines(run.on_main_thread)
        )

    def showResult(self, results):
        self._results = results
        organs = results.optimization if results else ()
        unreliable = {organ.request.structure: results.unreliable(organ.request.structure) for organ in organs}
        stateColours = dict.fromkeys(LevelState, ORANGE)
        stateColours |= {LevelState.NOT_NEEDED: GREEN, LevelState.TOLERANCE_USED: RED}
        colours = [RED if unreliable[organ.request.structure] else stateColours[organ.levels.state] for organ in organs]
        texts = [self.organTexts(organ, unreliable[organ.request.structure]) for organ in organs]
        fillTable(self.ui.organsTable, texts, numeric=range(2, 9), colours=colours)
        for row, organ in enumerate(organs):
            self.ui.organsTable.item(row, 5).setToolTip(organ.request.source)
        self.ui.exportLabel.text = ""
        self.ui.caseLabel.text = _("No result yet.")
        if results:
            course = results.case.new_course
            plan = _("{label}: {dose:g} Gy in {fractions} fractions; physical limits are for {fractions} fractions.")
            self.ui.caseLabel.text = plan.format(label=course.label, dose=course.prescription_gy, fractions=course.fractions)
            header = _("Limit\nphysical\n[Gy in {fractions} fx]").format(fractions=course.fractions)
            self.ui.shellsTable.horizontalHeaderItem(4).setText(header)
        shells = [(shell, unreliable[organ.request.structure]) for organ in organs for shell in organ.shells]
        fillTable(self.ui.shellsTable, [self.shellTexts(*shell) for shell in shells], numeric=range(1, 6))
        self.updateButtons()

    @staticmethod
    def organTexts(organ, unreliable):
        levels = organ.levels
        p, r, a, d = levels.prior_eqd2_gy, levels.new_eqd2_gy, levels.limit_eqd2_gy, levels.step_eqd2_gy
        doses = [f"{value:.2f}" for value in (p, r, a, p + r)]
        basis, alphaBeta = organ.request.basis.value, f"{levels.alpha_beta_gy:g}"
        state = f"{unreliable_note(unreliable)} ({levels.state.value})" if unreliable else levels.state.value
        return [organ.request.structure, basis, alphaBeta, *doses, str(organ.request.number), f"{d:.2f}", state]

    @staticmethod
    def shellTexts(shell, unreliable):
        level = shell.level
        upper = "–" if level.upper_eqd2_gy is None else f"{level.upper_eqd2_gy:.2f}"
        values = (level.limit_eqd2_gy, level.limit_physical_gy, shell.volume_cc)
        exported = _("yes") if shell.structure.contours_mm else _("no, empty")
        name = f"{shell.structure.name} {MARK}" if unreliable else shell.structure.name
        return [name, f"{level.lower_eqd2_gy:.2f}", upper, *(f"{value:.2f}" for value in values), exported]

    def onExportButton(self):
        path = self._parameterNode.exportFile
        with slicer.util.tryWithErrorDisplay(_("Unexpected failure; please report it with the application log.")):
            try:
                names = self.logic.exportStructures(self._results, path)
            except ReirradiationError as error:
                self.ui.exportLabel.text = _("Not exported.")
                slicer.util.errorDisplay(str(error))
            else:
                self.ui.exportLabel.text = _("{number} structures exported.").format(number=len(names))


class ReirradiationOptStructuresLogic(ScriptedLoadableModuleLogic):
    """For the window, and for the Python console::

    logic = ReirradiationOptStructuresLogic()
    logic.exportStructures(logic.compute("case.json"), "optimization_structures.dcm")
    """

    def getParameterNode(self):
        return ReirradiationOptStructuresParameterNode(super().getParameterNode())

    def compute(self, caseFile, onProgress=None, isCancelled=None, engines=None):
        """Compute a case up to its optimization structures; writes nothing, and may be called in a thread.

        :param engines: for registrations; None for all, which is for the main thread
        :returns: ReirradiationLib.report.results.CaseResults
        :raises ReirradiationError: naming what is wrong and the remedy
        :raises Cancelled: if the user asked to stop
        """
        case = read_case(pathlib.Path(caseFile))
        monitor = Monitor(onProgress or (lambda progress: None), isCancelled or (lambda: False))
        return compute(case, monitor, engines or allEngines())

    def exportStructures(self, results, path):
        """Write the optimization structures as a new RTSTRUCT; returns their names.

        :raises OutputError: if the file exists or cannot be written
        """
        path = pathlib.Path(path)
        if path.exists():
            raise OutputError(str(path), "a file of that name is there", "Choose a new file.")
        return list(write_structure_set(path, results))


class ReirradiationOptStructuresTest(ScriptedLoadableModuleTest):
    """Runs within Slicer: by ctest, or by "Reload and Test" from the source tree."""

    def test_demoCaseIsExportedOnce(self):
        demo = findDemoCase()
        if demo is None:
            self.skipTest("the demo case is in the source tree only (Testing/Data/demo_case)")
        logic = ReirradiationOptStructuresLogic()
        results = logic.compute(demo)
        self.assertEqual(len(results.optimization), 1)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "structures.dcm"
            self.assertEqual(len(logic.exportStructures(results, path)), 3)
            self.assertTrue(path.is_file())
            self.assertRaises(OutputError, logic.exportStructures, results, path)
