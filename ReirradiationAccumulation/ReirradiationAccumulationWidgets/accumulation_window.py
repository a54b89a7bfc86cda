"""The window of the accumulation: a tab for every step."""

from slicer.i18n import tr as _

from .biology_panel import BiologyPanel
from .case_window import CaseWindow
from .controls import NOT_SET
from .evaluate_panel import EvaluatePanel
from .records_panel import RecordsPanel
from .step_report_panel import StepReportPanel
from .transfer_panel import TransferPanel


class AccumulationWindow(CaseWindow):
    """From the records to the report."""

    uiFile = "UI/ReirradiationAccumulation.ui"
    panelClasses = (RecordsPanel, TransferPanel, BiologyPanel, EvaluatePanel, StepReportPanel)
    otherWindow = "ReirradiationOptStructuresWidget"

    @staticmethod
    def titles():
        return (_("&1 Records"), _("&2 Transfer"), _("&3 Biology"), _("&4 Evaluate"), _("&5 Report"))

    @staticmethod
    def howToGetCase():
        return _("Open a case, or make one in the step Records.")

    def forgetCase(self, parameterNode):
        """The next outputs must not replace those of the former case."""
        CaseWindow.forgetCase(self, parameterNode)
        parameterNode.outputFolder, parameterNode.replaceFormerOutput = NOT_SET, False
