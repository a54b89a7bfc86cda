"""The section "Report": the free texts of a case, and the signatures of its tasks."""

import pathlib

import slicer
from ReirradiationLib.case_notes_file import write_notes
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.case_notes import NO_TEXTS, TEXT_TITLES
from ReirradiationLib.model.errors import CaseError, ReirradiationError
from slicer.i18n import tr as _

from .controls import NOT_SET, asToolTip, enableOrSayWhyNot, shortName
from .task_signing import TaskSigning


class ReportPanel:
    """Shows what people have said about a case, and writes it into the case file, when a button is pressed and not before.

    Texts that are not saved stay, with the case that they belong to, when another case is chosen: that one is shown once
    they are saved or discarded. ``whyBusy()`` tells why the case file must not be written now, or an empty text;
    ``onChanged()`` must call ``updateButtons``.
    """

    def __init__(self, ui, whyBusy, onChanged):
        self.ui = ui
        self._whyBusy, self._onChanged = whyBusy, onChanged
        self._chosen = self._shown = NOT_SET
        self._case = None
        self._whyNoCase = ""
        self._keys, self._keysOf = {}, NOT_SET
        self._edits = {
            "planning_approach": ui.planningApproachTextEdit,
            "discussion": ui.discussionTextEdit,
            "delivery": ui.deliveryTextEdit,
        }
        self._signing = TaskSigning(ui, self.onSign, onChanged)
        for edit in self._edits.values():
            edit.connect("textChanged()", onChanged)
        ui.saveTextsButton.connect("clicked(bool)", self.onSaveTextsButton)
        ui.discardTextsButton.connect("clicked(bool)", self.onDiscardTextsButton)
        self._read()

    def chooseCase(self, path):
        """Show a case, unless texts of the one that is shown are not saved."""
        self._chosen = path
        if path != self._shown and not self.changedTexts():
            self._read()

    def readAgain(self):
        """Somebody else may have written into the case file."""
        if not self.changedTexts():
            self._read()

    def showKeys(self, path, evaluation):
        """Offer the keys of what was looked at to whoever signs; an anonymised report is of no case file."""
        self._keysOf = path
        self._keys = {} if evaluation is None or evaluation.is_anonymous else {one.task: one.key for one in evaluation.tasks}
        self._signing.show(self._case, self._keysOfCase())

    def changedTexts(self):
        """The texts that are not in the case file, by field of FreeTexts."""
        if self._case is None:
            return {}
        typed = {name: edit.toPlainText().strip() for name, edit in self._edits.items()}
        return {name: text for name, text in typed.items() if text != getattr(self._case.texts, name)}

    def updateButtons(self):
        changed, whyNot = self.changedTexts(), self._whyBusy() or self._whyNoCase
        same = "" if changed else _("Nothing is changed.")
        file = shortName(self._shown)
        writes = _("Write the texts into {file}; everything else in it stays.").format(file=file)
        enableOrSayWhyNot(self.ui.saveTextsButton, whyNot or same, writes)
        enableOrSayWhyNot(self.ui.discardTextsButton, same, _("Show the texts of the case file again."))
        self.ui.textsLabel.text = self._state(changed, file)
        self.ui.textsLabel.toolTip = asToolTip("" if self._shown == NOT_SET else str(self._shown))
        self._signing.updateButtons(whyNot or (_("Save or discard the changed texts first.") if changed else ""))

    def onSaveTextsButton(self):
        changed = self.changedTexts()
        if self._write(lambda path: write_notes(path, self._unlessChangedElsewhere(path, changed))):
            self._read()

    def onDiscardTextsButton(self):
        self._read()

    def onSign(self, signature):
        signed = self._write(lambda path: write_notes(path, {}, signature))
        if signed:
            self._read()
        return signed

    def _read(self):
        """Show the chosen case as its file is now."""
        self._shown, self._case, self._whyNoCase = self._chosen, None, ""
        if self._shown == NOT_SET:
            self._whyNoCase = _("Choose a case file first.")
        else:
            try:
                self._case = read_case(pathlib.Path(self._shown))
            except ReirradiationError as error:
                self._whyNoCase = str(error)
        texts = self._case.texts if self._case else NO_TEXTS
        for name, edit in self._edits.items():
            edit.enabled = self._case is not None
            edit.setPlainText(getattr(texts, name))
        self._signing.show(self._case, self._keysOfCase())
        self._onChanged()

    def _write(self, write):
        """Whether the case file was written; if not, the user was told why."""
        with slicer.util.tryWithErrorDisplay(_("Unexpected failure; please report it with the application log.")):
            try:
                write(self._shown)
            except ReirradiationError as error:
                slicer.util.errorDisplay(str(error))
            else:
                return True
        return False

    def _unlessChangedElsewhere(self, path, texts):
        """The texts to write, unless somebody has written other ones meanwhile, who must not lose them."""
        now = read_case(path).texts
        lost = [TEXT_TITLES[name] for name in texts if getattr(now, name) != getattr(self._case.texts, name)]
        if lost:
            found = f"changed in the file since it was shown here: {', '.join(lost)}"
            raise CaseError(str(path), found, "Copy your text, discard the changes, and write it again.")
        return texts

    def _state(self, changed, file):
        if self._case is None:
            return self._whyNoCase
        if not changed:
            return _("As in {file}.").format(file=file)
        state = _("Not saved in {file}: {titles}.").format(file=file, titles=", ".join(TEXT_TITLES[one] for one in changed))
        if self._chosen == self._shown:
            return state
        return state + " " + _("Save or discard, to go on to the case that is chosen now.")

    def _keysOfCase(self):
        return self._keys if self._shown == self._keysOf else {}
