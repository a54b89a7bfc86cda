"""The fields of the chosen course's registration."""

import pathlib

from ReirradiationLib.model.case_edits import with_registration
from ReirradiationLib.model.registration import EngineName, RegistrationKind, RegistrationMethod
from ReirradiationLib.model.registration_edits import (
    can_be_limited,
    needs_file,
    why_not_usable,
    with_engine,
    with_file,
    with_kind,
    with_landmarks,
    with_method,
    with_near_dose,
)
from slicer.i18n import tr as _

from .controls import asToolTip, enableOrSayWhyNot
from .registration_words import engineTitles, kindTitles, methodTitles

ENGINES = (None, *EngineName)


class RegistrationForm:
    """Shows how a course is registered, and changes the case as soon as the fields make a registration.

    Until they do, as while a file is missing, the choice is pending: it is kept here, and the label says what is missing.
    ``onPending()`` must call ``updateButtons``.
    """

    def __init__(self, ui, window, onPending):
        self.ui = ui
        self.window = window
        self._onPending = onPending
        self._course = self._pending = self._pendingOf = None
        self._isFilling = False
        self._whyNoEngine = None  # by engine; asked for once, when first shown
        for title in methodTitles().values():
            ui.registrationMethodComboBox.addItem(title)
        for title in kindTitles().values():
            ui.registrationKindComboBox.addItem(title)
        ui.registrationMethodComboBox.connect("currentIndexChanged(int)", self.onMethod)
        ui.registrationKindComboBox.connect("currentIndexChanged(int)", self.onKind)
        ui.registrationEngineComboBox.connect("currentIndexChanged(int)", self.onEngine)
        ui.nearDoseCheckBox.connect("toggled(bool)", lambda on: self._change(lambda one: with_near_dose(one, on)))
        ui.registrationPathLineEdit.connect("currentPathChanged(QString)", self.onFile)
        ui.landmarksPathLineEdit.connect("currentPathChanged(QString)", self.onLandmarks)

    def show(self, course):
        """Show a PriorCourse, or None; what is pending stays as long as the case says the same of that course."""
        self._course = course
        if self._pendingOf != self._case():
            self._pending = None
        if course is not None and self._whyNoEngine is None:
            self._listEngines()
        self._fill()

    @property
    def whyPending(self):
        """What is missing before the fields become the case's; empty if they are."""
        return why_not_usable(self._pending, self._course) if self._pending is not None else ""

    def updateButtons(self):
        ui, choice = self.ui, self._choice()
        whyNot = self.window.whyNoCase() or self._whyNoCourse()
        enableOrSayWhyNot(ui.registrationMethodComboBox, whyNot, self._methodText())
        method = choice.method if choice is not None else None
        noFile = "" if method is not None and needs_file(method) else _("Only a method that is read from a file takes one.")
        noImages = "" if method is RegistrationMethod.IMAGES else _("Only a registration of the images takes it.")
        noLimit = (
            "" if choice is not None and can_be_limited(choice) else _("Only a deformable one of the images can be limited.")
        )
        enableOrSayWhyNot(ui.registrationPathLineEdit, whyNot or noFile, self._fileText(method))
        kinds = _("What the engine may do to the prior CT: turn and shift it only (rigid), or bend it too (deformable).")
        enableOrSayWhyNot(ui.registrationKindComboBox, whyNot or noImages, kinds)
        enableOrSayWhyNot(ui.registrationEngineComboBox, whyNot or noImages, self._engineText(choice))
        near = _(
            "Bend only the surroundings of the prior dose above half of its maximum: faster. Elsewhere no dose is mapped."
        )
        enableOrSayWhyNot(ui.nearDoseCheckBox, whyNot or noLimit, near)
        judge = _(
            "A CSV table of pairs of landmarks (LPS mm, as in DICOM; not the RAS of Slicer) to judge by; others than "
            "those it is made of. May stay empty."
        )
        enableOrSayWhyNot(ui.landmarksPathLineEdit, whyNot or self._whyNoChoice(), judge)
        ui.registrationStateLabel.text = self._stateText(choice)

    def onMethod(self, index):
        if index >= 0:
            method, ofCase = list(RegistrationMethod)[index], self._course and self._course.registration
            isOfCase = ofCase is not None and ofCase.method is method  # back to what the case says, with its file
            self._change(lambda one: ofCase if isOfCase else with_method(one, method))

    def onKind(self, index):
        if index >= 0:
            self._change(lambda one: with_kind(one, list(RegistrationKind)[index]))

    def onEngine(self, index):
        if index >= 0:
            self._change(lambda one: with_engine(one, ENGINES[index]))

    def onFile(self, _path):
        self._change(lambda one: with_file(one, chosenFile(self.ui.registrationPathLineEdit)))

    def onLandmarks(self, _path):
        self._change(lambda one: with_landmarks(one, chosenFile(self.ui.landmarksPathLineEdit)))

    def _change(self, change):
        if self._isFilling or self._course is None:
            return
        course, choice = self._course, change(self._choice())
        if why_not_usable(choice, course):
            self._pending, self._pendingOf = choice, self._case()
            self._fill()
            self._onPending()
        elif choice == course.registration:
            self._pending = None
            self._fill()
            self._onPending()
        else:
            self._pending = None  # if the case refuses it, the fields show the case again
            self.window.edit(lambda case: with_registration(case, course.identifier, choice))

    def _choice(self):
        """What the fields show: what is pending, or what the case says; None where it says nothing."""
        if self._pending is not None:
            return self._pending
        return self._course.registration if self._course is not None else None

    def _case(self):
        """What a pending choice belongs to."""
        if self._course is None:
            return None
        return self.window.logic.session.document.path, self._course.identifier, self._course.registration

    def _fill(self):
        ui, choice = self.ui, self._choice()
        self._isFilling = True
        try:
            of = [None] if choice is None else [choice.method, choice.kind, choice.engine]
            ui.registrationMethodComboBox.setCurrentIndex(-1 if choice is None else list(RegistrationMethod).index(of[0]))
            isOfImages = choice is not None and choice.method is RegistrationMethod.IMAGES
            ui.registrationKindComboBox.setCurrentIndex(list(RegistrationKind).index(of[1]) if isOfImages else -1)
            ui.registrationEngineComboBox.setCurrentIndex(ENGINES.index(of[2]) if isOfImages else -1)
            ui.nearDoseCheckBox.setChecked(choice is not None and choice.near_dose)
            showFile(ui.registrationPathLineEdit, choice.file if choice is not None else None)
            showFile(ui.landmarksPathLineEdit, choice.landmarks if choice is not None else None)
        finally:
            self._isFilling = False

    def _listEngines(self):
        box, titles = self.ui.registrationEngineComboBox, engineTitles()
        self._whyNoEngine = {engine.name: engine.unavailable_because() for engine in self.window.logic.engines()}
        self._isFilling = True
        try:
            box.clear()
            box.addItem(_("the best that is there"))
            for number, name in enumerate(EngineName, start=1):
                reason = self._whyNoEngine.get(name)
                box.addItem(_("{engine} – not available here").format(engine=titles[name]) if reason else titles[name])
                item = box.model().item(number)
                item.setEnabled(not reason)
                item.setToolTip(asToolTip(reason or titles[name]))
        finally:
            self._isFilling = False

    def _whyNoCourse(self):
        if self._course is None:
            return _("Choose a prior course.")
        return _("The course is known by points only: nothing of it is registered.") if self._course.has_points_only else ""

    def _whyNoChoice(self):
        return "" if self._choice() is not None else _("Choose a method first.")

    def _stateText(self, choice):
        if self._course is None or self._course.has_points_only:
            return self._whyNoCourse()
        if self.whyPending:
            return _("Not yet in the case: {reason}").format(reason=self.whyPending)
        reason = self._whyNoEngine.get(choice.engine) if choice is not None and choice.engine is not None else None
        if reason:
            return _("The engine cannot be used here: {reason}").format(reason=reason)
        return _("A change of what is registered takes the signature away: it is of another registration.")

    def _engineText(self, choice):
        reason = self._whyNoEngine.get(choice.engine) if choice is not None and self._whyNoEngine else None
        return reason or _(
            "The program that finds the transform. Those that are greyed say why when the mouse rests on them."
        )

    @staticmethod
    def _methodText():
        return _("Where the transform from the current CT to the prior one comes from: none, a file, or the two CTs.")

    @staticmethod
    def _fileText(method):
        return {
            RegistrationMethod.DICOM: _("The DICOM REG, rigid or deformable, that connects both frames of reference."),
            RegistrationMethod.TRANSFORM_FILE: _(
                "The ITK transform file (.tfm, .txt, .h5, .nii), current to prior, LPS mm."
            ),
            RegistrationMethod.LANDMARKS: _(
                "The CSV table of landmark pairs (LPS mm, as in DICOM; not the RAS of Slicer) that a rigid transform "
                "is made of."
            ),
        }.get(method, "")


def chosenFile(line):
    """The path in a ctkPathLineEdit, absolute; None if it is empty."""
    return pathlib.Path(line.currentPath).absolute() if line.currentPath else None


def showFile(line, file):
    """Show a path unless the line shows it already, however it is spelt."""
    if chosenFile(line) != file:
        line.currentPath = str(file) if file is not None else ""
