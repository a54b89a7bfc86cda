"""Who has finished which task: the fields of a signature, and those that the case holds."""

import datetime

import qt
from ReirradiationLib.model.case_notes import TASK_TITLES, Task, TaskSignature
from slicer.i18n import tr as _

from .controls import enableOrSayWhyNot


class TaskSigning:
    """The ui's fields of a signature, its signButton and its signaturesLabel.

    ``onSign(signature)`` writes it into the case and tells whether it did; ``onChanged()`` must call ``updateButtons``.
    """

    def __init__(self, ui, onSign, onChanged):
        self.ui = ui
        self._onSign, self._onChanged = onSign, onChanged
        self._case, self._keys = None, {}
        for task in Task:
            ui.taskComboBox.addItem(TASK_TITLES[task])
        ui.taskComboBox.connect("currentIndexChanged(int)", self.onTaskChanged)
        ui.signerLineEdit.connect("textChanged(QString)", lambda _text: onChanged())
        ui.signButton.connect("clicked(bool)", self.onSignButton)
        self._showToday()

    def show(self, case, keys):
        """Show the signatures of a case, and offer keys, by task; what was typed for another case is gone."""
        isAnother = (case and case.file) != (self._case and self._case.file)
        isRefilled = isAnother or keys != self._keys
        self._case, self._keys = case, keys
        if isAnother:
            self._showToday()
            self.ui.signCommentLineEdit.text = ""
        if isRefilled:
            self.onTaskChanged()
        self._showSignatures(case)

    def onTaskChanged(self, _index=None):
        self.ui.signKeyLineEdit.text = self._keys.get(self._task(), "")
        self._onChanged()

    def updateButtons(self, whyNot):
        if not whyNot and not self.ui.signerLineEdit.text.strip():
            whyNot = _("Enter who signs first.")
        enableOrSayWhyNot(self.ui.signButton, whyNot, self._readyText())

    def onSignButton(self):
        texts = [
            edit.text.strip() for edit in (self.ui.signerLineEdit, self.ui.signCommentLineEdit, self.ui.signKeyLineEdit)
        ]
        # By its text, which is a date in ISO format in every locale: the .ui file sets format and locale.
        when = datetime.date.fromisoformat(self.ui.signedOnDateEdit.text)
        if self._onSign(TaskSignature(self._task(), texts[0], when, *texts[1:])):
            self.ui.signCommentLineEdit.text = ""

    def _showToday(self):
        self.ui.signedOnDateEdit.setDate(qt.QDate.currentDate())

    def _showSignatures(self, case):
        signatures = {one.task: one for one in case.tasks} if case else {}
        lines = [f"{title}: {self._signatureText(signatures.get(task))}" for task, title in TASK_TITLES.items()]
        self.ui.signaturesLabel.text = "\n".join(lines) if case else ""

    @staticmethod
    def _signatureText(signature):
        if signature is None:
            return _("not signed")
        key = _("key {key}").format(key=signature.key) if signature.key else _("no key")
        text = f"{signature.who}, {signature.when.isoformat()}, {key}"
        return f"{text} – {signature.comment}" if signature.comment else text

    def _task(self):
        return list(Task)[self.ui.taskComboBox.currentIndex]

    def _readyText(self):
        former = [one for one in self._case.tasks if one.task is self._task()] if self._case else []
        if former:
            who, when = former[0].who, former[0].when.isoformat()
            return _("Replaces the signature of {who}, {when}.").format(who=who, when=when)
        return _("Write into the case file that the task is finished, and who answers for it.")
