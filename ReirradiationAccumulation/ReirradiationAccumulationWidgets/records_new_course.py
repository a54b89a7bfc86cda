"""Records: what is prescribed now, whether the new plan is used, and targets with doses of their own."""

import pathlib

from ReirradiationLib.model import case_edits
from ReirradiationLib.model.planning_choice import Target
from slicer.i18n import tr as _

from .controls import NOT_SET, asToolTip, enableOrSayWhyNot
from .panel_parts import FilledWith, Number, onClick, quietly, setItems
from .step_panel import StepPanel


class NewCoursePart(StepPanel):
    """The prescription is taken over by its button, the plan by its tick, and each target by its own button."""

    def setup(self):
        self._filled, self._filledPlan = FilledWith(), FilledWith()
        self._takenOut = None  # path of the case, and its NewCourse with the plan that was taken out, to be put back
        self._prescription, self._targetDose = Number(self.ui.prescriptionSpinBox), Number(self.ui.targetDoseSpinBox)
        for spinBox, signal in (
            (self.ui.prescriptionSpinBox, "valueChanged(double)"),
            (self.ui.newFractionsSpinBox, "valueChanged(int)"),
            (self.ui.targetDoseSpinBox, "valueChanged(double)"),
        ):
            spinBox.connect(signal, lambda _value: self.updateButtons())
        self.ui.targetComboBox.connect("currentIndexChanged(int)", lambda _index: self.onTargetChosen())
        for line in (self.ui.newPlanPathLineEdit, self.ui.newDosePathLineEdit):
            line.connect("currentPathChanged(QString)", lambda _path="": self.updateButtons())
        self.ui.newPlanCheckBox.connect("clicked(bool)", self.onNewPlanCheckBox)
        onClick(self.ui.applyPrescriptionButton, self.onApplyButton)
        onClick(self.ui.setTargetButton, self.onSetTargetButton)
        onClick(self.ui.removeTargetButton, self.onRemoveTargetButton)

    def show(self):
        case = self.document.case if self.document else None
        new = case.new_course if case else None
        path = self.document.path if self.document else None
        if self._filled.isNew(path, new and (new.prescription_gy, new.fractions)):
            self._prescription.fill(new.prescription_gy if new else 0.0)
            self.ui.newFractionsSpinBox.value = new.fractions if new else 0
        if self._filledPlan.isNew(path, new and (new.plan, new.dose)):
            self._fillPlan(path, new)
        quietly(self.ui.newPlanCheckBox, lambda: self.ui.newPlanCheckBox.setChecked(bool(new and new.dose)))
        setItems(self.ui.targetComboBox, [one.name for one in case.structures] if case else [])
        self.ui.targetsLabel.text = self._targetsText(new)

    def updateButtons(self):
        whyNot, new = self.window.whyNoCase(), self._new()
        for widget, tip in (
            (self.ui.prescriptionSpinBox, _("Physical dose of the new course in all its fractions, in Gy.")),
            (self.ui.newFractionsSpinBox, _("Number of fractions of the new course.")),
        ):
            enableOrSayWhyNot(widget, whyNot, tip)
        same = new is not None and self._typed() == (new.prescription_gy, new.fractions)
        unchanged = _("Nothing is changed.") if same else ""
        enableOrSayWhyNot(self.ui.applyPrescriptionButton, whyNot or unchanged, _("Take the prescription into the case."))
        ready = _("Ticked, the plan and its dose are part of the case; without it the prior courses alone are added up.")
        enableOrSayWhyNot(self.ui.newPlanCheckBox, whyNot or self._whyNoPlan(new), ready)
        isUsed = _("Untick the plan first to name other files.") if new is not None and new.dose else ""
        enableOrSayWhyNot(self.ui.newPlanPathLineEdit, whyNot or isUsed, _("The RTPLAN or RTIONPLAN of the new course."))
        ready = _("The RTDOSE of the new plan; several BEAM doses are named in the case file.")
        enableOrSayWhyNot(self.ui.newDosePathLineEdit, whyNot or isUsed, ready)
        noTarget = "" if self.ui.targetComboBox.count else _("The case has no structure yet.")
        ready = _("A target whose prescription differs from that of the course.")
        enableOrSayWhyNot(self.ui.targetComboBox, whyNot or noTarget, ready)
        noDose = "" if self.ui.targetDoseSpinBox.value > 0 else _("Enter the dose of the target first.")
        ready = _("Prescribe this dose to the target.")
        enableOrSayWhyNot(self.ui.setTargetButton, whyNot or noTarget or noDose, ready)
        notListed = "" if self._target() is not None else _("This target has no dose of its own.")
        ready = _("Prescribe the dose of the course to the target.")
        enableOrSayWhyNot(self.ui.removeTargetButton, whyNot or notListed, ready)

    def onApplyButton(self):
        prescription, fractions = self._typed()
        self.window.edit(lambda case: case_edits.with_prescription(case, prescription, fractions))

    def onNewPlanCheckBox(self, isUsed):
        new = self._new()
        if not isUsed:
            self._takenOut = (self.document.path, new)
            self.window.edit(lambda case: case_edits.with_new_plan(case, None, ()))
            return
        plan, dose = (self._path(line) for line in (self.ui.newPlanPathLineEdit, self.ui.newDosePathLineEdit))
        doses, rbe = (dose,), None
        path, former = self._takenOut or (None, None)
        if path == self.document.path and (plan, dose) == (former.plan, former.dose[0]):  # all that was taken out
            doses, rbe = former.dose, former.rbe
        self.window.edit(lambda case: case_edits.with_new_plan(case, plan, doses, rbe))

    def onTargetChosen(self):
        target = self._target()
        if target is not None:
            self._targetDose.fill(target.prescription_gy)
        self.updateButtons()

    def onSetTargetButton(self):
        target = Target(self.ui.targetComboBox.currentText, self._targetDose.value())
        self._editTargets(lambda others: (*others, target))

    def onRemoveTargetButton(self):
        self._editTargets(lambda others: others)

    def _editTargets(self, change):
        name = self.ui.targetComboBox.currentText

        def edit(case):
            new = case.new_course
            others = tuple(one for one in new.targets if one.structure != name)
            return case_edits.with_prescription(case, new.prescription_gy, new.fractions, change(others))

        self.window.edit(edit)

    def _fillPlan(self, path, new):
        """The files of the plan; those of one that was taken out of this very case stay, to be put back."""
        if new is not None and not new.dose and self._takenOut is not None and self._takenOut[0] == path:
            return
        for line, path in (
            (self.ui.newPlanPathLineEdit, new.plan if new else None),
            (self.ui.newDosePathLineEdit, new.dose[0] if new and new.dose else None),
        ):
            line.currentPath = str(path) if path else ""
            line.toolTip = asToolTip(str(path) if path else "")

    def _whyNoPlan(self, new):
        if new is None or new.dose:
            return ""
        return "" if self._path(self.ui.newDosePathLineEdit) else _("Choose the dose of the new plan first.")

    @staticmethod
    def _path(line):
        path = pathlib.Path(line.currentPath)
        return None if path == NOT_SET else path

    @staticmethod
    def _targetsText(new):
        if new is None or not new.targets:
            return _("All targets get the prescription of the course.")
        return ", ".join(
            _("{name}: {dose:g} Gy").format(name=one.structure, dose=one.prescription_gy) for one in new.targets
        )

    def _typed(self):
        return self._prescription.value(), self.ui.newFractionsSpinBox.value

    def _new(self):
        return self.document.case.new_course if self.document else None

    def _target(self):
        new, name = self._new(), self.ui.targetComboBox.currentText
        return next((one for one in new.targets if one.structure == name), None) if new else None
