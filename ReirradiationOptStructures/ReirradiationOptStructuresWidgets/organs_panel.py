"""The tab "Organs": for which organs structures are asked, by which limit, and what P, R and d came out."""

from ReirradiationAccumulationWidgets.controls import asToolTip, enableOrSayWhyNot
from ReirradiationAccumulationWidgets.step_panel import StepPanel
from ReirradiationAccumulationWidgets.tables import GREEN, ORANGE, RED, fillTable, fitColumns
from ReirradiationLib.model.case_edits import with_optimization, without_optimization
from ReirradiationLib.planning.levels import LevelState
from ReirradiationLib.planning.request_choices import unjudged_requests
from ReirradiationLib.report.marks import MARK, unreliable_note
from slicer.i18n import tr as _

from .request_form import RequestForm

NO_COLOUR = (255, 255, 255)
NUMERIC = (1, 2, 3, 4, 5, 6)
LAST_WIDTH = 60


class OrgansPanel(StepPanel):
    """A row for every request of the case; the form below shows one of them, or makes another."""

    uiFile = "OptOrgans.ui"

    def setup(self):
        self.form = RequestForm(self.ui, self.window.updateButtons)
        self._isFilling = False
        self.ui.organsTable.connect("itemSelectionChanged()", self.onSelectionChanged)
        self.ui.organComboBox.connect("currentIndexChanged(int)", self.onOrganChanged)
        self.ui.setOrganButton.connect("clicked(bool)", self.onSetOrganButton)
        self.ui.removeOrganButton.connect("clicked(bool)", self.onRemoveOrganButton)

    def show(self):
        case = self.document.case if self.document else None
        self._isFilling = True
        try:
            self.ui.organsIntroLabel.text = self._introText(case)
            self._fillTable(case)
            self.form.show(case)
            self._selectRow(case)
        finally:
            self._isFilling = False

    def updateButtons(self):
        noCase = self.window.whyNoCase()
        name = self.form.organ()
        requested = not noCase and name in [one.structure for one in self.document.case.optimization]
        self.ui.setOrganButton.text = _("Ch&ange") if requested else _("&Add")
        noOrgan = noCase or ("" if name else _("The case names no structure: add it in Reirradiation Accumulation."))
        same = _("Nothing is changed.") if requested and not self.form.isChanged() else ""
        change = _("Ask for structures of {organ} as entered here; nothing is computed by that.").format(organ=name)
        enableOrSayWhyNot(self.ui.setOrganButton, noOrgan or same, change)
        notThere = "" if requested else _("No structures are asked for in this organ.")
        enableOrSayWhyNot(self.ui.removeOrganButton, noOrgan or notThere, _("Ask for no structures of this organ."))
        self.form.setEnabled(not noOrgan, noOrgan)

    def onSelectionChanged(self):
        row = self.ui.organsTable.currentRow()
        if not self._isFilling and self.document and 0 <= row < len(self.document.case.optimization):
            self.form.choose(self.document.case.optimization[row].structure)

    def onOrganChanged(self, _index=None):
        if not self._isFilling and self.document:
            self._isFilling = True
            try:
                self.form.onOrganChanged(self.document.case)
                self._selectRow(self.document.case)
            finally:
                self._isFilling = False
            self.window.updateButtons()

    def onSetOrganButton(self):
        self.window.edit(lambda case: with_optimization(case, self.form.request()))

    def onRemoveOrganButton(self):
        name = self.form.organ()
        self.window.edit(lambda case: without_optimization(case, name))

    def _introText(self, case):
        if case is None:
            return self.window.howToGetCase()
        new = case.new_course
        text = _("{label}: {dose:g} Gy in {fractions} fractions. Structures are cut where P + R exceeds the limit A.")
        state = "" if self.window.currentEvaluation() else f" {self.window.howToGetResults()}"
        return text.format(label=new.label, dose=new.prescription_gy, fractions=new.fractions) + state + self._unjudged(case)

    @staticmethod
    def _unjudged(case):
        """A limit that shapes structures and is judged nowhere else would look kept when it is not."""
        name = _("{organ} ({limit:g} Gy EQD2)")
        names = [name.format(organ=one.structure, limit=one.limit_eqd2_gy) for one in unjudged_requests(case)]
        if not names:
            return ""
        text = _("The scorecard does not judge A of {names}: add the same limit in Reirradiation Accumulation, 3 Biology.")
        return "\n" + text.format(names=", ".join(names))

    def _fillTable(self, case):
        requests = case.optimization if case else ()
        evaluation = self.window.currentEvaluation()
        found = {one.structure: one for one in evaluation.optimization} if evaluation else {}
        rows = [self._texts(request, found.get(request.structure)) for request in requests]
        colours = [self._colour(found.get(request.structure)) for request in requests]
        table = self.ui.organsTable
        fillTable(table, rows, numeric=NUMERIC, colours=colours)
        fitColumns(table, LAST_WIDTH)
        for row, request in enumerate(requests):
            limit = _("{row}: {source}").format(row=request.row or _("own limit"), source=request.source)
            table.item(row, 0).setToolTip(asToolTip(limit))
            table.item(row, 1).setToolTip(asToolTip(limit))
            table.item(row, len(rows[row]) - 1).setToolTip(asToolTip(self._stateText(found.get(request.structure))))

    @staticmethod
    def _texts(request, found):
        number = str(len(request.levels_eqd2_gy) or request.number)
        limit = _("{limit:g}\n{basis}, α/β {alphaBeta:g}").format(
            limit=request.limit_eqd2_gy, basis=request.basis.value, alphaBeta=request.alpha_beta_gy
        )
        start = [request.structure, limit]
        if found is None:
            return [*start, "–", "–", "–", number, "–", _("not computed")]
        p, r = found.prior_eqd2_gy, found.new_eqd2_gy
        d = f"{found.step_eqd2_gy:.2f}" if found.step_eqd2_gy > 0.0 else "–"
        state = found.state.split(":")[0].split(";")[0]  # all of it is the tooltip
        if found.unreliable_courses:
            state = f"{MARK} {state}"
        return [*start, f"{p:.2f}", f"{r:.2f}", f"{p + r:.2f}", number, d, state]

    def _stateText(self, found):
        if found is None:
            return self.window.howToGetResults()
        region = _("P: {metric}, {region}, {volume:.2f} cc").format(
            metric=found.metric, region=found.region, volume=found.region_cc
        )
        note = unreliable_note(found.unreliable_courses) if found.unreliable_courses else ""
        return "; ".join(text for text in (note, found.state, region, found.remark) if text)

    @staticmethod
    def _colour(found):
        if found is None:
            return NO_COLOUR
        if found.unreliable_courses or found.state == LevelState.TOLERANCE_USED.value:
            return RED
        return GREEN if found.state == LevelState.NOT_NEEDED.value else ORANGE

    def _selectRow(self, case):
        names = [request.structure for request in case.optimization] if case else []
        if self.form.organ() in names:
            self.ui.organsTable.selectRow(names.index(self.form.organ()))
        else:
            self.ui.organsTable.clearSelection()
