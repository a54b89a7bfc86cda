"""What lies in the output folder, and what can be opened of it."""

import qt
import slicer
from ReirradiationLib.dicom.validate.validation import Validation
from ReirradiationLib.write_outputs import SCENE_FILE
from ReirradiationLib.write_report import REPORT_FILE, REPORT_PDF
from slicer.i18n import tr as _

from .controls import asToolTip, enableOrSayWhyNot, shortName
from .tables import GREEN, ORANGE, RED, fillTable, paint, selectedRow, stretchColumn


class OutputsView:
    """The files of the last output; ``loadScene(folder)`` adds its scene to the current one."""

    def __init__(self, ui, loadScene):
        self.ui = ui
        self._loadScene = loadScene
        self._folder, self._files = None, ()
        stretchColumn(ui.outputsTable, 1)
        ui.outputsTable.connect("itemSelectionChanged()", self.showDetails)
        ui.openReportButton.connect("clicked(bool)", lambda _checked=False: self._open(REPORT_FILE))
        ui.openPdfButton.connect("clicked(bool)", lambda _checked=False: self._open(REPORT_PDF))
        ui.openFolderButton.connect("clicked(bool)", lambda _checked=False: self._open(""))
        ui.loadSceneButton.connect("clicked(bool)", self.onLoadSceneButton)
        self.show(None, ())

    def show(self, folder, files):
        """Show the OutputFiles of a folder, or that there is none."""
        self._folder, self._files = folder, files
        table = self.ui.outputsTable
        table.clearSelection()
        fillTable(table, [[one.name, one.purpose, checkText(one)] for one in files], numeric=())
        for row, one in enumerate(files):
            if one.is_dicom:
                paint(table.item(row, 2), _colour(one))
            for column in range(3):
                table.item(row, column).setToolTip(asToolTip(one.why_not_checked or table.item(row, column).text()))
        for widget in (table, self.ui.outputDetailsTextEdit):
            widget.setVisible(bool(files))
        self.ui.writtenLabel.toolTip = asToolTip(str(folder or ""))
        self.ui.writtenLabel.setVisible(folder is not None)
        self.showAge(False)
        self.showDetails()

    def showAge(self, isOld):
        """Say whether the case was changed since the outputs were written."""
        text = _("Written: {folder}").format(folder=shortName(self._folder)) if self._folder is not None else ""
        old = _("The case was changed since: write again.")
        self.ui.writtenLabel.text = f"{text}\n{old}" if text and isOld else text

    def updateButtons(self):
        none = "" if self._folder is not None else _("Write outputs first.")
        pdf = none or self._whyAbsent(REPORT_PDF, _("No PDF was written: print the report from the web browser instead."))
        scene = none or self._whyAbsent(SCENE_FILE, self._whyNoScene())
        enableOrSayWhyNot(self.ui.openReportButton, none, _("Open the report in the web browser."))
        enableOrSayWhyNot(self.ui.openPdfButton, pdf, _("Open the report as it is printed, on pages."))
        enableOrSayWhyNot(self.ui.openFolderButton, none, _("Open the folder in the file manager."))
        enableOrSayWhyNot(self.ui.loadSceneButton, scene, _("Add CT, doses and structures to the current scene."))

    def showDetails(self):
        row = selectedRow(self.ui.outputsTable)
        text = _("Choose a DICOM object to see every rule that it was checked against.")
        if 0 <= row < len(self._files):
            text = _detailText(self._files[row])
        if text != self.ui.outputDetailsTextEdit.plainText:
            self.ui.outputDetailsTextEdit.setPlainText(text)

    def onLoadSceneButton(self):
        with slicer.util.tryWithErrorDisplay(_("The scene could not be loaded."), waitCursor=True):
            self._loadScene(self._folder)

    def _whyAbsent(self, name, reason):
        return "" if (self._folder / name).is_file() else reason

    def _whyNoScene(self):
        names = {one.name for one in self._files}
        if any(one.is_dicom for one in self._files) or not names:
            return _("No scene was written.")
        return _(
            "There is no scene: no dose was mapped at the stage of the records, and an anonymised output is the report only."
        )

    def _open(self, name):
        with slicer.util.tryWithErrorDisplay(_("It could not be opened.")):
            path = self._folder.resolve() / name
            if not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path))):
                raise RuntimeError(_("No program opens {path}.").format(path=path))


def checkText(file):
    """Whether planning systems will take a file, in a few words."""
    if not file.is_dicom:
        return "–"
    if file.validation is None:
        return _("NOT CHECKED")
    if not file.validation.acceptable:
        return _("NOT ACCEPTABLE")
    found = sum(bool(rule.findings) for rule in file.validation.rules)
    return _("acceptable, {number} remarks").format(number=found) if found else _("acceptable")


def _colour(file):
    if file.validation is None or not file.validation.acceptable:
        return RED
    return ORANGE if any(rule.findings for rule in file.validation.rules) else GREEN


def _detailText(file):
    if isinstance(file.validation, Validation):
        return "\n".join(file.validation.lines())
    return file.why_not_checked or file.purpose
