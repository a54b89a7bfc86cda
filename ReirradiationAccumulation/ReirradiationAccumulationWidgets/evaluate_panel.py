"""The step "Evaluate"."""

from .step_panel import StepPanel


class EvaluatePanel(StepPanel):
    """Not yet."""

    uiFile = "AccumulationEvaluate.ui"
