"""Records: the table of courses, what can be changed of one, and the choices that a draft leaves open."""

import qt
from ReirradiationLib.model import case_edits
from ReirradiationLib.model.open_choices import Open, open_choices, with_chosen, with_treated
from ReirradiationLib.model.typed_entry import typed_day, typed_text
from ReirradiationLib.report.course_rows import CourseState, course_rows
from slicer.i18n import tr as _

from .controls import asToolTip, enableOrSayWhyNot, shortName
from .panel_parts import FilledWith, onClick, onReturn, setItems
from .row_table import RowTable
from .step_panel import StepPanel
from .tables import GREEN, ORANGE

STATE_COLOURS = {CourseState.OPEN: ORANGE, CourseState.NOT_READ: None, CourseState.READ: GREEN}


class CoursesPart(StepPanel):
    """Select a course, change it, take the change over; or take the next open choice."""

    def setup(self):
        self._rows, self._open = [], ()
        self._table = RowTable(self.ui.coursesTable, (0, 3), self.onSelected)
        self._filled, self._asked = FilledWith(), FilledWith()
        self._edits = (self.ui.courseLabelLineEdit, self.ui.courseDateLineEdit, self.ui.courseSiteLineEdit)
        for edit in self._edits:
            edit.connect("textChanged(QString)", lambda _text: self.updateButtons())
            onReturn(edit, self.ui.applyCourseButton)
        self.ui.deliveredSpinBox.connect("valueChanged(int)", lambda _value: self.updateButtons())
        onClick(self.ui.applyCourseButton, self.onApplyButton)
        onClick(self.ui.removeCourseButton, self.onRemoveButton)
        onClick(self.ui.takeAlternativeButton, self.onTakeButton)

    def show(self):
        case = self.document.case if self.document else None
        self._rows = course_rows(case, self.session.records) if case else ()
        self._table.fill(
            [row.identifier for row in self._rows],
            [self._texts(row) for row in self._rows],
            [STATE_COLOURS[row.state] for row in self._rows],
            [self._told(row) for row in self._rows],
        )
        if self._table.selected() is None and self._rows:
            self._table.select(self._rows[0].identifier)
        self._open = open_choices(case) if case else ()
        self._showOpenChoice(case)
        self._showCourse()

    def onSelected(self):
        self._showCourse()
        self.updateButtons()

    def onApplyButton(self):
        identifier = self._table.selected()
        label, date, site = (edit.text for edit in self._edits)
        delivered = self.ui.deliveredSpinBox.value or None  # 0 is shown as "as planned"

        def change(case):
            where = _("Course '{label}'").format(label=case_edits.prior_course(case, identifier).label)
            case = case_edits.with_course_date(case, identifier, typed_day(date, _("{where}: date").format(where=where)))
            case = case_edits.with_course_site(case, identifier, site.strip())
            case = case_edits.with_delivered_fractions(case, identifier, delivered)
            newLabel = typed_text(label, _("{where}: label").format(where=where))
            return case_edits.with_course_label(case, identifier, newLabel)

        self.window.edit(change)

    def onRemoveButton(self):
        identifier = self._table.selected()
        self.window.edit(lambda case: case_edits.without_course(case, identifier))

    def onTakeButton(self):
        choice, number = self._open[0], self.ui.alternativeComboBox.currentIndex
        if choice.of is Open.COURSE_TREATED:
            self.window.edit(lambda case: with_treated(case, choice, is_treated=number == 0))
        else:
            self.window.edit(lambda case: with_chosen(case, choice, choice.alternatives[number]))

    def updateButtons(self):
        noCase = self.window.whyNoCase()
        whyNot = noCase or self._whyNoPriorCourse()
        pointsOnly = self._course() is not None and self._course().has_points_only
        byOrgan = _("Known by one dose per organ: each has its own fractions.") if pointsOnly else ""
        tips = (
            _("What the course is called in the report; every course has another label."),
            _("YYYY-MM-DD; leave it empty to take the date of the files."),
            _("The treated site; leave it empty to take it from the files."),
        )
        for edit, tip in zip(self._edits, tips, strict=True):
            enableOrSayWhyNot(edit, whyNot, tip)
        tip = _("Fractions that were given, if the course was not completed or was extended; the dose is scaled.")
        enableOrSayWhyNot(self.ui.deliveredSpinBox, whyNot or byOrgan, tip)
        same = "" if whyNot or self._isChanged() else _("Nothing is changed.")
        enableOrSayWhyNot(self.ui.applyCourseButton, whyNot or same, _("Take the changes of this course into the case."))
        ready = _("Take the course out of the case; its file stays as it is until the case is saved.")
        enableOrSayWhyNot(self.ui.removeCourseButton, whyNot, ready)
        nothing = "" if self._open else _("Nothing is left to choose.")
        enableOrSayWhyNot(self.ui.takeAlternativeButton, noCase or nothing, _("Take what is chosen into the case."))

    @staticmethod
    def _texts(row):
        course = f"{row.label}\n{row.site}" if row.site else row.label
        return [course, row.date, row.fractions, f"{row.dose}\n{row.registration}", row.state.value]

    @staticmethod
    def _told(row):
        return _("{label}: {dose}, {registration}; {state}").format(
            label=row.label, dose=row.dose, registration=row.registration, state=row.state.value
        )

    def _showOpenChoice(self, case):
        widgets = (self.ui.openChoiceLabel, self.ui.alternativeComboBox, self.ui.takeAlternativeButton)
        for widget in widgets:
            widget.setVisible(bool(self._open))
        if not self._asked.isNew(self._open) or not self._open:
            return
        choice = self._open[0]
        label = case_edits.prior_course(case, choice.course).label if choice.course else ""
        about = f"{choice.plan or label}: {choice.of.value}" if choice.course else choice.of.value
        left = _("({left} to choose)").format(left=len(self._open))
        self.ui.openChoiceLabel.text = f"{about.replace('&', '&&')} {left}"
        if choice.of is Open.COURSE_TREATED:
            texts = (_("It was treated"), _("It was not: leave it out"))
        else:
            texts = tuple(shortName(path) for path in choice.alternatives)
        setItems(self.ui.alternativeComboBox, texts, current=texts[0])
        for n, path in enumerate(choice.alternatives):
            self.ui.alternativeComboBox.setItemData(n, asToolTip(str(path)), qt.Qt.ToolTipRole)
        files = "\n".join(str(path) for path in choice.alternatives)
        self.ui.alternativeComboBox.toolTip = asToolTip(_("The files leave this open: {files}").format(files=files))

    def _showCourse(self):
        course = self._course()
        values = self._values(course)
        if self._filled.isNew(self._table.selected(), self.document and self.document.path, values):
            for edit, text in zip(self._edits, values[:3], strict=True):
                edit.text = text
            self.ui.deliveredSpinBox.value = values[3]

    def _isChanged(self):
        typed = (*(edit.text for edit in self._edits), self.ui.deliveredSpinBox.value)
        return typed != self._values(self._course())

    @staticmethod
    def _values(course):
        if course is None:
            return ("", "", "", 0)
        date = course.date.isoformat() if course.date else ""
        return (course.label, date, course.site, course.delivered_fractions or 0)

    def _course(self):
        case = self.document.case if self.document else None
        identifier = self._table.selected()
        return next((one for one in case.prior_courses if one.identifier == identifier), None) if case else None

    def _whyNoPriorCourse(self):
        if self._table.selected() is None:
            return _("Select a course in the table first.")
        return "" if self._course() is not None else _("The new course is changed in its own section below.")
