"""The tab "Points": the point worksheet, saved as a table, and points of a course read from one."""

import dataclasses
import datetime
import pathlib

import qt
from ReirradiationAccumulationWidgets.controls import NOT_SET, asToolTip, enableOrSayWhyNot, shortName
from ReirradiationAccumulationWidgets.step_panel import StepPanel
from ReirradiationAccumulationWidgets.tables import ORANGE, RED, fillTable, fitColumns
from ReirradiationLib.model.case_edits import prior_course, with_course
from ReirradiationLib.planning.worksheet_points import points_of_course
from slicer.i18n import tr as _

COURSE_COLOUR = (255, 255, 255)
LAST_WIDTH = 70


class WorksheetPanel(StepPanel):
    """Rows of one organ: its courses, then what is left beside their sums."""

    uiFile = "OptWorksheet.ui"

    def setup(self):
        self._courses = []
        self.ui.worksheetPathLineEdit.connect("currentPathChanged(QString)", lambda _path="": self.window.updateButtons())
        self.ui.pointsPathLineEdit.connect("currentPathChanged(QString)", lambda _path="": self.window.updateButtons())
        self.ui.saveWorksheetButton.connect("clicked(bool)", self.onSaveButton)
        self.ui.readPointsButton.connect("clicked(bool)", self.onReadButton)
        self.ui.pointCourseComboBox.connect("currentIndexChanged(int)", lambda _index=None: self._showPoints())

    def show(self):
        evaluation = self.window.currentEvaluation()
        worksheets = evaluation.planning.worksheets if evaluation else ()
        none = _("No organ of the case has a limit of its (near-)maximum.")
        intro = _(
            "One dose per course and organ. What counts is in bold: the sum of the courses' own maxima, unless the mapped "
            "sum is higher."
        )
        reason = none if evaluation else self.window.whyNoCase() or self.window.howToGetResults()
        self.ui.worksheetIntroLabel.text = intro if worksheets else reason
        self._fillTable(worksheets)
        self._fillCourses()

    def updateButtons(self):
        noResults = self.window.whyNoResults()
        path = pathlib.Path(self.ui.worksheetPathLineEdit.currentPath)
        noFile = _("Choose a new file first.") if path == NOT_SET else ""
        empty = "" if noResults or self.window.logic.results.planning.worksheets else _("There is no worksheet to save.")
        enableOrSayWhyNot(
            self.ui.saveWorksheetButton, noResults or empty or noFile, _("Write the worksheet into the new file.")
        )
        points = pathlib.Path(self.ui.pointsPathLineEdit.currentPath)
        noTable = _("Choose a table first.") if points == NOT_SET else ""
        ready = _("Take the doses of the table for the course; in their organs they replace what was mapped.")
        enableOrSayWhyNot(self.ui.readPointsButton, self.window.whyNoCase() or noTable, ready)

    def onSaveButton(self):
        path = pathlib.Path(self.ui.worksheetPathLineEdit.currentPath)
        if self.window.attempt(lambda: self.window.logic.saveWorksheet(self.window.logic.results, path)):
            self.ui.worksheetPathLineEdit.addCurrentPathToHistory()
            self.ui.worksheetIntroLabel.text = _("Saved as {file}.").format(file=shortName(path))

    def onReadButton(self):
        path, identifier = pathlib.Path(self.ui.pointsPathLineEdit.currentPath), self._courses[self._index()].identifier

        def withPoints(case):
            course = prior_course(case, identifier)
            points = points_of_course(path, course.label, datetime.date.today())
            return with_course(case, dataclasses.replace(course, points=points))

        if self.window.edit(withPoints):
            self.ui.pointsPathLineEdit.addCurrentPathToHistory()

    def _index(self):
        return max(self.ui.pointCourseComboBox.currentIndex, 0)

    def _fillCourses(self):
        former = self._courses[self._index()].identifier if self._courses else None
        self._courses = list(self.document.case.prior_courses) if self.document else []
        box = self.ui.pointCourseComboBox
        box.clear()
        for course in self._courses:
            box.addItem(course.label)
        known = [course.identifier for course in self._courses]
        box.setCurrentIndex(known.index(former) if former in known else 0)
        self._showPoints()

    def _showPoints(self):
        points = self._courses[self._index()].points if self._courses else ()
        if isinstance(points, pathlib.Path):
            text = _("Points of the course: those of {file}.").format(file=shortName(points))
        elif points:
            listed = [
                _("{organ} {dose:g} Gy in {n}").format(organ=p.structure, dose=p.dose_gy, n=p.fractions) for p in points
            ]
            text = _("Points of the course: {points}.").format(points="; ".join(listed))
        else:
            text = _("The course has no points.") if self._courses else ""
        self.ui.pointsLabel.text = text

    def _fillTable(self, worksheets):
        if worksheets:
            header = _("in {n} fx\n[Gy]").format(n=worksheets[0].fractions)
            self.ui.worksheetTable.horizontalHeaderItem(4).setText(header)
        rows, colours, bold, tips = [], [], [], []
        for one in worksheets:
            for course in one.courses:
                rows.append(self._courseTexts(one, course))
                isDoubtful = course.beyond_lq or course.unknown_percent > 0.0
                colours.append(ORANGE if isDoubtful else COURSE_COLOUR)
                bold.append(False)
                tips.append(f"{self._sourceText(course)}. {self._limitText(one)}")
            for name, left in ((_("sum of maxima"), one.sum_of_maxima), (_("mapped sum"), one.mapped_sum)):
                if left is not None:
                    rows.append(self._sumTexts(one, name, left))
                    colours.append(RED if left.tolerance_used else COURSE_COLOUR)
                    bold.append(left.counts)
                    tips.append("; ".join([self._limitText(one), one.state, *one.remarks]))
            if one.refusal:
                rows.append([f"{one.structure}\n{_('NOT EVALUATED')}", "", "", "", "", one.refusal])
                colours.append(RED)
                bold.append(True)
                tips.append(self._limitText(one))
        fillTable(self.ui.worksheetTable, rows, numeric=(1, 2, 3, 4), colours=colours)
        for row, isBold in enumerate(bold):
            self._finishRow(row, isBold, tips[row])
        fitColumns(self.ui.worksheetTable, LAST_WIDTH)

    def _finishRow(self, row, isBold, tip):
        for column in range(self.ui.worksheetTable.columnCount):
            item = self.ui.worksheetTable.item(row, column)
            item.setToolTip(asToolTip(tip))
            if isBold:
                font = qt.QFont(item.font())
                font.setBold(True)
                item.setFont(font)

    @staticmethod
    def _limitText(one):
        text = _("{metric} of all courses ≤ {limit:g} Gy EQD2, {basis} sum, α/β {alphaBeta:g} Gy, {months} ({source})")
        return text.format(
            metric=one.metric.removesuffix("[Gy]"),
            limit=one.limit_eqd2_gy,
            basis=one.basis,
            alphaBeta=one.alpha_beta_gy,
            months=one.months,
            source=one.source,
        )

    @staticmethod
    def _courseTexts(one, course):
        kept = course.raw_eqd2_gy if course.recovery is None else course.kept_eqd2_gy
        dose = _("{dose:.2f} in {n}").format(dose=course.dose_gy, n=course.fractions)
        return [f"{one.structure}\n{course.course}", dose, f"{kept:.2f}", "", "", course.kind]

    @staticmethod
    def _sourceText(course):
        verdict = _("registration: {verdict}").format(verdict=course.registration) if course.registration else ""
        unknown = _("not known in {percent:.2g} %").format(percent=course.unknown_percent) if course.unknown_percent else ""
        recovery = _("{percent:g} % recovered").format(percent=100.0 * course.recovery) if course.recovery else ""
        return "; ".join(text for text in (course.kind, course.source, verdict, unknown, recovery) if text)

    @staticmethod
    def _sumTexts(one, name, left):
        fits = "" if left.takes_prescription is None else _("{dose:g} Gy fit").format(dose=one.prescription_gy)
        if left.takes_prescription is False:
            fits = _("{dose:g} Gy do not fit").format(dose=one.prescription_gy)
        note = _("TOLERANCE ALREADY USED") if left.tolerance_used else fits
        doses = [f"{dose:.2f}" for dose in (left.prior_eqd2_gy, left.eqd2_gy, left.dose_gy)]
        return [f"{one.structure}\n{name}", "", *doses, note]
