"""Who has finished which task: the signatures that the case holds, and the fields of another one."""

import datetime
import textwrap

import qt
from ReirradiationLib.model.case_edits import with_task
from ReirradiationLib.model.case_notes import TASK_TITLES, Task, TaskSignature
from ReirradiationLib.model.case_notes_edits import without_task
from ReirradiationLib.report.task_key import KEY_DIGITS, is_key
from slicer.i18n import tr as _

from .controls import asToolTip, enableOrSayWhyNot
from .tables import GREEN, ORANGE, RED, fillTable, paint, stretchColumn

LINE_LETTERS = 18  # in a line of the columns that do not wrap by themselves


class TaskSigning:
    """The ui's table of signatures and the fields of a signature; ``onTyped()`` must call ``updateButtons``."""

    def __init__(self, ui, window, onTyped):
        self.ui = ui
        self.window = window
        self._onTyped = onTyped
        self._document, self._keys = None, {}
        for task in Task:
            ui.taskComboBox.addItem(TASK_TITLES[task])
        stretchColumn(ui.tasksTable, 2)
        self._showToday()
        ui.taskComboBox.connect("currentIndexChanged(int)", self.onTaskChanged)
        for edit in (ui.signerLineEdit, ui.signKeyLineEdit):
            edit.connect("textChanged(QString)", lambda _text: onTyped())
        ui.signedOnDateEdit.connect("dateChanged(QDate)", lambda _day: onTyped())
        ui.signButton.connect("clicked(bool)", self.onSignButton)
        ui.takeBackTaskButton.connect("clicked(bool)", self.onTakeBackButton)

    def show(self, document, keys):
        """Show a CaseDocument, or None, and offer keys by task; what was typed for another case is gone."""
        isAnother = (document and document.path) != (self._document and self._document.path)
        isRefilled = isAnother or keys != self._keys
        self._document, self._keys = document, keys
        if isAnother:
            self._showToday()
            self.ui.signCommentLineEdit.text = ""
        if isRefilled:
            self._fillKey()
        self._showSignatures()

    def onTaskChanged(self, _index=None):
        self._fillKey()
        self._onTyped()

    def updateButtons(self, whyNot):
        enableOrSayWhyNot(self.ui.signButton, whyNot or self._whyNotSign(), self._readyText())
        none = "" if self._signature(self._task()) is not None else _("Nobody has signed this task.")
        enableOrSayWhyNot(self.ui.takeBackTaskButton, whyNot or none, _("Take the signature of this task out of the case."))

    def onSignButton(self):
        ui = self.ui
        who, comment, key = (one.text.strip() for one in (ui.signerLineEdit, ui.signCommentLineEdit, ui.signKeyLineEdit))
        signature = TaskSignature(self._task(), who, self._day(), comment, key)
        if self.window.edit(lambda case: with_task(case, signature)):
            ui.signCommentLineEdit.text = ""

    def onTakeBackButton(self):
        task = self._task()
        self.window.edit(lambda case: without_task(case, task))

    def _day(self):
        # By its text, which is a date in ISO format in every locale: the .ui file sets format and locale.
        return datetime.date.fromisoformat(self.ui.signedOnDateEdit.text)

    def _whyNotSign(self):
        key = self.ui.signKeyLineEdit.text.strip()
        if not self.ui.signerLineEdit.text.strip():
            return _("Enter who signs first.")
        if self._day() > datetime.date.today():
            return _("The day of a signature cannot be after today.")
        if key and not is_key(key):
            text = _("A key is {number} hexadecimal digits in lower case, as the report shows it; or leave it empty.")
            return text.format(number=KEY_DIGITS)
        return ""

    def _showToday(self):
        self.ui.signedOnDateEdit.setDate(qt.QDate.currentDate())

    def _fillKey(self):
        self.ui.signKeyLineEdit.text = self._keys.get(self._task(), "")

    def _showSignatures(self):
        table = self.ui.tasksTable
        rows = [self._texts(task) for task in Task] if self._document is not None else []
        narrow = [[*(textwrap.fill(text, LINE_LETTERS) for text in row[:2]), row[2]] for row in rows]
        fillTable(table, narrow, numeric=())
        for row, task in enumerate(Task if rows else ()):
            paint(table.item(row, 1), self._colour(task))
            for column in range(table.columnCount):
                table.item(row, column).setToolTip(asToolTip(rows[row][column]))

    def _texts(self, task):
        signature = self._signature(task)
        if signature is None:
            return [TASK_TITLES[task], _("not signed"), "–"]
        key = _("key {key}").format(key=signature.key) if signature.key else _("no key")
        signed = f"{signature.who}, {signature.when.isoformat()}, {key}"
        return [
            TASK_TITLES[task],
            self._state(signature),
            f"{signed} – {signature.comment}" if signature.comment else signed,
        ]

    def _state(self, signature):
        """Whether a signature is of what is shown now; without an evaluation of the case that is not known."""
        if not signature.key:
            return _("without key")
        key = self._keys.get(signature.task)
        if not key:
            return _("to be evaluated")
        return _("signed") if key == signature.key else _("NOT SIGNED: of another state")

    def _colour(self, task):
        signature = self._signature(task)
        if signature is None or not signature.key or not self._keys.get(task):
            return ORANGE
        return GREEN if self._keys[task] == signature.key else RED

    def _signature(self, task):
        signatures = self._document.case.tasks if self._document is not None else ()
        return next((one for one in signatures if one.task is task), None)

    def _task(self):
        return list(Task)[self.ui.taskComboBox.currentIndex]

    def _readyText(self):
        former = self._signature(self._task())
        if former is not None:
            who, when = former.who, former.when.isoformat()
            return _("Replaces the signature of {who}, {when}.").format(who=who, when=when)
        return _("Write into the case that the task is finished, and who answers for it; Save writes it into the file.")
