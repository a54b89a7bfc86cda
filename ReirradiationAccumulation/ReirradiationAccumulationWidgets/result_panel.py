"""The section "Result": headlines and scorecard of a finished run, and what can be opened of its output."""

import qt
import slicer
from ReirradiationLib.planning.scorecard import ScoreState
from ReirradiationLib.report.headlines import Mood
from ReirradiationLib.write_outputs import SCENE_FILE
from ReirradiationLib.write_report import REPORT_FILE, REPORT_PDF
from slicer.i18n import tr as _

from .controls import asToolTip, enableOrSayWhyNot
from .tables import GREEN, ORANGE, RED, fillTable


class ResultPanel:
    """Shows an evaluation; ``loadScene(folder)`` adds the scene of an output folder to the current scene."""

    def __init__(self, ui, loadScene):
        self.ui = ui
        self._loadScene = loadScene
        self._outputFolder = None
        ui.openReportButton.connect("clicked(bool)", lambda _checked=False: self._open(REPORT_FILE))
        ui.openPdfButton.connect("clicked(bool)", lambda _checked=False: self._open(REPORT_PDF))
        ui.loadSceneButton.connect("clicked(bool)", self.onLoadSceneButton)

    def show(self, evaluation, outputFolder=None):
        self._outputFolder = outputFolder
        self._updateButtons(evaluation)
        self._showHeadlines(evaluation.headlines if evaluation else ())
        self._showScores(evaluation.scorecard if evaluation else ())
        self.ui.caseLabel.text = _("No result yet.")
        if evaluation:
            self.ui.caseLabel.text = _("{title} – {stage}. Findings in the records: {findings}.").format(
                title=evaluation.case.title, stage=evaluation.case.stage, findings=len(evaluation.findings)
            )

    def onLoadSceneButton(self):
        with slicer.util.tryWithErrorDisplay(_("The scene could not be loaded."), waitCursor=True):
            self._loadScene(self._outputFolder)

    def _updateButtons(self, evaluation):
        none = "" if evaluation else _("Run a case first.")
        noPdf = none or self._whyAbsent(REPORT_PDF, _("No PDF was written: print the report from the web browser instead."))
        noScene = none or self._whyAbsent(SCENE_FILE, self._whyNoScene(evaluation))
        enableOrSayWhyNot(self.ui.openReportButton, none, _("Open the report in the web browser."))
        enableOrSayWhyNot(self.ui.openPdfButton, noPdf, _("Open the report as it is printed, on pages."))
        enableOrSayWhyNot(self.ui.loadSceneButton, noScene, _("Add CT, doses and structures to the current scene."))

    def _whyAbsent(self, name, reason):
        return "" if (self._outputFolder / name).is_file() else reason

    @staticmethod
    def _whyNoScene(evaluation):
        if evaluation and evaluation.is_anonymous:
            return _("No scene was written: an anonymised output is the report only.")
        if evaluation and evaluation.reference_grid is None:
            return _("There is no scene at the stage of the records: no dose was mapped.")
        return _("No scene was written.")

    def _showHeadlines(self, headlines):
        colours = {Mood.GOOD: GREEN, Mood.OPEN: ORANGE, Mood.BAD: RED}
        marks = {Mood.GOOD: "✓", Mood.OPEN: "?", Mood.BAD: "✗"}  # the colour says the same
        meanings = {Mood.GOOD: _("as it should be"), Mood.OPEN: _("look at it"), Mood.BAD: _("not as it should be")}
        table = self.ui.headlinesTable
        rows = [[marks[one.mood], one.text] for one in headlines]
        fillTable(table, rows, numeric=(), colours=[colours[one.mood] for one in headlines])
        for row, one in enumerate(headlines):
            table.item(row, 0).setToolTip(meanings[one.mood])
            table.item(row, 1).setToolTip(asToolTip(one.text))
        table.setVisible(bool(rows))

    def _showScores(self, scores):
        bad = (ScoreState.EXCEEDED, ScoreState.EXCEEDED_BY_PRIOR, ScoreState.MAY_BE_EXCEEDED, ScoreState.NOT_MET)
        stateColours = dict.fromkeys(ScoreState, ORANGE) | dict.fromkeys((*bad, ScoreState.UNRELIABLE), RED)
        stateColours[ScoreState.MET] = GREEN
        colours = [stateColours[ScoreState(score.state)] for score in scores]
        texts = [self._scoreTexts(score) for score in scores]
        fillTable(self.ui.scorecardTable, texts, numeric=(2, 4, 5, 6), colours=colours)
        for row, score in enumerate(scores):
            self.ui.scorecardTable.item(row, 2).setToolTip(asToolTip(score.source))

        for widget in (self.ui.scorecardTable, self.ui.noteLabel):
            widget.setVisible(bool(texts))

    @staticmethod
    def _scoreTexts(score):
        sign = {"at_most": "≤", "at_least": "≥"}[score.sense]
        state = f"{score.state}; {score.remark}" if score.remark else score.state
        prior, cumulative = ("–" if value is None else f"{value:.2f}" for value in (score.prior, score.cumulative))
        limit, alphaBeta = f"{sign} {score.limit:g}", f"{score.alpha_beta_gy:g}"
        return [score.structure, score.metric, limit, score.basis, alphaBeta, prior, cumulative, state]

    def _open(self, name):
        with slicer.util.tryWithErrorDisplay(_("The report could not be opened.")):
            report = self._outputFolder.resolve() / name
            if not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(report))):
                raise RuntimeError(_("No program opens {path}.").format(path=report))
