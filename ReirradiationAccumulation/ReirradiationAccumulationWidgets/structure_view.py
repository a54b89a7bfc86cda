"""The metrics and the DVH of one structure."""

import qt
from ReirradiationLib.report.dvh_window import window_dvh
from ReirradiationLib.report.evaluation import course_labels
from slicer.i18n import tr as _

from .tables import fillTable, stretchColumn


class StructureView:
    """Shows the chosen structure of an evaluation."""

    def __init__(self, ui):
        self.ui = ui
        self._evaluation = None
        self._chosen = ""  # stays while no evaluation is shown
        self._isFilling = False
        stretchColumn(ui.metricsTable, 0)
        ui.shownStructureComboBox.connect("currentIndexChanged(int)", self.onStructure)

    def show(self, evaluation):
        """Show an evaluation, or None; the structure that was chosen stays chosen."""
        self._evaluation = evaluation
        box = self.ui.shownStructureComboBox
        self._isFilling = True
        try:
            box.clear()
            for structure in self._structures():
                box.addItem(structure.name)
            if box.count:
                box.setCurrentIndex(max(box.findText(self._chosen), 0))
        finally:
            self._isFilling = False
        self.onStructure()

    def choose(self, name):
        index = self.ui.shownStructureComboBox.findText(name)
        if index >= 0:
            self.ui.shownStructureComboBox.setCurrentIndex(index)

    def onStructure(self, _index=None):
        if self._isFilling:
            return
        structures, index = self._structures(), self.ui.shownStructureComboBox.currentIndex
        structure = structures[index] if 0 <= index < len(structures) else None
        self.ui.structureCollapsibleButton.setVisible(structure is not None)
        if structure is None:
            fillTable(self.ui.metricsTable, [], numeric=())
            return
        self._chosen = structure.name
        fillTable(self.ui.metricsTable, [self._metricTexts(one) for one in structure.metrics], numeric=(1, 2, 3, 4))
        for column in (3, 4):
            self.ui.metricsTable.setColumnHidden(column, not self._evaluation.biology.is_recovery_applied)
        self.ui.metricsTable.setVisible(bool(structure.metrics))
        self.ui.metricsLabel.text = self._notes(structure)
        self._draw(structure)

    def _structures(self):
        return self._evaluation.structures if self._evaluation is not None else ()

    def _draw(self, structure):
        picture = qt.QPixmap()
        if structure.curves and picture.loadFromData(window_dvh(structure, self._evaluation).encode("utf-8"), "SVG"):
            self.ui.dvhLabel.setPixmap(picture)
        elif structure.curves:
            self.ui.dvhLabel.text = _("Qt cannot draw the DVH here: see the plot view, or the report.")
        else:
            self.ui.dvhLabel.text = _("No course gives a known dose to this structure.")

    @staticmethod
    def _metricTexts(one):
        values = (one.prior_raw, one.cumulative_raw, one.prior_recovered, one.cumulative_recovered)
        return [one.metric, *("–" if value is None else f"{value:.2f}" for value in values)]

    def _notes(self, structure):
        labels = course_labels(self._evaluation)

        def named(courses):
            return ", ".join(labels.get(one, one) for one in courses)

        notes = [
            _("{volume:.2f} cc; EQD2 with α/β {alphaBeta:g} Gy.").format(
                volume=structure.volume_cc, alphaBeta=structure.alpha_beta_gy
            )
        ]
        if structure.unknown_courses:
            text = _("No sum: the dose of {courses} is not known in it.")
            notes.append(text.format(courses=named(structure.unknown_courses)))
        if structure.unreliable_courses:
            text = _("NOT TO BE RELIED ON: the registration of {courses}; use the point worksheet.")
            notes.append(text.format(courses=named(structure.unreliable_courses)))
        if structure.beyond_lq_cc > 0.0:
            text = _("{volume:.2f} cc got more than 10 Gy per fraction, where the linear-quadratic model is uncertain.")
            notes.append(text.format(volume=structure.beyond_lq_cc))
        remarks = [f"{one[:1].upper()}{one[1:]}." for one in dict.fromkeys(one.remark for one in structure.metrics) if one]
        return " ".join((*notes, *remarks))
