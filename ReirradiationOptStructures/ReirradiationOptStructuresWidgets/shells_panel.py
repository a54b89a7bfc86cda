"""The tab "Structures": generate the optimization structures, read their limits, look at them in the views."""

import qt
from ReirradiationAccumulationWidgets.controls import asToolTip, enableOrSayWhyNot
from ReirradiationAccumulationWidgets.step_panel import StepPanel
from ReirradiationAccumulationWidgets.tables import fillTable, fitColumns
from ReirradiationLib.planning.limit_colours import limit_colour
from ReirradiationLib.report.marks import MARK, MARK_NOTE
from ReirradiationLib.session_steps import EVALUATE
from slicer.i18n import tr as _

NUMERIC = (1, 2, 3, 4)
LAST_WIDTH = 48


class ShellsPanel(StepPanel):
    """One row for every structure, isodose lines last; the tick shows it in the views."""

    uiFile = "OptShells.ui"

    def setup(self):
        self._isFilling, self._names = False, []
        self.ui.generateButton.connect("clicked(bool)", self.onGenerateButton)
        self.ui.showShellsButton.connect("clicked(bool)", self.onShowButton)
        self.ui.hideShellsButton.connect("clicked(bool)", self.onHideButton)
        self.ui.jumpToShellButton.connect("clicked(bool)", self.onJumpButton)
        self.ui.shellsTable.connect("itemChanged(QTableWidgetItem*)", self.onItemChanged)
        self.ui.shellsTable.connect("itemSelectionChanged()", self.window.updateButtons)
        self.ui.shellsTable.connect("cellActivated(int,int)", lambda _row=0, _column=0: self.onJumpButton())

    def show(self):
        evaluation = self.window.currentEvaluation()
        self._fill(evaluation)
        planned = evaluation.optimization if evaluation else ()
        notes = [f"{one.structure}: {one.state}{'; ' + one.remark if one.remark else ''}." for one in planned]
        if any(one.unreliable_courses for one in planned):
            notes.append(MARK_NOTE)
        self.ui.shellNotesLabel.text = "\n".join(notes)
        self.ui.generatedLabel.text = self._stateText(evaluation)

    def updateButtons(self):
        logic, window = self.window.logic, self.window
        incomplete = window.whyIncomplete()
        current = _("Nothing is changed since they were generated.") if not incomplete and logic.results is not None else ""
        ready = _("Map and add up the prior courses, and cut the structures; nothing is written. It takes a minute or so.")
        enableOrSayWhyNot(self.ui.generateButton, incomplete or current, ready)
        noResults = window.whyNoResults()
        nothing = "" if noResults or logic.results.exported_structures else _("There are no structures to be shown.")
        enableOrSayWhyNot(
            self.ui.showShellsButton,
            noResults or nothing,
            _("Put the structures into the scene, in colours of their limits."),
        )
        shown = logic.isShowingShells()
        notShown = "" if shown else _("Nothing is shown.")
        isOfThese = logic.isShowingShellsOf(logic.results)
        old = "" if isOfThese or not shown else _("Those in the scene are not of what is listed here: show them again.")
        enableOrSayWhyNot(
            self.ui.hideShellsButton, window.whyBusy() or notShown, _("Take the structures out of the scene again.")
        )
        noRow = "" if self._selected() else _("Select a structure in the table first.")
        ready = _("Centre the slice views on the structure.")
        enableOrSayWhyNot(self.ui.jumpToShellButton, noResults or notShown or old or noRow, ready)
        hidden = (
            _("The structures are not in the scene.")
            if not shown
            else _(
                "{number} structures are in the scene; the colour tells the limit: red 0 Gy, then orange, sand, "
                "cyan, blue; teal from the prescription upwards."
            ).format(number=len(logic.shownShells()))
        )
        self.ui.previewLabel.text = old or (hidden if self._names else "")

    def onGenerateButton(self):
        self.window.start(EVALUATE)

    def onShowButton(self):
        self.window.attempt(lambda: self.window.logic.showShells(self.window.logic.results))

    def onHideButton(self):
        self.window.attempt(self.window.logic.hideShells)

    def onJumpButton(self):
        if self.ui.jumpToShellButton.enabled:
            name = self._selected()
            self.window.attempt(lambda: self.window.logic.jumpToShell(self.window.logic.results, name))

    def onItemChanged(self, item):
        if not self._isFilling and item.column() == 0:
            table = self.ui.shellsTable
            names = [name for row, name in enumerate(self._names) if table.item(row, 0).checkState() == qt.Qt.Checked]
            self.window.logic.showOnly(names)

    def _selected(self):
        row = self.ui.shellsTable.currentRow()
        return self._names[row] if 0 <= row < len(self._names) and self.ui.shellsTable.selectedItems() else ""

    def _stateText(self, evaluation):
        if evaluation is None:
            return self.window.whyIncomplete() or self.window.howToGetResults()
        number = sum(len(one.shells) for one in evaluation.optimization)
        lines = len(evaluation.planning.isodoses)
        text = _("{number} optimization structures and {lines} isodose lines, of the case as it stands.")
        if self.window.logic.results is None:
            text = _("Of the scene as it was saved; generate again to export or show them.")
        return text.format(number=number, lines=lines)

    def _fill(self, evaluation):
        table = self.ui.shellsTable
        organs = evaluation.optimization if evaluation else ()
        shells = [(shell, organ) for organ in organs for shell in organ.shells]
        isodoses = evaluation.planning.isodoses if evaluation else ()
        self._names = [shell.name for shell, _organ in shells] + [one.name for one in isodoses]
        rows = [self._texts(shell, bool(organ.unreliable_courses)) for shell, organ in shells]
        rows += [self._isodoseTexts(one) for one in isodoses]
        row = table.currentRow()
        self._isFilling = True
        try:
            if organs:
                header = _("Limit in {n}\nfx [Gy]").format(n=organs[0].fractions)
                table.horizontalHeaderItem(3).setText(header)
            fillTable(table, rows, numeric=NUMERIC)
            self._dress(shells, evaluation)
            if 0 <= row < len(rows):
                table.selectRow(row)
        finally:
            self._isFilling = False

    def _dress(self, shells, evaluation):
        """Ticks, colours of the limits, and remarks."""
        logic, table = self.window.logic, self.ui.shellsTable
        shown = logic.shownShells() if logic.isShowingShellsOf(logic.results) else {}
        prescription = self.document.case.new_course.prescription_gy if self.document else 0.0
        for row, name in enumerate(self._names):
            item = table.item(row, 0)
            if name in shown:
                item.setCheckState(qt.Qt.Checked if shown[name] else qt.Qt.Unchecked)
            if row < len(shells):
                shell, organ = shells[row]
                limit = table.item(row, 3)
                colour = limit_colour(shell.limit_physical_gy, prescription)
                limit.setBackground(qt.QBrush(qt.QColor(*colour)))
                limit.setForeground(qt.QBrush(qt.QColor(*_legibleOn(colour))))
                tip = _("{organ}, α/β {alphaBeta:g} Gy, {basis} sum, A {limit:g} Gy EQD2: {source}")
                text = tip.format(
                    organ=organ.structure,
                    alphaBeta=organ.alpha_beta_gy,
                    basis=organ.basis,
                    limit=organ.limit_eqd2_gy,
                    source=organ.source,
                )
                item.setToolTip(asToolTip("; ".join([text, *shell.remarks])))
        fitColumns(table, LAST_WIDTH)

    @staticmethod
    def _texts(shell, isUnreliable):
        lower, upper = f"{shell.lower_eqd2_gy:.2f}", shell.upper_eqd2_gy
        prior = f"≥ {lower}" if upper is None else f"{lower} – {upper:.2f}"
        limits = [f"{value:.2f}" for value in (shell.limit_eqd2_gy, shell.limit_physical_gy, shell.volume_cc)]
        name = f"{shell.name} {MARK}" if isUnreliable else shell.name
        exported = _("yes") if shell.exported else _("no, empty")
        return [name, prior, *limits, exported]

    @staticmethod
    def _isodoseTexts(one):
        return [one.name, "–", "–", "–", f"{one.volume_cc:.2f}", _("yes")]


def _legibleOn(colour):
    """Black or white, whichever is read better on a colour (weights of luminance: ITU-R BT.709)."""
    red, green, blue = colour
    return (0, 0, 0) if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 128.0 else (255, 255, 255)
