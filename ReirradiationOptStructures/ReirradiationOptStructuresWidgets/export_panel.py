"""The tab "Export": files for the planning system, and what the checks say of each."""

import dataclasses
import pathlib

from ReirradiationAccumulationWidgets.controls import NOT_SET, asToolTip, enableOrSayWhyNot
from ReirradiationAccumulationWidgets.step_panel import StepPanel
from ReirradiationAccumulationWidgets.tables import GREEN, ORANGE, RED, fillTable
from ReirradiationLib.dicom.naming import default_naming_table, read_naming_rules
from ReirradiationLib.export_planning import why_nothing_to_export
from ReirradiationLib.model.case import Holes
from ReirradiationLib.model.errors import ReirradiationError
from slicer.i18n import tr as _


class ExportPanel(StepPanel):
    """Names and holes are choices of the case; the folder is one of the window."""

    uiFile = "OptExport.ui"

    def setup(self):
        self._isFilling, self._written, self._exported = False, None, None
        self._systems = self._readSystems()
        for system in self._systems:
            self.ui.systemComboBox.addItem(_("any") if system == "any" else system)
        for holes, label in {Holes.KEYHOLE: _("keyhole"), Holes.XOR: _("exclusive or (CLOSEDPLANAR_XOR)")}.items():
            self.ui.holesComboBox.addItem(label, holes.value)
        self.ui.systemComboBox.connect("currentIndexChanged(int)", self.onChoice)
        self.ui.holesComboBox.connect("currentIndexChanged(int)", self.onChoice)
        self.ui.appendCheckBox.connect("toggled(bool)", self.onChoice)
        self.ui.exportPathLineEdit.connect("currentPathChanged(QString)", self.onPathChanged)
        self.ui.exportButton.connect("clicked(bool)", self.onExportButton)

    def show(self):
        choice = self.document.case.export if self.document else None
        self._isFilling = True
        try:
            if choice is not None:
                self._showChoice(choice)
            node = self.window.parameterNode
            if node is not None and node.exportFolder != pathlib.Path(self.ui.exportPathLineEdit.currentPath):
                self.ui.exportPathLineEdit.currentPath = "" if node.exportFolder == NOT_SET else str(node.exportFolder)
        finally:
            self._isFilling = False
        self._showWritten()

    def updateButtons(self):
        noCase = self.window.whyNoCase()
        for widget in (self.ui.systemComboBox, self.ui.holesComboBox, self.ui.appendCheckBox):
            widget.setEnabled(not noCase)
        enableOrSayWhyNot(
            self.ui.exportButton, self._whyNotExport(), _("Write all files into the new folder and check them.")
        )

    def onChoice(self, _value=None):
        if self._isFilling or not self.document:
            return
        systems = [*self._systems, self.document.case.export.planning_system]
        choice = dataclasses.replace(
            self.document.case.export,
            planning_system=systems[self.ui.systemComboBox.currentIndex],
            holes=list(Holes)[self.ui.holesComboBox.currentIndex],
            append=bool(self.ui.appendCheckBox.checked),
        )
        self.window.edit(lambda case: dataclasses.replace(case, export=choice))

    def onPathChanged(self, path=""):
        if not self._isFilling and self.window.parameterNode is not None:
            self.window.parameterNode.exportFolder = pathlib.Path(path)
        self.window.updateButtons()

    def onExportButton(self):
        logic, folder = self.window.logic, pathlib.Path(self.ui.exportPathLineEdit.currentPath)
        results = logic.results
        self._written = self._exported = None
        self._showWritten()

        def onExported(exported):
            self._written, self._exported = results.case, exported
            self.ui.exportPathLineEdit.addCurrentPathToHistory()
            self._showWritten()

        self.window.runControl.start(lambda run: logic.exportPlanningInBackground(results, folder, run), onExported)

    def _whyNotExport(self):
        if whyNot := self.window.whyNoResults():
            return whyNot
        if nothing := why_nothing_to_export(self.window.logic.results):
            return _("There is nothing to export: {why}.").format(why=nothing)
        path = pathlib.Path(self.ui.exportPathLineEdit.currentPath)
        return _("Choose a new folder first.") if path == NOT_SET else ""

    @staticmethod
    def _readSystems():
        try:
            return [rule.system for rule in read_naming_rules(default_naming_table())]
        except ReirradiationError:
            return []  # the export tells what is wrong with the table

    def _showChoice(self, choice):
        box = self.ui.systemComboBox
        while box.count > len(self._systems):
            box.removeItem(box.count - 1)
        known = [system.casefold() for system in self._systems]
        if choice.planning_system.casefold() not in known:
            box.addItem(_("{system} (no naming rule)").format(system=choice.planning_system))
            known.append(choice.planning_system.casefold())
        box.setCurrentIndex(known.index(choice.planning_system.casefold()))
        self.ui.holesComboBox.setCurrentIndex(list(Holes).index(choice.holes))
        self.ui.appendCheckBox.setChecked(choice.append)

    def _showWritten(self):
        if self._written is not None and (self.document is None or self.document.path != self._written.file):
            self._written = self._exported = None  # of another case
        exported = self._exported
        self.ui.reimportLabel.text = self._hintText() if exported else ""
        self.ui.exportLabel.text = self._summaryText(exported)
        validations = exported.validations if exported else ()
        rows = [[one.file.name, one.kind, *self._verdictTexts(one)] for one in validations]
        colours = [self._colour(one) for one in validations]
        fillTable(self.ui.verdictTable, rows, numeric=(), colours=colours)
        for row, one in enumerate(validations):
            for column in range(self.ui.verdictTable.columnCount):
                self.ui.verdictTable.item(row, column).setToolTip(asToolTip(self._rulesText(one)))
        self.ui.verdictTable.setVisible(bool(rows))

    def _summaryText(self, exported):
        if exported is None:
            return _(
                "Writes optimization structures and isodose lines (RTSTRUCT), the constraint sheet (CSV, JSON, text), the "
                "remaining dose (RTDOSE) and the point worksheet (CSV)."
            )
        others = [name for name in exported.files if not name.endswith(".dcm")]
        text = _("{number} files are in {folder}; beside DICOM: {others}.")
        text = text.format(number=len(exported.files), folder=exported.folder, others=", ".join(others))
        isOf = self.document is not None and self.document.case == self._written
        return text if isOf else f"{text} {_('The case was changed since they were written.')}"

    @staticmethod
    def _verdictTexts(validation):
        failed = [rule.interlock.identifier for rule in validation.rules if rule.findings]
        passed = sum(rule.checked and not rule.findings for rule in validation.rules)
        verdict = _("acceptable") if validation.acceptable else _("NOT acceptable")
        text = _("{verdict}: {passed} of {rules} rules passed").format(
            verdict=verdict, passed=passed, rules=len(validation.rules)
        )
        return [", ".join(failed) or _("none"), text]

    @staticmethod
    def _colour(validation):
        if not validation.acceptable:
            return RED
        return ORANGE if any(rule.findings for rule in validation.rules) else GREEN

    @staticmethod
    def _rulesText(validation):
        lines = [f"{rule.interlock.identifier}: {rule.state}" for rule in validation.rules if rule.findings]
        lines += [str(finding) for rule in validation.rules for finding in rule.findings[:3]]
        return "; ".join(lines) or _("Every rule passed.")

    @staticmethod
    def _hintText():
        return _(
            "After the import, export the structure set from the planning system again and compare: reirradiation validate "
            "optimization_structures.dcm --against RE-EXPORTED.dcm tells volumes and distances of every structure."
        )
