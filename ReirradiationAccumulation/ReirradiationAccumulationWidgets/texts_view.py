"""The free texts of a case."""

from dataclasses import replace

from ReirradiationLib.model.case_edits import with_texts
from ReirradiationLib.model.case_notes import NO_TEXTS, TEXT_TITLES
from slicer.i18n import tr as _

from .controls import asToolTip, enableOrSayWhyNot


class TextsView:
    """Shows the texts of the case, and takes typed ones over into it when the button is pressed, not before.

    What is typed and not taken over stays with its case: it is kept aside while another case is open.
    ``onTyped()`` must call ``updateButtons``.
    """

    def __init__(self, ui, window, onTyped):
        self.ui = ui
        self.window = window
        self._onTyped = onTyped
        self._document = None
        self._shown = NO_TEXTS  # as the case has them
        self._aside = {}  # typed texts by path of the case
        self._isFilling = False
        self._edits = {
            "planning_approach": ui.planningApproachTextEdit,
            "discussion": ui.discussionTextEdit,
            "delivery": ui.deliveryTextEdit,
        }
        self._tips = {name: edit.toolTip for name, edit in self._edits.items()}
        for edit in self._edits.values():
            edit.connect("textChanged()", self.onTextChanged)
        ui.takeTextsButton.connect("clicked(bool)", self.onTakeTextsButton)
        ui.discardTextsButton.connect("clicked(bool)", self.onDiscardTextsButton)

    def show(self, document):
        """Show the texts of a CaseDocument, or None; what is typed stays if it is the same case."""
        typed = self.changedTexts()
        if self._path(document) != self._path(self._document):
            if typed:
                self._aside[self._path(self._document)] = typed
            typed = self._aside.pop(self._path(document), {})
        self._document = document
        self._shown = document.case.texts if document is not None else NO_TEXTS
        self._fill(typed)

    def changedTexts(self):
        """The texts that are not in the case, by field of FreeTexts."""
        if self._document is None:
            return {}
        typed = {name: edit.toPlainText().strip() for name, edit in self._edits.items()}
        return {name: text for name, text in typed.items() if text != getattr(self._shown, name)}

    def updateButtons(self):
        changed, whyNot = self.changedTexts(), self.window.whyNoCase()
        same = "" if changed else _("Nothing is typed that the case does not have.")
        takes = _("Take the texts over into the case; Save writes them into its file.")
        enableOrSayWhyNot(self.ui.takeTextsButton, whyNot or same, takes)
        enableOrSayWhyNot(self.ui.discardTextsButton, same, _("Show the texts of the case again."))
        titles = ", ".join(TEXT_TITLES[one] for one in changed)
        self.ui.textsLabel.text = _("Not taken over yet: {titles}.").format(titles=titles) if changed else ""
        self.ui.textsLabel.setVisible(bool(changed))
        for name, edit in self._edits.items():
            edit.enabled = self._document is not None
            edit.toolTip = self._tips[name] if self._document is not None else asToolTip(whyNot)

    def onTextChanged(self):
        if not self._isFilling:
            self._onTyped()

    def onTakeTextsButton(self):
        changed = self.changedTexts()
        self.window.edit(lambda case: with_texts(case, replace(case.texts, **changed)))

    def onDiscardTextsButton(self):
        self._fill({})
        self._onTyped()

    def _fill(self, typed):
        self._isFilling = True
        try:
            for name, edit in self._edits.items():
                text = typed.get(name, getattr(self._shown, name))
                if edit.toPlainText().strip() != text:
                    edit.setPlainText(text)
        finally:
            self._isFilling = False

    @staticmethod
    def _path(document):
        return document.path if document is not None else None
