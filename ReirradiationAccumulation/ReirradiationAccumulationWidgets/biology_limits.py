"""Biology: the limits of the selected structure."""

import qt
from ReirradiationLib.model import case_edits
from ReirradiationLib.model.limit_choices import limit_text, published_limit
from ReirradiationLib.model.limit_offers import limit_offers
from slicer.i18n import tr as _

from .biology_part import BiologyPart
from .controls import asTitle, enableOrSayWhyNot
from .panel_parts import FilledWith, Number, onClick, onReturn, quietly
from .row_table import RowTable
from .tables import ORANGE

USE = 0


class LimitsPart(BiologyPart):
    """A tick puts a published limit into the case; its value is changed for a reason only."""

    def setup(self):
        self._offers, self._filled, self._structure = (), FilledWith(), None
        self._value, self._warning = Number(self.ui.limitValueSpinBox), Number(self.ui.limitWarningSpinBox)
        self._table = RowTable(self.ui.limitsTable, (4,), self.onSelected)
        self.ui.limitsTable.connect("itemChanged(QTableWidgetItem*)", self.onItemChanged)
        self.ui.allOrgansCheckBox.connect("clicked(bool)", lambda _checked: self.onAllOrgansChanged())
        for spinBox in (self.ui.limitValueSpinBox, self.ui.limitWarningSpinBox):
            spinBox.connect("valueChanged(double)", lambda _value: self.updateButtons())
        self.ui.limitReasonLineEdit.connect("textChanged(QString)", lambda _text: self.updateButtons())
        onReturn(self.ui.limitReasonLineEdit, self.ui.changeLimitButton)
        onClick(self.ui.changeLimitButton, self.onChangeButton)

    def show(self):
        self.showSelected()

    def showSelected(self):
        row, case = self.selected, self.document.case if self.document else None
        title = _("Limits of {name}").format(name=asTitle(row.name)) if row else _("Limits of the selected structure")
        self.ui.limitsCollapsibleButton.text = title
        ofAll = self.ui.allOrgansCheckBox.checked
        self._offers = limit_offers(case, row, self.panel.choices.limits, ofAll) if row and row.is_used else ()
        if row is None or row.name != self._structure:
            self._structure = row.name if row else None
            self._table.select(None)
        self._table.fill(
            [one.key for one in self._offers],
            [self._texts(one) for one in self._offers],
            [ORANGE if one.constraint.override else None for one in self._offers],
            [one.why_not or one.described for one in self._offers],
            coloured=1,
        )
        quietly(self.ui.limitsTable, self._showTicks)
        if self._table.selected() is None and self._offers:
            self._table.select(self._offers[0].key)
        self._showLimit()

    def onSelected(self):
        self._showLimit()
        self.updateButtons()

    def onAllOrgansChanged(self):
        self.showSelected()
        self.updateButtons()

    def onItemChanged(self, item):
        if item.column() != USE:
            return
        offer, isUsed = self._offers[item.row()], item.checkState() == qt.Qt.Checked
        if self.whyNotUsed():
            self.window.showSession()
        elif isUsed:
            name = self.selected.name
            self.window.edit(lambda case: case_edits.with_constraint(case, published_limit(offer.row, name)))
        else:
            self.window.edit(lambda case: case_edits.without_constraint(case, offer.constraint))

    def onChangeButton(self):
        offer, name = self._selected(), self.selected.name
        value, warning, reason = self._typed()

        def change(case):
            return case_edits.with_constraint(
                case, published_limit(offer.row, name, value, warning or None, reason), offer.constraint
            )

        self.window.edit(change)

    def updateButtons(self):
        whyNot = self.whyNotUsed()
        ready = _("Offer limits of other organs too, for a structure whose organ the tables do not know.")
        enableOrSayWhyNot(self.ui.allOrgansCheckBox, whyNot, ready)
        whyNot = whyNot or self._whyNoChange()
        for widget, tip in (
            (self.ui.limitValueSpinBox, _("The limit in the unit of its metric; doses are EQD2.")),
            (self.ui.limitWarningSpinBox, _("Between this and the limit it is met within the warning band only.")),
            (self.ui.limitReasonLineEdit, _("Why this case deviates from what was published; the report shows it.")),
        ):
            enableOrSayWhyNot(widget, whyNot, tip)
        same = _("Nothing is changed.") if not whyNot and self._typed() == self._values(self._selected()) else ""
        ready = _("Change the published value for this case; the report names both, and the reason.")
        enableOrSayWhyNot(self.ui.changeLimitButton, whyNot or same, ready)

    def _showTicks(self):
        for number, offer in enumerate(self._offers):
            item = self.ui.limitsTable.item(number, USE)
            item.setCheckState(qt.Qt.Checked if offer.is_used else qt.Qt.Unchecked)
            ticked = qt.Qt.ItemIsEnabled | qt.Qt.ItemIsUserCheckable
            item.setFlags(qt.Qt.ItemIsSelectable | (ticked if not offer.why_not else qt.Qt.NoItemFlags))

    @staticmethod
    def _texts(offer):
        one, months = offer.constraint, offer.constraint.months
        limit = f"{limit_text(one)}\n{_('(changed)')}" if one.override else limit_text(one)
        since = f"≥ {months.start:g}" if months.end == float("inf") else f"{months.start:g}–{months.end:g}"
        setName = offer.row.set_name if offer.row else _("own")
        return ["", limit, f"{one.basis.value}, {one.alpha_beta_gy:g}", "any" if months.is_any else since, setName]

    def _showLimit(self):
        offer = self._selected()
        self.ui.limitTextEdit.plainText = self._limitText(offer)
        unit = f" {offer.constraint.metric.unit}" if offer else ""
        for spinBox in (self.ui.limitValueSpinBox, self.ui.limitWarningSpinBox):
            spinBox.suffix = unit
        path = self.document.path if self.document else None
        if self._filled.isNew(path, self._structure, offer and offer.key, self._values(offer)):
            value, warning, reason = self._values(offer)
            self._value.fill(value)
            self._warning.fill(warning)
            self.ui.limitReasonLineEdit.text = reason

    def _limitText(self, offer):
        if offer is not None:
            return f"{offer.why_not} {offer.described}" if offer.why_not else offer.described
        if self.selected is None:
            return ""
        if not self.selected.is_used:
            return _("The case does not use this structure: tick it to give it limits.")
        return _("No limit of {organ} is published in the tables.").format(organ=self.selected.name)

    def _whyNoChange(self):
        offer = self._selected()
        if offer is None:
            return _("Select a limit first.")
        if not offer.is_used:
            return offer.why_not or _("Tick the limit first.")
        return "" if offer.row else _("It is the case's own: untick it, and state another one.")

    def _selected(self):
        key = self._table.selected()
        return next((one for one in self._offers if one.key == key), None)

    def _typed(self):
        return self._value.value(), self._warning.value(), self.ui.limitReasonLineEdit.text.strip()

    @staticmethod
    def _values(offer):
        if offer is None:
            return 0.0, 0.0, ""
        one = offer.constraint
        return one.limit, one.warning or 0.0, one.override.reason if one.override else ""
