"""Records: a course that only a paper record tells of, one dose per organ."""

from ReirradiationLib.model import case_edits
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.typed_entry import typed_day, typed_text
from slicer.i18n import tr as _

from .controls import enableOrSayWhyNot
from .panel_parts import FilledWith, onClick, onReturn, selectedEntry, setItems
from .step_panel import StepPanel


class RecordCoursePart(StepPanel):
    """The doses are gathered in a list; the course is put into the case at once."""

    def setup(self):
        self._points, self._shownCase = [], FilledWith()
        onClick(self.ui.addPointButton, self.onAddPointButton)
        onClick(self.ui.removePointButton, self.onRemovePointButton)
        onClick(self.ui.addRecordCourseButton, self.onAddCourseButton)
        for edit in (self.ui.recordLabelLineEdit, self.ui.recordDateLineEdit, self.ui.pointSourceLineEdit):
            edit.connect("textChanged(QString)", lambda _text: self.updateButtons())
        onReturn(self.ui.pointSourceLineEdit, self.ui.addPointButton)
        self.ui.pointOrganComboBox.connect("currentIndexChanged(int)", lambda _index: self.updateButtons())
        self.ui.pointsList.connect("itemSelectionChanged()", self.updateButtons)

    def show(self):
        if self._shownCase.isNew(self.document.path if self.document else None):  # what was typed is of another patient
            self._clear()
        names = [one.name for one in self.document.case.structures] if self.document else []
        setItems(self.ui.pointOrganComboBox, names)
        self._points = [point for point in self._points if point.structure in names]
        self._showPoints()

    def updateButtons(self):
        whyNot = self.window.whyNoCase()
        ready = _("Add the dose of this organ to the course.")
        enableOrSayWhyNot(self.ui.addPointButton, whyNot or self._whyNoPoint(), ready)
        noRow = "" if self._selectedPoint() >= 0 else _("Select a dose in the list first.")
        enableOrSayWhyNot(self.ui.removePointButton, whyNot or noRow, _("Leave the selected dose out."))
        noPoints = "" if self._points else _("Add the dose of an organ first.")
        noLabel = "" if self.ui.recordLabelLineEdit.text.strip() else _("Enter a label first.")
        ready = _("Put the course with its doses into the case.")
        enableOrSayWhyNot(self.ui.addRecordCourseButton, whyNot or noPoints or noLabel, ready)

    def onAddPointButton(self):
        self._points.append(
            PointDose(
                structure=self.ui.pointOrganComboBox.currentText,
                dose_gy=self.ui.pointDoseSpinBox.value,
                fractions=self.ui.pointFractionsSpinBox.value,
                date=None,
                source=self.ui.pointSourceLineEdit.text.strip(),
            )
        )
        self._showPoints()
        self.updateButtons()

    def onRemovePointButton(self):
        del self._points[self._selectedPoint()]
        self._showPoints()
        self.updateButtons()

    def onAddCourseButton(self):
        label, date, points = self.ui.recordLabelLineEdit.text, self.ui.recordDateLineEdit.text, tuple(self._points)

        def change(case):
            name = typed_text(label, _("Label of the course"))
            day = typed_day(date, _("Course '{label}': date").format(label=name))
            return case_edits.with_course(case, case_edits.course_of_points(case, name, day, points))

        if self.window.edit(change):
            self._clear()
            self._showPoints()
            self.updateButtons()

    def _clear(self):
        self._points = []
        for edit in (self.ui.recordLabelLineEdit, self.ui.recordDateLineEdit, self.ui.pointSourceLineEdit):
            edit.text = ""
        self.ui.pointDoseSpinBox.value, self.ui.pointFractionsSpinBox.value = 0.0, 1

    def _whyNoPoint(self):
        if not self.ui.pointOrganComboBox.count:
            return _("The case has no structure yet.")
        if self.ui.pointOrganComboBox.currentText in [point.structure for point in self._points]:
            return _("This organ has a dose already: remove it first.")
        return "" if self.ui.pointSourceLineEdit.text.strip() else _("Enter where the dose is written first.")

    def _selectedPoint(self):
        return selectedEntry(self.ui.pointsList)

    def _showPoints(self):
        texts = [
            _("{organ}: {dose:g} Gy in {fractions} fx ({source})").format(
                organ=point.structure, dose=point.dose_gy, fractions=point.fractions, source=point.source
            )
            for point in self._points
        ]
        shown = [self.ui.pointsList.item(n).text() for n in range(self.ui.pointsList.count)]
        if texts != shown:
            self.ui.pointsList.clear()
            self.ui.pointsList.addItems(texts)
