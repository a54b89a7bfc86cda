"""The window of the optimization structures: a tab for what is wanted, what is left, the points, the shells, the export."""

from ReirradiationAccumulationWidgets.case_window import CaseWindow
from ReirradiationAccumulationWidgets.controls import NOT_SET
from slicer.i18n import tr as _

from .export_panel import ExportPanel
from .feasibility_panel import FeasibilityPanel
from .organs_panel import OrgansPanel
from .shells_panel import ShellsPanel
from .worksheet_panel import WorksheetPanel


class OptStructuresWindow(CaseWindow):
    """What its panels need beside what every window on a case has."""

    uiFile = "UI/ReirradiationOptStructures.ui"
    panelClasses = (OrgansPanel, FeasibilityPanel, WorksheetPanel, ShellsPanel, ExportPanel)
    otherWindow = "ReirradiationAccumulationWidget"
    reloaded = (*CaseWindow.reloaded, "ReirradiationAccumulation", "ReirradiationOptStructuresWidgets")

    def currentEvaluation(self):
        """The evaluation of the case as it stands, or None."""
        evaluation, isCurrent = self.shownEvaluation()
        return evaluation if isCurrent and evaluation.planning is not None else None

    def whyNoResults(self):
        """Why nothing computed can be written or shown in the scene now, or an empty text."""
        if whyNot := self.whyNoCase():
            return whyNot
        return "" if self.logic.results is not None else self.howToGetResults()

    def howToGetResults(self):
        """What is to be done before there are numbers of the case as it stands."""
        evaluation, isCurrent = self.shownEvaluation()
        if self.logic.session.is_outdated or (evaluation is not None and not isCurrent):
            return _("The case was changed since it was computed: generate the structures again (tab 4).")
        return _("Not computed yet: generate the structures (tab 4).")

    @staticmethod
    def titles():
        return (_("&1 Organs"), _("&2 What is left"), _("&3 Points"), _("&4 Structures"), _("&5 Export"))

    @staticmethod
    def howToGetCase():
        return _("Open a case first; the module Reirradiation Accumulation makes one of records.")

    def forgetCase(self, parameterNode):
        """The next export is of another case."""
        CaseWindow.forgetCase(self, parameterNode)
        parameterNode.exportFolder = NOT_SET
