"""The step "Records"."""

from .step_panel import StepPanel


class RecordsPanel(StepPanel):
    """Not yet."""

    uiFile = "AccumulationRecords.ui"
