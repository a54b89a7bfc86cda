"""Biology: a limit that the case states itself."""

from ReirradiationLib.model import case_edits
from ReirradiationLib.model.constraint import Sense
from ReirradiationLib.model.limit_choices import own_limit, typed_unit, why_not_usable
from ReirradiationLib.model.protocol import Basis
from slicer.i18n import tr as _

from .biology_part import BiologyPart
from .controls import asTitle, enableOrSayWhyNot
from .panel_parts import FilledWith, Number, onClick, onReturn

SENSES, BASES = (Sense.AT_MOST, Sense.AT_LEAST), (Basis.RAW, Basis.RECOVERED)


class OwnLimitPart(BiologyPart):
    """Metric, sense, value, sum, α/β and source; put into the case by the button."""

    def setup(self):
        self._filled, self._alphaBeta = FilledWith(), Number(self.ui.ownAlphaBetaSpinBox)
        self._edits = (self.ui.ownMetricLineEdit, self.ui.ownSourceLineEdit)
        for edit in self._edits:
            edit.connect("textChanged(QString)", lambda _text: self.updateButtons())
            onReturn(edit, self.ui.addOwnLimitButton)
        self.ui.ownMetricLineEdit.connect("textChanged(QString)", self.onMetricTyped)
        self.ui.ownValueSpinBox.connect("valueChanged(double)", lambda _value: self.updateButtons())
        self.ui.ownBasisComboBox.connect("currentIndexChanged(int)", lambda _index: self.updateButtons())
        onClick(self.ui.addOwnLimitButton, self.onAddButton)

    def show(self):
        self.showSelected()

    def showSelected(self):
        row = self.selected
        path = self.document.path if self.document else None
        if self._filled.isNew(path, row and row.name, row and row.alpha_beta_gy):
            self._alphaBeta.fill(row.alpha_beta_gy or 0.0 if row else 0.0)
        title = _("A limit of your own for {name}").format(name=asTitle(row.name)) if row else _("A limit of your own")
        self.ui.ownLimitCollapsibleButton.text = title

    def updateButtons(self):
        whyNot = self.whyNotUsed()
        for widget, tip in (
            (
                self.ui.ownMetricLineEdit,
                _("Such as D0.03cc[Gy], D95%[Gy], Dmax[Gy], V20Gy[%] or CV16Gy[cc]; doses are EQD2."),
            ),
            (self.ui.ownSenseComboBox, _("Whether it is an upper or a lower limit.")),
            (self.ui.ownValueSpinBox, _("The limit in the unit of the metric: Gy EQD2, cc or %.")),
            (self.ui.ownBasisComboBox, _("The sum that the limit is stated for: raw, or with recovery.")),
            (self.ui.ownAlphaBetaSpinBox, _("The α/β that the limit is stated for, in Gy.")),
            (self.ui.ownSourceLineEdit, _("Where the limit is published or agreed; shown wherever it is.")),
        ):
            enableOrSayWhyNot(widget, whyNot, tip)
        enableOrSayWhyNot(self.ui.addOwnLimitButton, whyNot or self._whyNotAdd(), _("Put the limit into the case."))

    def onMetricTyped(self, text):
        unit = typed_unit(text)
        self.ui.ownValueSpinBox.suffix = f" {unit}" if unit else ""

    def onAddButton(self):
        name, (metric, source) = self.selected.name, (edit.text for edit in self._edits)
        sense, basis = SENSES[self.ui.ownSenseComboBox.currentIndex], BASES[self.ui.ownBasisComboBox.currentIndex]
        value, alphaBeta = self.ui.ownValueSpinBox.value, self._alphaBeta.value()

        def change(case):
            return case_edits.with_constraint(case, own_limit(name, metric, sense, value, basis, alphaBeta, source))

        if self.window.edit(change):
            self.ui.ownMetricLineEdit.text = ""

    def _whyNotAdd(self):
        basis = BASES[self.ui.ownBasisComboBox.currentIndex]
        if not self.ui.ownMetricLineEdit.text.strip():
            return _("Enter the metric first.")
        if self.ui.ownValueSpinBox.value <= 0.0:
            return _("Enter the value first.")
        if not self.ui.ownSourceLineEdit.text.strip():
            return _("Enter the source first.")
        return why_not_usable(self.document.case, basis)
