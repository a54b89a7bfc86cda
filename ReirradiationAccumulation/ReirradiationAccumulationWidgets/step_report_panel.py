"""The step "Report": what people say and sign, and what is written."""

import pathlib
from dataclasses import replace

from ReirradiationLib.dicom.naming import default_naming_table, read_naming_rules
from ReirradiationLib.model.case import ExportChoice
from ReirradiationLib.model.case_notes_edits import with_export
from ReirradiationLib.session import results_basis
from ReirradiationLib.session_outputs import OutputRequest, is_computed
from slicer.i18n import tr as _

from .controls import NOT_SET, enableOrSayWhyNot
from .outputs_view import OutputsView
from .step_panel import StepPanel
from .task_signing import TaskSigning
from .texts_view import TextsView


class StepReportPanel(StepPanel):
    """Texts, signatures and outputs."""

    uiFile = "AccumulationReport.ui"

    def setup(self):
        ui = self.ui
        self._isFilling = False
        self._written = None  # case and evaluation of the last outputs
        self._keys = {}
        self.texts = TextsView(ui, self.window, self.window.updateButtons)
        self.signing = TaskSigning(ui, self.window, self.window.updateButtons)
        self.outputs = OutputsView(ui, self.window.logic.loadScene)
        self._systems = [rule.system for rule in read_naming_rules(default_naming_table())]
        for system in self._systems:
            ui.planningSystemComboBox.addItem(system)
        ui.planningSystemComboBox.connect("currentIndexChanged(int)", self.onPlanningSystem)
        ui.mappedDosesCheckBox.connect("toggled(bool)", self.onMappedDoses)
        ui.outputPathLineEdit.connect("currentPathChanged(QString)", self.onOutputPath)
        ui.writeButton.connect("clicked(bool)", self.onWrite)

    def show(self):
        self._showWritten()
        self.texts.show(self.document)
        self._keys = self._knownKeys()
        self.signing.show(self.document, self._keys)
        self._showExport()

    def updateButtons(self):
        ui, whyNoCase = self.ui, self.window.whyNoCase()
        self.texts.updateButtons()
        self.signing.updateButtons(whyNoCase or self._whyTyped())
        enableOrSayWhyNot(
            ui.planningSystemComboBox,
            whyNoCase,
            _("Whose rule for names exported structures are made to fit; part of the case."),
        )
        doses = _("Write the physical dose (Gy) of every course on the current CT too, as RTDOSE; part of the case.")
        enableOrSayWhyNot(ui.mappedDosesCheckBox, whyNoCase, doses)
        enableOrSayWhyNot(ui.writeButton, self._whyNotWrite(), self._readyText())
        self.outputs.updateButtons()

    def onPlanningSystem(self, index):
        if index >= 0:
            self._changeExport(lambda export: replace(export, planning_system=self._systems[index]))

    def onMappedDoses(self, isOn):
        self._changeExport(lambda export: replace(export, mapped_doses=isOn))

    def onOutputPath(self, _path):
        if self.window.parameterNode is not None and not self._isFilling:
            self.window.parameterNode.outputFolder = pathlib.Path(self.ui.outputPathLineEdit.currentPath)
            self.window.updateButtons()

    def onWrite(self):
        self.window.attempt(self._startWriting)

    def _startWriting(self):
        request, case = self._request(), self.session.case
        work = self.window.logic.preparedOutputs(request)

        def finish(result):
            evaluation, files = result
            self._written = case, evaluation
            self.outputs.show(request.folder, files)
            self.window.sessionChanged()

        self.outputs.show(None, ())
        self.window.runControl.start(work, finish)

    def _request(self):
        chosen = self.window.parameterNode
        return OutputRequest(chosen.outputFolder, chosen.stage.value, chosen.replaceFormerOutput, chosen.anonymous)

    def _whyTyped(self):
        return _("Take over or discard the typed texts first.") if self.texts.changedTexts() else ""

    def _whyNotWrite(self):
        whyNot = self.window.whyIncomplete() or self._whyTyped()
        if whyNot:
            return whyNot
        if not self.document.is_saved:
            return _("Save the case first: its outputs name its file.")
        chosen = self.window.parameterNode
        return _("Choose an output folder first.") if chosen is None or chosen.outputFolder == NOT_SET else ""

    def _readyText(self):
        if (
            self.window.parameterNode is not None
            and self.document is not None
            and is_computed(self.session, self._request())
        ):
            return _("Write all outputs of what was evaluated; nothing is computed again.")
        return _("Compute the case as it is saved, up to the chosen task, and write all outputs; may take minutes.")

    def _knownKeys(self):
        """Keys by task of what is shown or was written last, as far as that is of the case as it stands."""
        evaluation, isCurrent = self.window.shownEvaluation()
        written = results_basis(self._written[0]) if self._written is not None else None
        if written is not None and written == results_basis(self.document.case):
            return _keys(self._written[1]) | (_keys(evaluation) if isCurrent else {})
        return _keys(evaluation) if isCurrent else {}

    def _showWritten(self):
        """Outputs are of the case that they were written of: no other one offers to open them."""
        if self._written is None:
            return
        if self.document is None or self.document.path != self._written[0].file:
            self._written = None
            self.outputs.show(None, ())
        else:
            self.outputs.showAge(self.document.case != self._written[0])

    def _showExport(self):
        ui = self.ui
        export = self.document.case.export if self.document is not None else ExportChoice()
        folder = self.window.parameterNode.outputFolder if self.window.parameterNode is not None else NOT_SET
        self._isFilling = True
        try:
            names = [system.casefold() for system in self._systems]
            named = export.planning_system.casefold()
            ui.planningSystemComboBox.setCurrentIndex(names.index(named) if named in names else -1)
            ui.mappedDosesCheckBox.setChecked(export.mapped_doses)
            if pathlib.Path(ui.outputPathLineEdit.currentPath) != folder:
                ui.outputPathLineEdit.currentPath = "" if folder == NOT_SET else str(folder)
        finally:
            self._isFilling = False

    def _changeExport(self, change):
        if not self._isFilling and self.document is not None:
            self.window.edit(lambda case: with_export(case, change(case.export)))


def _keys(evaluation):
    if evaluation is None or evaluation.is_anonymous:
        return {}
    return {one.task: one.key for one in evaluation.tasks if one.key}
