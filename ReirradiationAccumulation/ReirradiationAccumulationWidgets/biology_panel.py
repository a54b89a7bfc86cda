"""The step "Biology"."""

from .step_panel import StepPanel


class BiologyPanel(StepPanel):
    """Not yet."""

    uiFile = "AccumulationBiology.ui"
