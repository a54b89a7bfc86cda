"""Biology: the recovery table of the case, and what it leaves of each prior course."""

from ReirradiationLib.model import case_edits
from ReirradiationLib.model.errors import ReirradiationError
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.report.recovery_preview import recovery_preview
from slicer.i18n import tr as _

from .biology_part import BiologyPart
from .controls import enableOrSayWhyNot
from .panel_parts import setItems
from .row_table import RowTable
from .tables import ORANGE


class RecoveryPart(BiologyPart):
    """One choice for the whole case."""

    def setup(self):
        self._names = (None,)  # of the entries of the combo box; None for no recovery
        self._shown = ()  # RecoveryPreview of every structure and course
        self._table = RowTable(self.ui.recoveryTable, (0, 1), lambda: None)
        self.ui.recoveryComboBox.connect("currentIndexChanged(int)", self.onTableChosen)

    def show(self):
        case = self.document.case if self.document else None
        tables = [table.name for table in self.panel.choices.protocol.recovery_tables] if self.panel.choices else []
        chosen = case.recovery_table if case else None
        self._names = tuple(dict.fromkeys((None, *tables, chosen)))  # also one that the protocol does not know
        texts = [_("none: all dose counts") if name is None else name for name in self._names]
        setItems(self.ui.recoveryComboBox, texts, current=texts[self._names.index(chosen)])
        previews, problem = self._previews(case)
        self._shown = previews
        self._table.fill(
            [(one.structure, one.course) for one in previews],
            [self._texts(one) for one in previews],
            [ORANGE if one.recovered is None else None for one in previews],
            [one.why_not or one.structure for one in previews],
        )
        self.ui.recoveryTable.setVisible(bool(previews))
        note = problem or self._note(case, previews)
        self.ui.recoveryNoteLabel.text = note
        self.ui.recoveryNoteLabel.setVisible(bool(note))
        self.showSelected()

    def showSelected(self):
        name = self.selected.name if self.selected else ""
        rows = [key for key in self._table.keys if key[0] == name]
        self._table.select(rows[0] if rows else None)
        self._table.showSelected()
        texts = [self._told(one) for one in self._shown if one.structure == name]
        self.ui.recoveryOfLabel.text = "\n".join(texts)
        self.ui.recoveryOfLabel.setVisible(bool(texts))

    def onTableChosen(self, index):
        name = self._names[index]
        self.window.edit(lambda case: case_edits.with_recovery(case, name))

    def updateButtons(self):
        ready = _(
            "How much of the EQD2 of a prior course is taken off after which interval, for limits of the recovered sum."
        )
        enableOrSayWhyNot(self.ui.recoveryComboBox, self.panel.whyNot() or self._whyLocked(), ready)

    def _whyLocked(self):
        """A limit of the recovered sum cannot lose its table."""
        case = self.document.case
        needing = [one.structure for one in (*case.constraints, *case.optimization) if one.basis is Basis.RECOVERED]
        several = len(self.panel.choices.protocol.recovery_tables) > 1
        if case.recovery_table is None or not needing or several:
            return ""
        names = ", ".join(dict.fromkeys(needing))
        return _("Take out the limits of the recovered sum first: {names}.").format(names=names)

    def _previews(self, case):
        if case is None or self.panel.choices is None or case.recovery_table is None:
            return (), ""
        try:
            return recovery_preview(case, self.panel.choices.protocol, self.session.records), ""
        except ReirradiationError as error:
            return (), str(error)

    @staticmethod
    def _texts(one):
        months = f"{one.months:.0f}" if one.months is not None else _("not known")
        counted = f"{100.0 * (1.0 - one.recovered):.0f}" if one.recovered is not None else _("not known")
        return [one.structure, one.course, months, counted]

    @staticmethod
    def _told(one):
        if one.recovered is None:
            return _("Recovery from {course}: {why}.").format(course=one.course, why=one.why_not)
        return _("Of {course}, {months:.0f} months before, {counted:.0f} % of the EQD2 count in the recovered sum.").format(
            course=one.course, months=one.months, counted=100.0 * (1.0 - one.recovered)
        )

    def _note(self, case, previews):
        if case is None:
            return ""
        if case.recovery_table is None:
            return _("Every prior dose counts in full: raw and recovered sums are the same.")
        problems = dict.fromkeys(one.why_not for one in previews if one.why_not)
        return _("Not known: {why}.").format(why="; ".join(problems)) if problems else ""
