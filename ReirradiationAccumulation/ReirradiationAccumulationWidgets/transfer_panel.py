"""The step "Transfer": how the prior courses come to the current CT, how good that is, and who takes it."""

from ReirradiationLib.report.registration_summary import WORDS, registration_summaries
from ReirradiationLib.report.sign_off_state import SignOffState, sign_off_state
from ReirradiationLib.session_steps import REGISTER_COURSES
from slicer.i18n import tr as _

from .controls import asToolTip, enableOrSayWhyNot
from .quality_view import VERDICT_COLOURS, QualityView
from .registration_form import RegistrationForm
from .registration_signing import RegistrationSigning
from .registration_words import methodTitles, signOffWord
from .step_panel import StepPanel
from .tables import GREEN, RED, fillTable, paint, selectedRow, stretchColumn

SIGN_OFF_COLOURS = {SignOffState.SIGNED: GREEN, SignOffState.MISSING: RED, SignOffState.OUTDATED: RED}


class TransferPanel(StepPanel):
    """The prior courses, and of the chosen one its registration, quality and sign-off."""

    uiFile = "AccumulationTransfer.ui"

    def setup(self):
        self._chosen = ""  # identifier
        self._summaries = {}
        self._isShowing = False
        self.form = RegistrationForm(self.ui, self.window, self.updateButtons)
        self.quality = QualityView(self.ui, self.window)
        self.signing = RegistrationSigning(self.ui, self.window, self.updateButtons)
        stretchColumn(self.ui.transferCoursesTable, 0)
        self.ui.transferCoursesTable.connect("itemSelectionChanged()", self.onCourse)
        self.ui.registerButton.connect("clicked(bool)", self.onRegister)

    def show(self):
        self._summaries = self._knownSummaries()
        self._isShowing = True
        try:
            self._showCourses()
        finally:
            self._isShowing = False
        self._showChosen()

    def updateButtons(self):
        self.form.updateButtons()
        pending = _("Complete the registration of the course first.") if self.form.whyPending else ""
        noCourse = "" if self._courses() else _("The case has no prior course.")
        whyNot = self.window.whyIncomplete() or noCourse or pending
        ready = _(
            "Bring all prior courses to the current CT and judge that in every structure of the case; may take minutes."
        )
        enableOrSayWhyNot(self.ui.registerButton, whyNot, ready)
        self.signing.updateButtons(self.window.whyNoCase() or noCourse or pending)
        self.quality.updateButtons(self.window.whyNoCase() or self._whyNotInViews())

    def onCourse(self):
        row = selectedRow(self.ui.transferCoursesTable)
        if row >= 0 and not self._isShowing:
            self._chosen = self._courses()[row].identifier
            self._showChosen()
            self.updateButtons()

    def onRegister(self):
        self.window.start(REGISTER_COURSES)

    def _courses(self):
        """Prior courses with a dose, of which there is something to transfer, and those of points, to be complete."""
        return self.document.case.prior_courses if self.document is not None else ()

    def _course(self):
        courses = self._courses()
        return next((one for one in courses if one.identifier == self._chosen), courses[0] if courses else None)

    def _knownSummaries(self):
        """How the courses are registered, by identifier, if that is of the case as it stands."""
        found = self.session.transfer
        if found is not None:
            return {one.course: one for one in registration_summaries(found)}
        evaluation, isCurrent = self.window.shownEvaluation()
        return {one.course: one for one in evaluation.registrations} if isCurrent else {}

    def _showCourses(self):
        table, courses = self.ui.transferCoursesTable, self._courses()
        fillTable(table, [self._courseTexts(one) for one in courses], numeric=())
        for row, course in enumerate(courses):
            summary = self._summaries.get(course.identifier)
            if summary is not None:
                paint(table.item(row, 2), VERDICT_COLOURS[summary.verdict])
            colour = SIGN_OFF_COLOURS.get(self._signOffState(course))
            if colour is not None:
                paint(table.item(row, 3), colour)
            table.item(row, 0).setToolTip(asToolTip(course.label))
        chosen = self._course()
        if chosen is not None:
            table.selectRow(courses.index(chosen))

    def _courseTexts(self, course):
        if course.registration is None:
            return [course.label, _("points only"), "–", "–"]
        summary = self._summaries.get(course.identifier)
        verdict = WORDS[summary.verdict] if summary is not None else _("not registered yet")
        return [course.label, methodTitles()[course.registration.method], verdict, signOffWord(self._signOffState(course))]

    def _signOffState(self, course):
        summary = self._summaries.get(course.identifier)
        if course.registration is None:
            return SignOffState.NOT_NEEDED
        return sign_off_state(course.registration, summary.key if summary is not None else None)

    def _showChosen(self):
        course = self._course()
        summary = self._summaries.get(course.identifier) if course is not None else None
        self.form.show(course)
        self.quality.show(summary, course.label if course is not None else "", self._pointed(course))
        self.signing.show(course, summary.key if summary is not None else None)

    def _pointed(self, course):
        """Organs where a point of the course replaces its mapped dose, as far as is known."""
        found = self.session.transfer
        results = (
            [one for one in found.registrations if one.course.identifier == course.identifier] if found and course else []
        )
        if results:
            return tuple(point.structure for point in results[0].course.points)
        return tuple(one.structure for one in course.points) if course and isinstance(course.points, tuple) else ()

    def _whyNotInViews(self):
        course = self._course()
        if self.session.transfer is None or course is None or course.identifier not in self._summaries:
            return _("Register first: what is shown is computed then.")
        return ""
