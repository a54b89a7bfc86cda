"""Records: reading the files, what was noticed in them, and the decisions on it."""

import datetime

from ReirradiationLib.model import case_edits
from ReirradiationLib.model.finding_review import FindingState, acceptance, review
from ReirradiationLib.model.open_choices import why_open
from ReirradiationLib.session_steps import READ_RECORDS
from slicer.i18n import tr as _

from .controls import enableOrSayWhyNot
from .panel_parts import FilledWith, onClick, onReturn
from .row_table import RowTable
from .step_panel import StepPanel
from .tables import GREEN, ORANGE, RED
from .views import tryToShow

STATE_COLOURS = {
    FindingState.REFUSED: RED,
    FindingState.WAITING: ORANGE,
    FindingState.CHANGED: ORANGE,
    FindingState.SIGN_OFF: None,
    FindingState.ACCEPTED: GREEN,
    FindingState.NOTE: None,
}


class FindingsPart(StepPanel):
    """Findings, the gravest first; the selected one in full, with what to do about it."""

    def setup(self):
        self._reviewed, self._shownCase = (), FilledWith()
        self._table = RowTable(self.ui.findingsTable, (1, 2), self.onSelected)
        onClick(self.ui.readRecordsButton, lambda: self.window.start(READ_RECORDS, self.onRead))
        onClick(self.ui.acceptButton, self.onAcceptButton)
        onClick(self.ui.takeBackButton, self.onTakeBackButton)
        for edit in (self.ui.decidedByLineEdit, self.ui.decisionReasonLineEdit):
            edit.connect("textChanged(QString)", lambda _text: self.updateButtons())
            onReturn(edit, self.ui.acceptButton)

    def show(self):
        if self._shownCase.isNew(self.document.path if self.document else None):  # what was typed is of another patient
            self.ui.decisionReasonLineEdit.text = ""
        records = self.session.records
        self._reviewed = review(records.records.findings, self.document.case.decisions) if records else ()
        self._table.fill(
            [self._key(one) for one in self._reviewed],
            [[one.state.value.split(":")[0], one.finding.subject, one.finding.found] for one in self._reviewed],
            [STATE_COLOURS[one.state] for one in self._reviewed],
            [str(one.finding) for one in self._reviewed],
            coloured=0,
        )
        if self._table.selected() is None and self._reviewed:
            self._table.select(self._key(self._reviewed[0]))
        self.ui.findingsTable.setVisible(bool(self._reviewed))
        self.ui.recordsStateLabel.text = self._stateText(records)
        self._showFinding()

    def onSelected(self):
        self._showFinding()
        self.updateButtons()

    def updateButtons(self):
        ready = _("Read every file of the case and note what is wrong with them; nothing is computed yet.")
        whyOpen = why_open(self.document.case) if self.document else ""
        enableOrSayWhyNot(
            self.ui.readRecordsButton, self.window.whyNoCase() or whyOpen or self.window.whyIncomplete(), ready
        )
        selected = self._selected()
        whyNot = self.window.whyNoCase() or ("" if selected else _("Select a finding first."))
        noDecision = "" if whyNot else self._whyNoDecision(selected)
        for edit, tip in (
            (self.ui.decidedByLineEdit, _("Who accepts the finding; the report shows it.")),
            (self.ui.decisionReasonLineEdit, _("Why it may stand; the report shows it.")),
        ):
            enableOrSayWhyNot(edit, whyNot or noDecision, tip)
        empty = "" if self.ui.decidedByLineEdit.text.strip() else _("Enter who decides first.")
        empty = empty or ("" if self.ui.decisionReasonLineEdit.text.strip() else _("Enter the reason first."))
        ready = _("Accept this finding as of today, as long as the same is found.")
        enableOrSayWhyNot(self.ui.acceptButton, whyNot or noDecision or empty, ready)
        undecided = "" if selected and selected.decision else _("There is no decision on this finding.")
        enableOrSayWhyNot(
            self.ui.takeBackButton, whyNot or undecided, _("Take the decision on this finding out of the case.")
        )

    def onRead(self, _records):
        """Show the current CT and its structures, unless results are there to be seen."""
        if self.session.evaluated is None:
            tryToShow(lambda: self.window.runControl.start(*self.window.logic.preparedAnatomy()))

    def onAcceptButton(self):
        finding = self._selected().finding
        who, reason = self.ui.decidedByLineEdit.text, self.ui.decisionReasonLineEdit.text
        today = datetime.date.today()
        if self.window.edit(lambda case: case_edits.with_decision(case, acceptance(finding, who, today, reason))):
            self.ui.decisionReasonLineEdit.text = ""

    def onTakeBackButton(self):
        finding = self._selected().finding
        self.window.edit(lambda case: case_edits.without_decision(case, finding.identifier, finding.subject))

    @staticmethod
    def _key(reviewed):
        return (reviewed.finding.identifier, reviewed.finding.subject, reviewed.finding.found)

    def _selected(self):
        key = self._table.selected()
        return next((one for one in self._reviewed if self._key(one) == key), None)

    @staticmethod
    def _whyNoDecision(reviewed):
        if reviewed.state.can_be_accepted:
            return ""
        return {
            FindingState.REFUSED: _("This cannot be accepted: {advice}").format(advice=reviewed.finding.interlock.advice),
            FindingState.SIGN_OFF: _("Sign the registration in the step Transfer: a decision does not replace that."),
            FindingState.ACCEPTED: _("It is accepted; take that back to decide anew."),
            FindingState.NOTE: _("A note needs no decision."),
        }[reviewed.state]

    def _stateText(self, records):
        if self.document is None:
            return ""
        if records is None:
            return _("Not read as the case stands.")
        waiting = sum(one.state.can_be_accepted for one in self._reviewed)
        if not self._reviewed:
            return _("Read; nothing was noticed.")
        return _("Read. Findings: {number}; waiting for a decision: {waiting}.").format(
            number=len(self._reviewed), waiting=waiting
        )

    def _showFinding(self):
        reviewed = self._selected()
        self.ui.findingTextEdit.setVisible(reviewed is not None)
        if reviewed is None:
            self.ui.findingTextEdit.plainText = ""
            return
        finding = reviewed.finding
        expected = _(" Expected: {expected}.").format(expected=finding.expected) if finding.expected else ""
        lines = [
            f"{finding.subject}: {finding.found}.{expected}",
            _("To do: {advice}").format(advice=finding.interlock.advice),
        ]
        decision = reviewed.decision
        if decision is not None:
            text = _("Accepted by {who}, {when}: {reason}").format(
                who=decision.who, when=decision.when, reason=decision.reason
            )
            lines.append(text)
        if reviewed.state is FindingState.CHANGED:
            lines.append(_("That was of something else: {found}").format(found=decision.found))
        self.ui.findingTextEdit.plainText = "\n".join(lines)
