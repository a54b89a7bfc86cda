"""What the panels of all steps have in common."""

import slicer


class StepPanel:
    """One step of a window: a page of its own ``.ui`` file, and what its widgets do.

    A panel shows the session's case and results, and changes them only through its window: ``window.edit`` for the case,
    ``window.start`` for what is computed. It holds nothing of the case itself.
    """

    uiFile = ""

    def __init__(self, window):
        self.window = window
        self.ui = window.ui

    @property
    def session(self):
        """The ReirradiationLib.session.CaseSession of the window."""
        return self.window.logic.session

    @property
    def document(self):
        """The ReirradiationLib.case_document.CaseDocument that is open, or None."""
        return self.session.document

    def setup(self):
        """Connect the widgets; called once."""

    def show(self):
        """Fill the widgets from the session; called whenever that has changed, and before ``updateButtons``."""

    def updateButtons(self):
        """Enable what can be done now; what cannot says why (``controls.enableOrSayWhyNot``)."""

    @staticmethod
    def page(window, panelClass):
        """The widget of a panel, made of its ``.ui`` file."""
        return slicer.util.loadUI(window.resourcePath(f"UI/{panelClass.uiFile}"))
