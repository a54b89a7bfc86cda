"""What the parts of the step "Biology" have in common."""

from slicer.i18n import tr as _

from .step_panel import StepPanel


class BiologyPart(StepPanel):
    """A part of the panel that holds the structures and the selected one."""

    def __init__(self, panel):
        StepPanel.__init__(self, panel.window)
        self.panel = panel

    @property
    def selected(self):
        """The ReirradiationLib.model.structure_rows.StructureRow that is selected, or None."""
        return self.panel.selected

    def showSelected(self):
        """Show what belongs to the selected structure."""

    def whyNotUsed(self):
        """Why nothing of the selected structure can be changed now, or an empty text."""
        if self.panel.whyNot():
            return self.panel.whyNot()
        if self.selected is None:
            return _("Select a structure first.")
        return "" if self.selected.is_used else _("Tick the structure first: the case does not use it.")
