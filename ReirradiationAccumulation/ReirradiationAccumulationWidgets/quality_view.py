"""The quality of the chosen registration: verdicts per organ, reasons and measures, and buttons that show it in views."""

import textwrap

from ReirradiationLib.model.interlock import Interlock
from ReirradiationLib.model.registration_picture import RegistrationPictureStyle
from ReirradiationLib.model.registration_quality import Verdict
from ReirradiationLib.report.quality_rows import overall_measures, quality_rows
from ReirradiationLib.report.registration_summary import WORDS
from slicer.i18n import tr as _

from .controls import asToolTip, enableOrSayWhyNot
from .tables import GREEN, ORANGE, RED, fillTable, paint, selectedRow, stretchColumn
from .views import tryToShow

VERDICT_LETTERS = 16  # in a line of the column that does not wrap by itself
VERDICT_COLOURS = {Verdict.GO: GREEN, Verdict.CAUTION: ORANGE, Verdict.WORKSHEET: RED}


class QualityView:
    """Shows a RegistrationSummary; ``window.logic`` jumps to organs and shows the registration."""

    def __init__(self, ui, window):
        self.ui = ui
        self.window = window
        self._summary, self._rows, self._pointed = None, (), ()
        stretchColumn(ui.qualityTable, 0)
        ui.qualityTable.connect("itemSelectionChanged()", self.showDetails)
        ui.qualityTable.connect("cellClicked(int,int)", self.onOrgan)
        ui.qualityTable.connect("cellActivated(int,int)", self.onOrgan)
        for button, style in self._buttons():
            button.connect("clicked(bool)", lambda _checked=False, style=style: self.onStyle(style))
        ui.viewsOffButton.connect("clicked(bool)", self.onOff)

    def show(self, summary, label, pointed):
        """Show a registration, or None; ``pointed`` are organs where a point replaces the mapped dose of the course."""
        if summary != self._summary or pointed != self._pointed:
            self._summary, self._pointed = summary, pointed
            self._rows = quality_rows(summary) if summary is not None else ()
            self._fillTable()
        self.ui.qualityLabel.text = self._headText(label)
        self.ui.pointHintLabel.text = self._hintText()
        self.ui.pointHintLabel.setVisible(bool(self.ui.pointHintLabel.text))
        for widget in (self.ui.qualityTable, self.ui.qualityDetailsTextEdit):
            widget.setVisible(summary is not None)
        self.showDetails()

    def updateButtons(self, whyNot):
        texts = {
            RegistrationPictureStyle.OVERLAY: _("Show both CTs in two colours, half of each."),
            RegistrationPictureStyle.CHECKERBOARD: _("Show squares of the current and of the prior CT in turn."),
            RegistrationPictureStyle.DIFFERENCE: _("Show current minus prior CT, in HU."),
            RegistrationPictureStyle.GRID: _("Show a grid of the prior CT as it is bent onto the current one."),
        }
        for button, style in self._buttons():
            enableOrSayWhyNot(button, whyNot, texts[style])
        enableOrSayWhyNot(self.ui.viewsOffButton, whyNot, _("Show again what the slice views showed before."))

    def showDetails(self):
        row = selectedRow(self.ui.qualityTable)
        text = ""
        if self._summary is not None:
            lines = overall_measures(self._summary)
            title = _("The whole registration. Choose a structure to see why its verdict is what it is.")
            if 0 <= row < len(self._rows):
                chosen = self._rows[row]
                title = _("{organ}: {verdict}").format(organ=chosen.organ, verdict=self._verdictWord(chosen))
                lines = (*chosen.reasons, "", *chosen.measures)
            text = "\n".join((title, *lines))
        if text != self.ui.qualityDetailsTextEdit.plainText:
            self.ui.qualityDetailsTextEdit.setPlainText(text)

    def onOrgan(self, row, _column):
        organ = self._rows[row].organ
        tryToShow(lambda: self.window.logic.jumpToMaximum(organ))

    def onStyle(self, style):
        """In the background: the prior CT is put onto the current one, which takes seconds."""
        course = self._summary.course
        tryToShow(lambda: self.window.runControl.start(*self.window.logic.preparedRegistrationView(course, style)))

    def onOff(self):
        tryToShow(self.window.logic.hideRegistration)

    def _fillTable(self):
        table = self.ui.qualityTable
        table.clearSelection()
        rows = [
            (
                row.organ,
                textwrap.fill(self._verdictWord(row), VERDICT_LETTERS),
                row.shift_mm,
                row.contours,
                row.target_error_mm,
                row.folded_percent,
            )
            for row in self._rows
        ]
        fillTable(table, rows, numeric=(2, 3, 4, 5))
        for number, row in enumerate(self._rows):
            for column in (0, 1):
                paint(table.item(number, column), VERDICT_COLOURS[row.verdict])
                table.item(number, column).setToolTip(asToolTip("; ".join(row.reasons)))

    def _verdictWord(self, row):
        word = WORDS[row.verdict]
        return _("{verdict}; a point replaces it").format(verdict=word) if row.organ in self._pointed else word

    def _headText(self, label):
        one = self._summary
        if one is None:
            return _("Not registered yet, or the case was changed since: press Register.")
        return _("{course}: worst {verdict}. {method}; {source}. Limits of the verdicts: {limits}; confirm locally.").format(
            course=label, verdict=WORDS[one.verdict], method=one.method, source=one.source, limits=one.limits
        )

    def _hintText(self):
        organs = [row.organ for row in self._rows if row.verdict is Verdict.WORKSHEET and row.organ not in self._pointed]
        if not organs:
            return ""
        return _("The mapped dose must not be relied on in {organs}. {advice}").format(
            organs=", ".join(organs), advice=Interlock.REGISTRATION_WORKSHEET.advice
        )

    def _buttons(self):
        ui = self.ui
        return (
            (ui.overlayButton, RegistrationPictureStyle.OVERLAY),
            (ui.checkerboardButton, RegistrationPictureStyle.CHECKERBOARD),
            (ui.differenceButton, RegistrationPictureStyle.DIFFERENCE),
            (ui.gridButton, RegistrationPictureStyle.GRID),
        )
