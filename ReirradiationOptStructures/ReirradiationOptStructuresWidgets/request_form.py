"""The form of one request for optimization structures."""

import dataclasses

from ReirradiationAccumulationWidgets.controls import asToolTip
from ReirradiationAccumulationWidgets.panel_parts import Number
from ReirradiationLib.model.errors import ReirradiationError
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.planning_choice import TargetOverlap
from ReirradiationLib.model.planning_entry import DEFAULT_NUMBER
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.planning.request_choices import (
    fitting_limits,
    levels_text,
    parse_levels,
    request_by_own_limit,
    request_by_row,
)
from slicer.i18n import tr as _

OWN_LIMIT_GY, OWN_ALPHA_BETA_GY = 50.0, 2.0  # to begin with; A needs its source before it is taken


class RequestForm:
    """The widgets of the ui's requestGroupBox; ``onChanged()`` is called when the user has changed something there.

    The form keeps what was typed until another organ is chosen, or the request that it shows is changed elsewhere.
    """

    def __init__(self, ui, onChanged):
        self.ui = ui
        self._onChanged = onChanged
        self._rows, self._shown, self._names, self._targets = (), None, [], [None]
        self._asFilled = None
        self._isFilling = False
        self._limitGy, self._alphaBetaGy = Number(ui.limitSpinBox), Number(ui.alphaBetaSpinBox)
        self._marginMm, self._cropMm, self._smoothingMm = map(
            Number, (ui.marginSpinBox, ui.cropSpinBox, ui.smoothingSpinBox)
        )
        self._number = Number(ui.numberSpinBox)
        for basis in Basis:
            ui.basisComboBox.addItem(basis.value)
        for overlap, label in self._overlaps().items():
            ui.overlapComboBox.addItem(label, overlap.value)
        for name in ("basis", "target", "overlap"):
            getattr(ui, f"{name}ComboBox").connect("currentIndexChanged(int)", self._changed)
        for name in ("limit", "alphaBeta", "margin", "crop", "smoothing"):
            getattr(ui, f"{name}SpinBox").connect("valueChanged(double)", self._changed)
        ui.numberSpinBox.connect("valueChanged(int)", self._changed)
        for name in ("source", "limitReason", "metric", "levels"):
            getattr(ui, f"{name}LineEdit").connect("textChanged(QString)", self._changed)
        ui.limitComboBox.connect("currentIndexChanged(int)", self._onLimitChanged)

    @staticmethod
    def _overlaps():
        return {
            TargetOverlap.KEEP: _("keep"),
            TargetOverlap.CROP: _("crop"),
            TargetOverlap.BOTH: _("both, each as structures of its own"),
        }

    def organ(self):
        """The name of the organ that is chosen; empty if there is none."""
        index = self.ui.organComboBox.currentIndex
        return self._names[index] if 0 <= index < len(self._names) else ""

    def choose(self, name):
        """Choose an organ, as the user would."""
        self.ui.organComboBox.setCurrentIndex(self._names.index(name))

    def show(self, case):
        """Show the request of the organ that was shown, or of the first that has one."""
        self._isFilling = True
        try:
            self._fillOrgans(case)
            self._fillTargets(case)
        finally:
            self._isFilling = False
        self.onOrganChanged(case)

    def onOrganChanged(self, case):
        name = self.organ()
        requests = {one.structure: one for one in case.optimization} if case else {}
        shown = (str(case.file) if case else "", name, requests.get(name), case.protocol_folder if case else None)
        if shown == self._shown:
            return
        self._shown = shown
        self._isFilling = True
        try:
            self._fillLimits(case, name, requests[name].row if name in requests else "")
            self._fill(requests.get(name) or self._proposal(name), isNew=name not in requests)
        finally:
            self._isFilling = False
        self._asFilled = self._entered()
        self._enableFields()

    def request(self):
        """What is entered, as an OptimizationRequest.

        :raises ReirradiationError: if it cannot be
        """
        name, row = self.organ(), self._row()
        limit_gy = self._limitGy.value()
        if row is not None:
            request = request_by_row(name, row, limit_gy, self.ui.limitReasonLineEdit.text.strip())
        else:
            basis, source = Basis(self.ui.basisComboBox.currentText), self.ui.sourceLineEdit.text.strip()
            request = request_by_own_limit(name, limit_gy, basis, self._alphaBetaGy.value(), source)
        levels = parse_levels(self.ui.levelsLineEdit.text, name)
        return dataclasses.replace(
            request,
            metric=Metric.parse(self.ui.metricLineEdit.text.strip()),
            number=DEFAULT_NUMBER if levels else int(self._number.value()),
            levels_eqd2_gy=levels,
            target=self._targets[self.ui.targetComboBox.currentIndex],
            margin_mm=self._marginMm.value(),
            overlap=list(TargetOverlap)[self.ui.overlapComboBox.currentIndex],
            crop_margin_mm=self._cropMm.value(),
            smoothing_mm=self._smoothingMm.value(),
        )

    def isChanged(self):
        """Whether something else is entered than the case holds."""
        return self._entered() != self._asFilled

    def setEnabled(self, isEnabled, whyNot):
        self.ui.requestGroupBox.setEnabled(isEnabled)
        self.ui.requestGroupBox.toolTip = asToolTip(whyNot)

    def _entered(self):
        ui = self.ui
        texts = [edit.text for edit in (ui.sourceLineEdit, ui.limitReasonLineEdit, ui.metricLineEdit, ui.levelsLineEdit)]
        boxes = (ui.limitComboBox, ui.basisComboBox, ui.targetComboBox, ui.overlapComboBox)
        numbers = (self._limitGy, self._alphaBetaGy, self._number, self._marginMm, self._cropMm, self._smoothingMm)
        return (*texts, *(box.currentIndex for box in boxes), *(one.value() for one in numbers))

    def _changed(self, _value=None):
        if not self._isFilling:
            self._enableFields()
            self._onChanged()

    def _onLimitChanged(self, _index=None):
        if not self._isFilling:
            row = self._row()
            self._isFilling = True
            try:
                if row is not None:
                    self._fillLimit(request_by_row(self.organ(), row))
                else:
                    self.ui.sourceLineEdit.text = ""
            finally:
                self._isFilling = False
            self._changed()

    def _row(self):
        index = self.ui.limitComboBox.currentIndex - 1
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def _fillOrgans(self, case):
        former = self.organ()
        requested = [one.structure for one in case.optimization] if case else []
        self._names = [one.name for one in case.structures] if case else []
        box = self.ui.organComboBox
        box.clear()
        for name in self._names:
            box.addItem(f"{name} ✓" if name in requested else name)
        wanted = former if former in self._names else next(iter(requested), None)
        if wanted in self._names:
            box.setCurrentIndex(self._names.index(wanted))

    def _fillTargets(self, case):
        former = self._targets[max(self.ui.targetComboBox.currentIndex, 0)]
        named = [target.structure for target in case.new_course.targets] if case else []
        self._targets = [None, *(named or self._names)]
        box = self.ui.targetComboBox
        box.clear()
        for target in self._targets:
            box.addItem(target or (_("the nearest") if named else _("anywhere")))
        box.setCurrentIndex(self._targets.index(former) if former in self._targets else 0)

    def _fillLimits(self, case, name, chosen):
        box = self.ui.limitComboBox
        box.clear()
        box.addItem(_("own limit"))
        try:
            self._rows = fitting_limits(name, case.protocol_folder, chosen) if name else ()
        except ReirradiationError as error:
            self._rows = ()
            box.setItemText(0, _("own limit (constraints.csv cannot be used: {why})").format(why=error.found))
        for row in self._rows:
            published = row.limit
            text = _("{row}: {metric} ≤ {limit:g} Gy EQD2, {basis}, α/β {alphaBeta:g} Gy")
            basis, alphaBeta = published.basis.value, published.alpha_beta_gy
            metric = str(published.metric).removesuffix("[Gy]")
            text = text.format(row=row.identifier, metric=metric, limit=published.limit, basis=basis, alphaBeta=alphaBeta)
            box.addItem(text)
            box.setItemData(box.count - 1, asToolTip(f"{row.organ}. {published.source} {row.note}"), 3)  # Qt.ToolTipRole

    def _proposal(self, name):
        if self._rows:
            return request_by_row(name, self._rows[0])
        return request_by_own_limit(name, OWN_LIMIT_GY, Basis.RAW, OWN_ALPHA_BETA_GY, "")

    def _fill(self, request, isNew):
        ui = self.ui
        known = [row.identifier for row in self._rows]
        ui.limitComboBox.setCurrentIndex(1 + known.index(request.row) if request.row in known else 0)
        self._fillLimit(request)
        self._number.fill(request.number)
        ui.levelsLineEdit.text = levels_text(request.levels_eqd2_gy)
        target = request.target if not isNew else next(iter(self._targets[1:]), None) if len(self._targets) == 2 else None
        ui.targetComboBox.setCurrentIndex(self._targets.index(target) if target in self._targets else 0)
        self._marginMm.fill(request.margin_mm)
        ui.overlapComboBox.setCurrentIndex(list(TargetOverlap).index(request.overlap))
        self._cropMm.fill(request.crop_margin_mm)
        self._smoothingMm.fill(request.smoothing_mm)

    def _fillLimit(self, request):
        ui = self.ui
        self._limitGy.fill(request.limit_eqd2_gy)
        ui.basisComboBox.setCurrentIndex(list(Basis).index(request.basis))
        self._alphaBetaGy.fill(request.alpha_beta_gy)
        ui.sourceLineEdit.text = request.source
        ui.sourceLineEdit.setCursorPosition(0)
        ui.limitReasonLineEdit.text = request.override.reason if request.override else ""
        ui.metricLineEdit.text = str(request.metric)

    def _enableFields(self):
        ui, row = self.ui, self._row()
        published = _("It belongs to the published limit; choose 'own limit' to enter another.") if row is not None else ""
        for widget in (ui.basisComboBox, ui.alphaBetaSpinBox):
            self._enable(widget, published)
        ui.sourceLineEdit.setReadOnly(row is not None)
        ui.sourceLineEdit.toolTip = asToolTip(ui.sourceLineEdit.text or _("Where a limit of your own comes from."))
        isOther = row is not None and self._limitGy.value() != row.limit.limit
        self._enable(ui.limitReasonLineEdit, "" if isOther else _("Needed where A is not the published value."))
        byLevels = _("The isodoses say how many.") if ui.levelsLineEdit.text.strip() else ""
        self._enable(ui.numberSpinBox, byLevels)
        keep = ui.overlapComboBox.currentIndex == list(TargetOverlap).index(TargetOverlap.KEEP)
        self._enable(ui.cropSpinBox, _("Only of cropped structures.") if keep else "")
        anywhere = (
            self._targets[max(ui.targetComboBox.currentIndex, 0)] is None and _("anywhere") == ui.targetComboBox.currentText
        )
        self._enable(ui.marginSpinBox, _("The whole organ counts where no target is named.") if anywhere else "")

    def _enable(self, widget, whyNot):
        """Enable a field or say why not; its own tooltip is kept for when it is enabled."""
        own = widget.property("ownToolTip")
        if own is None:
            own = widget.toolTip
            widget.setProperty("ownToolTip", own)
        widget.setEnabled(not whyNot)
        widget.toolTip = asToolTip(whyNot) if whyNot else own
