"""The headlines and the scorecard of an evaluation."""

from ReirradiationLib.planning.scorecard import ScoreState
from ReirradiationLib.report.headlines import Mood
from ReirradiationLib.report.score_summary import SENSE
from slicer.i18n import tr as _

from .controls import asToolTip
from .tables import GREEN, ORANGE, RED, fillTable, selectedRow, stretchColumn

BAD_STATES = (
    *(ScoreState.EXCEEDED, ScoreState.EXCEEDED_BY_PRIOR, ScoreState.MAY_BE_EXCEEDED, ScoreState.NOT_MET),
    ScoreState.UNRELIABLE,
)
STATE_COLOURS = dict.fromkeys(ScoreState, ORANGE) | dict.fromkeys(BAD_STATES, RED) | {ScoreState.MET: GREEN}
MOOD_COLOURS = {Mood.GOOD: GREEN, Mood.OPEN: ORANGE, Mood.BAD: RED}
REMARK_MARK = "◊"
MOOD_MARKS = {Mood.GOOD: "✓", Mood.OPEN: "?", Mood.BAD: "✗"}  # the colour says the same


class ScoreView:
    """Shows what an evaluation says first; tells when a row is chosen (``onChosen(structure)``) or clicked (``onPlace``)."""

    def __init__(self, ui, onChosen, onPlace):
        self.ui = ui
        self._onChosen, self._onPlace = onChosen, onPlace
        self._scores = ()
        stretchColumn(ui.headlinesTable, 1)
        stretchColumn(ui.scorecardTable, 5)
        ui.scorecardTable.connect("itemSelectionChanged()", self.onSelection)
        ui.scorecardTable.connect("cellClicked(int,int)", self.onRow)
        ui.scorecardTable.connect("cellActivated(int,int)", self.onRow)

    def show(self, evaluation):
        self._scores = ()  # a selection that vanishes while the table is filled is nobody's choice
        self._showHeadlines(evaluation.headlines if evaluation is not None else ())
        self._showScores(evaluation.scorecard if evaluation is not None else ())

    def onSelection(self):
        row = selectedRow(self.ui.scorecardTable)
        if 0 <= row < len(self._scores):
            self._onChosen(self._scores[row].structure)
        self._showDetails(row)

    def onRow(self, row, _column):
        self._onPlace(self._scores[row].structure)

    def _showHeadlines(self, headlines):
        meanings = {Mood.GOOD: _("as it should be"), Mood.OPEN: _("look at it"), Mood.BAD: _("not as it should be")}
        table = self.ui.headlinesTable
        rows = [[MOOD_MARKS[one.mood], one.text] for one in headlines]
        fillTable(table, rows, numeric=(), colours=[MOOD_COLOURS[one.mood] for one in headlines])
        for row, one in enumerate(headlines):
            table.item(row, 0).setToolTip(meanings[one.mood])
            table.item(row, 1).setToolTip(asToolTip(one.text))
        table.setVisible(bool(rows))

    def _showScores(self, scores):
        table = self.ui.scorecardTable
        table.clearSelection()
        colours = [STATE_COLOURS[ScoreState(score.state)] for score in scores]
        fillTable(table, [scoreTexts(score) for score in scores], numeric=(2, 3, 4), colours=colours)
        for row, score in enumerate(scores):
            for column in range(table.columnCount):
                table.item(row, column).setToolTip(asToolTip(self._sourceText(score)))
        self._scores = scores
        for widget in (table, self.ui.scoreLabel, self.ui.noteLabel):
            widget.setVisible(bool(scores))
        self._showDetails(-1)

    def _showDetails(self, row):
        text = _("Choose a row to see its source and, where there is a {mark}, what must be known about its values.").format(
            mark=REMARK_MARK
        )
        if 0 <= row < len(self._scores):
            score = self._scores[row]
            title = f"{score.structure} {score.metric} {SENSE[score.sense]} {score.limit:g}: {score.state}"
            text = f"{title}; {self._sourceText(score)}"
        self.ui.scoreLabel.text = text

    @staticmethod
    def _sourceText(score):
        row = f" ({score.row})" if score.row else ""
        registration = _("registration: {verdict}").format(verdict=score.registration)
        parts = [score.remark, f"{score.source}{row}", score.months_published, score.conditions, registration]
        return "; ".join(part for part in parts if part) + "."


def scoreTexts(score):
    """A line of the scorecard as the table shows it."""
    state = f"{score.state} {REMARK_MARK}" if score.remark else score.state
    prior, cumulative = ("–" if value is None else f"{value:.2f}" for value in (score.prior, score.cumulative))
    limit = f"{score.metric}\n{SENSE[score.sense]} {score.limit:g}\n{score.basis}, α/β {score.alpha_beta_gy:g}"
    return [score.structure, limit, prior, cumulative, _leftText(score), state]


def _leftText(score):
    if score.left_eqd2_gy is None or score.left_physical_gy is None:
        return "–"
    bound = "≤ " if score.left_is_at_most else ""
    return f"{bound}{score.left_eqd2_gy:.2f}\n{bound}{score.left_physical_gy:.2f}"
