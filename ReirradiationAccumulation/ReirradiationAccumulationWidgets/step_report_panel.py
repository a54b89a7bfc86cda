"""The step "Report and export"."""

from .step_panel import StepPanel


class StepReportPanel(StepPanel):
    """Not yet."""

    uiFile = "AccumulationReport.ui"
