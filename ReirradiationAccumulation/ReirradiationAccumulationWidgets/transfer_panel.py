"""The step "Transfer"."""

from .step_panel import StepPanel


class TransferPanel(StepPanel):
    """Not yet."""

    uiFile = "AccumulationTransfer.ui"
