"""The tab "What is left": prescription, feasibility, fractionation and the type of reirradiation."""

from ReirradiationAccumulationWidgets.controls import asToolTip, enableOrSayWhyNot
from ReirradiationAccumulationWidgets.panel_parts import Number
from ReirradiationAccumulationWidgets.step_panel import StepPanel
from ReirradiationAccumulationWidgets.tables import GREEN, ORANGE, RED, fillTable, fitColumns
from ReirradiationLib.model.case_edits import with_prescription
from ReirradiationLib.report.feasibility_section import FEASIBILITY_CLASS, binding_text
from ReirradiationLib.report.marks import MARK, unreliable_note
from slicer.i18n import tr as _

from .fractionation_picture import fractionationPicture
from .screening_form import ScreeningForm

LAST_WIDTH = 84
COLOURS = {"met": GREEN, "open": ORANGE, "bad": RED}


class FeasibilityPanel(StepPanel):
    """What is shown is of the case as it stands, or nothing is."""

    uiFile = "OptFeasibility.ui"

    def setup(self):
        self._isFilling, self._shownCourse = False, None
        self._doseGy, self._fractions = Number(self.ui.prescriptionSpinBox), Number(self.ui.fractionsSpinBox)
        self.screening = ScreeningForm(self.ui, self.window)
        self.ui.prescribeButton.connect("clicked(bool)", self.onPrescribeButton)
        self.ui.prescriptionSpinBox.connect("valueChanged(double)", self._onEntered)
        self.ui.fractionsSpinBox.connect("valueChanged(int)", self._onEntered)
        self.ui.shownFractionsSpinBox.connect("valueChanged(int)", self.onShownFractionsChanged)

    def show(self):
        evaluation = self.window.currentEvaluation()
        planning = evaluation.planning if evaluation else None
        self._isFilling = True
        try:
            self._showCourse()
        finally:
            self._isFilling = False
        self._showFeasibility(planning.feasibility if planning else None)
        self._showFractionation(planning.fractionation if planning else None)
        self.screening.show(self.document.case if self.document else None, planning.screening if planning else None)

    def updateButtons(self):
        noCase = self.window.whyNoCase()
        for widget in (self.ui.prescriptionSpinBox, self.ui.fractionsSpinBox):
            widget.setEnabled(not noCase)
        same = "" if noCase or self._entered() != self._ofCase() else _("Nothing is changed.")
        ready = _("Plan for another prescription; numbers are computed anew (tab 4).")
        enableOrSayWhyNot(self.ui.prescribeButton, noCase or same, ready)
        self.screening.updateButtons()

    def onPrescribeButton(self):
        doseGy, fractions = self._entered()
        self.window.edit(lambda case: with_prescription(case, doseGy, fractions))

    def onShownFractionsChanged(self, _number=None):
        evaluation = self.window.currentEvaluation()
        if not self._isFilling and evaluation:
            self._showFractionation(evaluation.planning.fractionation)

    def _onEntered(self, _value=None):
        if not self._isFilling:
            self.window.updateButtons()

    def _entered(self):
        return self._doseGy.value(), int(self._fractions.value())

    def _ofCase(self):
        new = self.document.case.new_course
        return new.prescription_gy, new.fractions

    def _showCourse(self):
        """Fill in the prescription, but not over what is being typed."""
        ofCase = (str(self.document.path), *self._ofCase()) if self.document else None
        if ofCase is not None and ofCase != self._shownCourse:
            self._doseGy.fill(ofCase[1])
            self._fractions.fill(ofCase[2])
            self.ui.shownFractionsSpinBox.setValue(ofCase[2])
        self._shownCourse = ofCase

    def _showFeasibility(self, feasibility):
        table = self.ui.feasibilityTable
        if feasibility is None:
            self.ui.bindingLabel.text = self.window.whyNoCase() or self.window.howToGetResults()
            self.ui.feasibilityNotesLabel.text = ""
            fillTable(table, [], numeric=())
            return
        organs, others = feasibility.organs, feasibility.not_planned
        self.ui.bindingLabel.text = binding_text(feasibility) if organs else _("No organ of a limit lies near a target.")
        table.horizontalHeaderItem(2).setText(_("Left in {n}\nfx [Gy]").format(n=feasibility.fractions))
        rows = [self._texts(organ) for organ in organs]
        rows += [[self._nameText(one.limit, ""), "–", "–", "–", _("not planned by")] for one in others]
        colours = [RED if one.unreliable_courses else COLOURS[FEASIBILITY_CLASS[one.state]] for one in organs]
        colours += [ORANGE if one.is_unknown else (255, 255, 255) for one in others]
        fillTable(table, rows, numeric=(1, 2, 3), colours=colours)
        fitColumns(table, LAST_WIDTH)
        for row, one in enumerate((*organs, *others)):
            table.item(row, 0).setToolTip(asToolTip(one.limit.source))
        for row, one in enumerate(others, len(organs)):
            table.item(row, 4).setToolTip(asToolTip(one.reason))
        for row, organ in enumerate(organs):
            for column in (1, 2, 3, 4):
                table.item(row, column).setToolTip(asToolTip(self._whereText(organ)))
        notes = [f"{one.limit.structure}: {note}." for one in organs for note in self._notes(one)]
        notes += [_("{organ}: {why}.").format(organ=one.limit.structure, why=one.reason) for one in others]
        self.ui.feasibilityNotesLabel.text = "\n".join(dict.fromkeys(notes))

    @staticmethod
    def _whereText(organ):
        text = _("P {p:.2f} + R {r:.2f} Gy EQD2; P is {metric}, {region} ({volume:.2f} cc)")
        values = {"p": organ.prior_eqd2_gy, "r": organ.new_eqd2_gy, "metric": organ.prior_metric}
        return "; ".join([text.format(**values, region=organ.region, volume=organ.region_cc), *organ.remarks])

    @staticmethod
    def _notes(organ):
        unreliable = [unreliable_note(organ.unreliable_courses)] if organ.unreliable_courses else []
        return [*unreliable, *organ.remarks]

    @staticmethod
    def _nameText(limit, mark):
        text = _("{organ}{mark}\n{metric} ≤ {limit:g} Gy\n{basis}, α/β {alphaBeta:g} Gy")
        return text.format(
            organ=limit.structure,
            mark=mark,
            metric=limit.metric.removesuffix("[Gy]"),
            limit=limit.limit_eqd2_gy,
            basis=limit.basis,
            alphaBeta=limit.alpha_beta_gy,
        )

    def _texts(self, organ):
        bound = "≤ " if organ.left_is_at_most else ""
        overlaps = [f"{one.target}:\n{one.volumes[0].volume_cc:.2f}" for one in organ.compromised if one.volumes]
        state = f"{organ.state}; {_('binding')}" if organ.is_binding else organ.state
        name = self._nameText(organ.limit, f" {MARK}" if organ.unreliable_courses else "")
        each = _("({dose:.2f} each)").format(dose=organ.left_per_fraction_gy)
        physical = f"{bound}{organ.left_physical_gy:.2f}\n{each}"
        return [name, f"{bound}{organ.left_eqd2_gy:.2f}", physical, "\n".join(overlaps) or "–", state]

    def _showFractionation(self, summary):
        self.ui.fractionationBox.setVisible(summary is not None)
        if summary is None:
            return
        fractions = int(self.ui.shownFractionsSpinBox.value)
        picture = fractionationPicture(summary, fractions)
        self.ui.fractionationFigureLabel.setPixmap(picture)
        self.ui.fractionationFigureLabel.setMinimumHeight(picture.height())
        self.ui.shownFractionsLabel.text = self._numbersText(summary, fractions)

    @staticmethod
    def _numbersText(summary, fractions):
        found = [one for one in summary.doses if one.fractions == fractions]
        lines = []
        for one in found:
            text = _("At most {dose:.2f} Gy uniform, {each:.2f} Gy per fraction{beyond}; {eqd2:.2f} Gy EQD2 of the tumour.")
            beyond = _(" (above 10 Gy: extrapolated)") if one.is_beyond_lq else ""
            each = one.per_fraction_gy
            lines.append(text.format(dose=one.dose_gy, each=each, beyond=beyond, eqd2=one.tumour_eqd2_gy))
            lines.append(_("Bound by {limits}.").format(limits="; ".join(one.binding)))
        lines += [_("May be less: {doubt}.").format(doubt=doubt) for doubt in summary.doubts]
        return "\n".join(lines)
