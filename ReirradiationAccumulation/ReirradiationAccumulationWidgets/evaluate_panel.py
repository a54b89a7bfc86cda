"""The step "Evaluate": what every structure holds, what is left, and where."""

from ReirradiationLib.report.dose_choices import dose_choices
from ReirradiationLib.session_steps import EVALUATE, EVALUATE_PRIOR
from slicer.i18n import tr as _

from .controls import asToolTip, enableOrSayWhyNot
from .score_view import ScoreView
from .step_panel import StepPanel
from .structure_view import StructureView
from .views import tryToShow


class EvaluatePanel(StepPanel):
    """With or without the new plan; the last evaluation stays in sight, greyed once the case is another one."""

    uiFile = "AccumulationEvaluate.ui"

    def setup(self):
        ui = self.ui
        self._shown = self._path = None
        self._isCurrent = False
        self._doses = ()
        self.scores = ScoreView(ui, self.onStructure, self.onPlace)
        self.structure = StructureView(ui)
        self._greyed = (ui.headlinesTable, ui.scorecardTable, ui.shownStructureComboBox, ui.metricsTable, ui.dvhLabel)
        self._texts = [widget.toolTip for widget in self._greyed]
        ui.withNewPlanRadioButton.setChecked(True)
        ui.evaluateButton.connect("clicked(bool)", self.onEvaluate)
        ui.showDoseButton.connect("clicked(bool)", self.onShowDose)
        ui.isodosesCheckBox.connect("toggled(bool)", self.onIsodoses)

    def show(self):
        evaluation, self._isCurrent = self.window.shownEvaluation()
        self._showChoice()
        if evaluation != self._shown or self._shown is None:
            self._shown = evaluation
            self.scores.show(evaluation)
            self.structure.show(evaluation)
            self._listDoses(evaluation)
        self.ui.evaluationStateLabel.text = self._stateText()
        self.ui.evaluationWidget.setVisible(evaluation is not None)

    def updateButtons(self):
        ui, plan = self.ui, self._hasPlan()
        whyNoCase = self.window.whyNoCase()
        prior = _("Map and add up the prior courses only, as if there were no new plan.")
        enableOrSayWhyNot(ui.priorOnlyRadioButton, whyNoCase, prior)
        noPlan = "" if plan else _("The case names no dose of a new plan.")
        enableOrSayWhyNot(ui.withNewPlanRadioButton, whyNoCase or noPlan, _("Map and add up all courses and the new plan."))
        ready = _(
            "Register the courses, add up their dose, judge the limits, tell what is left; may take minutes. Writes no file."
        )
        enableOrSayWhyNot(ui.evaluateButton, self.window.whyIncomplete(), ready)
        whyNotInViews = self._whyNotInViews() or ("" if self._doses else _("No dose was mapped."))
        enableOrSayWhyNot(
            ui.shownDoseComboBox, whyNotInViews, _("EQD2 sums in Gy (raw, for display), or physical dose in Gy.")
        )
        enableOrSayWhyNot(ui.showDoseButton, whyNotInViews, _("Lay this dose over the current CT in the slice views."))
        lines = _("Lines of equal dose of the dose that is shown, in the slice views and in 3D.")
        enableOrSayWhyNot(ui.isodosesCheckBox, whyNotInViews, lines)
        whyOld = "" if self._isCurrent else _("The case was changed since: evaluate again.")
        for widget, text in zip(self._greyed, self._texts, strict=True):
            widget.enabled = not whyOld
            widget.toolTip = asToolTip(whyOld) if whyOld else text

    def onEvaluate(self):
        # Without a plan both are the same, and the step that goes as far as it can is the one that outputs are written of.
        isPrior = self.ui.priorOnlyRadioButton.checked and self._hasPlan()
        self.window.start(EVALUATE_PRIOR if isPrior else EVALUATE, self.onEvaluated)

    def onEvaluated(self, _evaluated):
        """Put doses, structures, tables and charts into the scene."""
        tryToShow(lambda: self.window.runControl.start(*self.window.logic.preparedResults()))

    def onStructure(self, name):
        self.structure.choose(name)

    def onPlace(self, name):
        self.structure.choose(name)
        if not self._whyNotInViews():
            tryToShow(lambda: self.window.logic.jumpToMaximum(name))

    def onShowDose(self):
        dose, structure = self._dose(), self.ui.shownStructureComboBox.currentText
        tryToShow(lambda: self.window.logic.showDose(dose, structure))
        if self.ui.isodosesCheckBox.checked:
            self.onIsodoses(True)

    def onIsodoses(self, isOn):
        """Levels up to the maximum of the structure that is shown."""
        dose, structure = self._dose() if isOn else None, self.ui.shownStructureComboBox.currentText
        tryToShow(lambda: self.window.logic.showIsodoses(dose, structure))

    def _dose(self):
        return self._doses[self.ui.shownDoseComboBox.currentIndex].quantity

    def _hasPlan(self):
        return self.document is not None and bool(self.document.case.new_course.dose)

    def _showChoice(self):
        """Of another case the choice is that which its plan suggests; else it is the user's."""
        path = self.document.path if self.document is not None else None
        if path != self._path or not self._hasPlan():
            self._path = path
            button = self.ui.withNewPlanRadioButton if self._hasPlan() else self.ui.priorOnlyRadioButton
            button.setChecked(True)

    def _listDoses(self, evaluation):
        box = self.ui.shownDoseComboBox
        box.clear()
        self._doses = dose_choices(evaluation) if evaluation is not None else ()
        for one in self._doses:
            box.addItem(one.title)

    def _stateText(self):
        if self._shown is None:
            return _("Not evaluated yet.")
        text = _("{title} – {stage}. Findings in the records: {findings}.").format(
            title=self._shown.case.title, stage=self._shown.case.stage, findings=len(self._shown.findings)
        )
        if not self._isCurrent:
            return _("The case was changed since: evaluate again.") + "\n" + text
        kept = _("As kept in the scene; evaluate again to see doses in the views.")
        return text if self.session.evaluated is not None else f"{text}\n{kept}"

    def _whyNotInViews(self):
        if self._shown is None:
            return self.window.whyBusy() or _("Evaluate first.")
        if not self._isCurrent:
            return self.window.whyBusy() or _("The case was changed since: evaluate again.")
        if self.session.evaluated is None:
            return self.window.whyBusy() or _("Kept in the scene as numbers only: evaluate again to see doses in the views.")
        return self.window.whyBusy()
