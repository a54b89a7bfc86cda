"""The type of reirradiation: what the doses suggest, and what was decided."""

import datetime

from ReirradiationAccumulationWidgets.controls import enableOrSayWhyNot
from ReirradiationAccumulationWidgets.tables import fillTable
from ReirradiationLib.model.case_edits import with_screening
from ReirradiationLib.model.planning_choice import ReirradiationType, ScreeningDecision
from slicer.i18n import tr as _


class ScreeningForm:
    """The widgets of the ui's screeningBox."""

    def __init__(self, ui, window):
        self.ui, self.window = ui, window
        self._decision, self._file = None, None
        for kind in ReirradiationType:
            ui.typeComboBox.addItem(kind.value)
        for edit in (ui.typeWhoLineEdit, ui.typeReasonLineEdit):
            edit.connect("textChanged(QString)", lambda _text="": window.updateButtons())
        ui.typeComboBox.connect("currentIndexChanged(int)", lambda _index=None: window.updateButtons())
        ui.decideTypeButton.connect("clicked(bool)", self.onDecideButton)
        ui.withdrawTypeButton.connect("clicked(bool)", self.onWithdrawButton)

    def show(self, case, summary):
        self._showDecision(case)
        self.ui.suggestionLabel.text = self._suggestionText(summary)
        rows = [
            [
                *(one.structure, f"{one.high_cc:.2f}", f"{one.high_percent:.1f}"),
                *(self._distanceText(region.distances, one.structure), region.label),
            ]
            for region in (summary.regions if summary else ())
            for one in region.overlaps
            if one.high_cc > 0.0 or one.unknown_cc > 0.0
        ]
        fillTable(self.ui.screeningTable, rows, numeric=(1, 2, 3))
        self.ui.screeningTable.setVisible(bool(rows))

    def updateButtons(self):
        noCase, ui = self.window.whyNoCase(), self.ui
        for widget in (ui.typeComboBox, ui.typeWhoLineEdit, ui.typeReasonLineEdit):
            widget.setEnabled(not noCase)
        whyNot = noCase
        if not whyNot and not ui.typeWhoLineEdit.text.strip():
            whyNot = _("Enter who decides.")
        if not whyNot and not ui.typeReasonLineEdit.text.strip():
            whyNot = _("Enter the reason.")
        former = self._decision
        if not whyNot and former and (former.kind, former.who, former.reason) == self._entered():
            whyNot = _("It is recorded already.")
        enableOrSayWhyNot(ui.decideTypeButton, whyNot, _("Write the decision into the case, with today's date."))
        none = "" if former else _("Nothing is decided.")
        enableOrSayWhyNot(ui.withdrawTypeButton, noCase or none, _("Take the decision out of the case."))

    def onDecideButton(self):
        kind, who, reason = self._entered()
        decision = ScreeningDecision(kind, who, datetime.date.today().isoformat(), reason)
        self.window.edit(lambda case: with_screening(case, decision))

    def onWithdrawButton(self):
        self.window.edit(lambda case: with_screening(case, None))

    def _entered(self):
        kind = list(ReirradiationType)[self.ui.typeComboBox.currentIndex]
        return kind, self.ui.typeWhoLineEdit.text.strip(), self.ui.typeReasonLineEdit.text.strip()

    def _showDecision(self, case):
        """What is decided; it also fills the fields where it is another decision than before."""
        decision, file = (case.screening, case.file) if case else (None, None)
        isAnother = (decision, file) != (self._decision, self._file)
        self._decision, self._file = decision, file
        if isAnother and decision is not None:
            self.ui.typeComboBox.setCurrentIndex(list(ReirradiationType).index(decision.kind))
            self.ui.typeWhoLineEdit.text = decision.who
            self.ui.typeReasonLineEdit.text = decision.reason
        if decision is None:
            self.ui.decidedLabel.text = _("Nobody has decided on the type.") if case else ""
        else:
            text = _("Decided: {kind}, by {who}, {when}.")
            self.ui.decidedLabel.text = text.format(kind=decision.kind.value, who=decision.who, when=decision.when)

    @staticmethod
    def _suggestionText(summary):
        if summary is None:
            return _("The doses suggest nothing yet.")
        kind = summary.suggested_type or _("cannot be told")
        lines = [_("Suggested by the doses: {kind}.").format(kind=kind)]
        lines += [f"• {one}" for one in (*summary.evidence, *summary.doubts)]
        within = _("Even full overlap would stay within every limit: {answer}.")
        lines.append(within.format(answer=summary.stays_within_limits))
        near = _("No high dose within {margin:g} mm of a target: {answer}.")
        lines.append(near.format(margin=summary.margin_mm, answer=summary.no_high_dose_overlap))
        return "\n".join(lines)

    @staticmethod
    def _distanceText(distances, structure):
        for one in distances:
            if one.target == structure:
                if one.at_most_mm is None:
                    return _("more than {searched:g}").format(searched=one.searched_mm)
                return "0" if one.at_most_mm <= 0.0 else f"{one.at_least_mm:.1f} – {one.at_most_mm:.1f}"
        return ""
