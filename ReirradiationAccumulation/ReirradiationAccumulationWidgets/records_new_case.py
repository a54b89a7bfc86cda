"""Records: a case of folders of DICOM files, or of what is loaded in the scene."""

import pathlib

import slicer
from ReirradiationLib.case_document import create_case
from ReirradiationLib.case_drafting import draft_of_folders
from slicer.i18n import tr as _

from .controls import NOT_SET, asToolTip, enableOrSayWhyNot
from .panel_parts import FilledWith, onClick, selectedEntry
from .step_panel import StepPanel


class NewCasePart(StepPanel):
    """Folders, the new case file, and the remarks on how its draft came about."""

    def setup(self):
        self._folders = []
        self._remarks, self._remarksOf = (), None
        self._shownCase = FilledWith()
        onClick(self.ui.addFolderButton, self.onAddFolderButton)
        onClick(self.ui.removeFolderButton, self.onRemoveFolderButton)
        onClick(self.ui.draftButton, self.onDraftButton)
        onClick(self.ui.adoptButton, self.onAdoptButton)
        self.ui.recordFoldersList.connect("itemSelectionChanged()", self.updateButtons)
        for line in (self.ui.recordFolderPathLineEdit, self.ui.newCasePathLineEdit):
            line.connect("currentPathChanged(QString)", lambda _path="": self.updateButtons())

    def show(self):
        path = self.document.path if self.document else None
        if self._shownCase.isNew(path):
            self.ui.newCaseCollapsibleButton.collapsed = path is not None and path != self._remarksOf
        remarks = self._remarks if path is not None and path == self._remarksOf else ()
        self.ui.remarksList.clear()
        self.ui.remarksList.addItems(list(remarks))
        for widget in (self.ui.remarksLabel, self.ui.remarksList):
            widget.setVisible(bool(remarks))

    def updateButtons(self):
        folder = pathlib.Path(self.ui.recordFolderPathLineEdit.currentPath)
        noFolder = _("Choose a folder first.") if folder == NOT_SET else ""
        if folder in self._folders:
            noFolder = _("This folder is in the list already.")
        noFolder = self.window.whyBusy() or noFolder
        enableOrSayWhyNot(self.ui.addFolderButton, noFolder, _("Add the folder to those that are looked through."))
        noRow = "" if self._selectedFolder() >= 0 else _("Select a folder in the list first.")
        enableOrSayWhyNot(self.ui.removeFolderButton, self.window.whyBusy() or noRow, _("Leave the selected folder out."))
        noFolders = "" if self._folders else _("Add a folder first.")
        ready = _("Find the courses in the folders and write a draft of the case; everything else stays as it is.")
        enableOrSayWhyNot(self.ui.draftButton, self._whyNoNewCase() or noFolders, ready)
        ready = _("Make a case of the doses, structures and images that are loaded in the scene.")
        enableOrSayWhyNot(self.ui.adoptButton, self._whyNoNewCase() or self.window.logic.whyNotAdopt(), ready)

    def onAddFolderButton(self):
        self._folders.append(pathlib.Path(self.ui.recordFolderPathLineEdit.currentPath))
        self._showFolders()

    def onRemoveFolderButton(self):
        del self._folders[self._selectedFolder()]
        self._showFolders()

    def onDraftButton(self):
        folders, caseFile = tuple(self._folders), self._newCaseFile()
        newCourse = self.ui.newCourseNumberSpinBox.value or None  # 0 is shown as "the latest"

        def work(run):
            return draft_of_folders(folders, caseFile, newCourse, run.report_progress, run.cancelled.is_set)

        self.window.runControl.start(work, self.onDrafted)

    def onDrafted(self, draft):
        def take():
            self.session.take(create_case(draft.case))
            self._remember(draft.remarks)

        if self.window.attempt(take):
            self._folders = []  # the next case may be of another patient
            self._showFolders()

    def onAdoptButton(self):
        newCourse = self.ui.newCourseNumberSpinBox.value or None
        with slicer.util.tryWithErrorDisplay(_("What is loaded could not be adopted."), waitCursor=True):
            work, keep = self.window.logic.preparedAdoption(str(self._newCaseFile()), newCourse)

            def take(adoption):
                keep(adoption)
                self._remember(adoption.draft.remarks)

            self.window.runControl.start(work, lambda adoption: self.window.attempt(lambda: take(adoption)))

    def _remember(self, remarks):
        self._remarks, self._remarksOf = tuple(remarks), self.document.path
        self.ui.newCourseNumberSpinBox.value = 0

    def _newCaseFile(self):
        return pathlib.Path(self.ui.newCasePathLineEdit.currentPath)

    def _whyNoNewCase(self):
        if self.window.whyBusy():
            return self.window.whyBusy()
        if self.document is not None and not self.document.is_saved:
            return _("Save the case that is open first.")
        file = self._newCaseFile()
        if file == NOT_SET:
            return _("Choose a name for the new case file first.")
        if file.suffix != ".json":
            return _("The case file must end in .json.")
        return _("There is a file of this name already: choose another one.") if file.exists() else ""

    def _selectedFolder(self):
        return selectedEntry(self.ui.recordFoldersList)

    def _showFolders(self):
        self.ui.recordFoldersList.clear()
        self.ui.recordFoldersList.addItems([str(folder) for folder in self._folders])
        for row, folder in enumerate(self._folders):
            self.ui.recordFoldersList.item(row).setToolTip(asToolTip(str(folder)))
        self.updateButtons()
