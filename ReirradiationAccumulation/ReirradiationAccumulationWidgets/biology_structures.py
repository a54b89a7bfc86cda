"""Biology: the structures, their tissues and α/β."""

from dataclasses import replace

import qt
from ReirradiationLib.model import case_edits
from slicer.i18n import tr as _

from .biology_part import BiologyPart
from .controls import enableOrSayWhyNot
from .panel_parts import FilledWith, Number, onClick, onReturn, quietly, setItems
from .row_table import RowTable
from .tables import ORANGE

USE, TISSUE = 0, 2


class StructuresPart(BiologyPart):
    """A tick puts a structure into the case; its tissue is taken at once, an α/β of its own by the button."""

    def setup(self):
        self._filled, self._alphaBeta = FilledWith(), Number(self.ui.alphaBetaSpinBox)
        self._table = RowTable(self.ui.structuresTable, (1, TISSUE), self.onSelected)
        self.ui.structuresTable.connect("itemChanged(QTableWidgetItem*)", self.onItemChanged)
        self.ui.tissueComboBox.connect("currentIndexChanged(int)", self.onTissueChosen)
        self.ui.alphaBetaSpinBox.connect("valueChanged(double)", lambda _value: self.updateButtons())
        self.ui.alphaBetaReasonLineEdit.connect("textChanged(QString)", lambda _text: self.updateButtons())
        onReturn(self.ui.alphaBetaReasonLineEdit, self.ui.applyAlphaBetaButton)
        onClick(self.ui.applyAlphaBetaButton, self.onApplyButton)

    def show(self):
        rows = self.panel.rows
        self._table.fill(
            [row.name for row in rows],
            [self._texts(row) for row in rows],
            [ORANGE if row.is_used and row.tissue is None else None for row in rows],
            [self._proposalText(row) for row in rows],
            coloured=TISSUE,
        )
        quietly(self.ui.structuresTable, self._showTicks)
        self._table.select(self.selected.name if self.selected else None)
        self.ui.structuresStateLabel.text = self._stateText()
        self.ui.structuresStateLabel.setVisible(bool(self.ui.structuresStateLabel.text))
        self.showSelected()

    def showSelected(self):
        row = self.selected
        self.ui.proposalLabel.text = self._proposalText(row) if row else ""
        tissues = [tissue.name for tissue in self.panel.choices.protocol.tissues] if self.panel.choices else []
        chosen = row.choice.tissue if row and row.choice else ""
        setItems(self.ui.tissueComboBox, tissues, current=chosen)
        if chosen not in tissues:
            quietly(self.ui.tissueComboBox, lambda: self.ui.tissueComboBox.setCurrentIndex(-1))
        if self._filled.isNew(row and row.name, self.document and self.document.path, self._own()):
            value, reason = self._own()
            self._alphaBeta.fill(value)
            self.ui.alphaBetaReasonLineEdit.text = reason

    def onSelected(self):
        name = self._table.selected()
        if name is not None:
            self.panel.selectionChanged(name)

    def onItemChanged(self, item):
        if item.column() != USE:
            return
        row, isUsed = self.panel.rows[item.row()], item.checkState() == qt.Qt.Checked
        self.panel.select(row.name)
        if self.panel.whyNot():
            self.window.showSession()
        elif isUsed:
            self.window.edit(lambda case: case_edits.with_structure(case, row.first_choice))
        else:
            self.window.edit(lambda case: case_edits.without_structure(case, row.name))

    def onTissueChosen(self, _index):
        choice = replace(self.selected.choice, tissue=self.ui.tissueComboBox.currentText)
        self.window.edit(lambda case: case_edits.with_structure(case, choice))

    def onApplyButton(self):
        value, reason = self._typed()
        choice = replace(self.selected.choice, alpha_beta_gy=value or None, reason=reason)
        self.window.edit(lambda case: case_edits.with_structure(case, choice))

    def updateButtons(self):
        whyNot = self.whyNotUsed()
        enableOrSayWhyNot(self.ui.tissueComboBox, whyNot, self._tissueTip())
        ready = _("α/β of this structure in Gy, if it is not that of its tissue; a reason must stand beside it.")
        enableOrSayWhyNot(self.ui.alphaBetaSpinBox, whyNot, ready)
        enableOrSayWhyNot(self.ui.alphaBetaReasonLineEdit, whyNot, _("Why another α/β is used; the report shows it."))
        same = _("Nothing is changed.") if self._typed() == self._own() else ""
        enableOrSayWhyNot(self.ui.applyAlphaBetaButton, whyNot or same, _("Take the α/β and its reason into the case."))

    def _showTicks(self):
        for number, row in enumerate(self.panel.rows):
            item = self.ui.structuresTable.item(number, USE)
            item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable | qt.Qt.ItemIsUserCheckable)
            item.setCheckState(qt.Qt.Checked if row.is_used else qt.Qt.Unchecked)

    def _texts(self, row):
        proposed = f"({row.proposal.tissue}{'' if row.proposal.is_certain else '?'})" if row.proposal.tissue else ""
        tissue = row.tissue.name if row.tissue else (_("choose") if row.is_used else proposed)
        own = "*" if row.choice is not None and row.choice.alpha_beta_gy is not None else ""
        alphaBeta = f"{row.alpha_beta_gy:g}{own}" if row.alpha_beta_gy is not None else ""
        return ["", row.name, tissue, alphaBeta, str(row.limits) if row.limits else ""]

    @staticmethod
    def _proposalText(row):
        found = row.proposal
        side = f", {found.side.value}" if found.side is not None else ""
        if not found.tissue:
            return _("{name}: its name proposes nothing ({why}).").format(name=row.name, why=found.why)
        sure = _("confirm") if found.is_certain else _("NOT CERTAIN")
        return _("{name}: by its name {tissue}{side} – {sure} ({why}).").format(
            name=row.name, tissue=found.tissue, side=side, sure=sure, why=found.why
        )

    def _tissueTip(self):
        tissue = self.selected.tissue if self.selected else None
        if tissue is None:
            return _("Choose the tissue: it decides α/β and recovery.")
        return _("{tissue}: α/β {value:g} Gy. {source} [{evidence}]").format(
            tissue=tissue.name, value=tissue.alpha_beta_gy, source=tissue.source, evidence=tissue.evidence
        )

    def _stateText(self):
        if self.document is None:
            return _("Open a case, or make one in the step Records.")
        if self.panel.whyNoChoices:
            return self.panel.whyNoChoices
        texts = []
        if not self.panel.isRead():
            texts.append(_("Read the records (step Records) to see all structures of the structure set."))
        else:
            absent = [row.name for row in self.panel.rows if not self.panel.isDrawn(row)]
            if absent:
                texts.append(_("Without contours in the structure set: {names}.").format(names=", ".join(absent)))
        undecided = [row.name for row in self.panel.rows if row.is_used and row.tissue is None]
        if undecided:
            texts.append(_("Without a tissue: {names}.").format(names=", ".join(undecided)))
        return " ".join(texts)

    def _typed(self):
        return self._alphaBeta.value(), self.ui.alphaBetaReasonLineEdit.text.strip()

    def _own(self):
        choice = self.selected.choice if self.selected else None
        return (choice.alpha_beta_gy or 0.0, choice.reason) if choice else (0.0, "")
