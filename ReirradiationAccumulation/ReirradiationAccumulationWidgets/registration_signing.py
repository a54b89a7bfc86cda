"""Who has looked at the chosen registration and takes it."""

import datetime

from ReirradiationLib.model.case_edits import with_sign_off
from ReirradiationLib.model.registration import SignOff
from ReirradiationLib.report.sign_off_state import sign_off_state
from slicer.i18n import tr as _

from .controls import enableOrSayWhyNot
from .registration_words import signOffText


class RegistrationSigning:
    """The fields of a sign-off; ``onTyped()`` must call ``updateButtons``."""

    def __init__(self, ui, window, onTyped):
        self.ui = ui
        self.window = window
        self._course = self._key = self._of = None
        for edit in (ui.registrationSignerLineEdit, ui.registrationCommentLineEdit):
            edit.connect("textChanged(QString)", lambda _text: onTyped())
        ui.signRegistrationButton.connect("clicked(bool)", self.onSign)
        ui.takeBackSignOffButton.connect("clicked(bool)", self.onTakeBack)

    def show(self, course, key):
        """Show a PriorCourse, or None, and the key of its registration, None as long as it is not registered."""
        document = self.window.logic.session.document
        of = (document.path, course.identifier) if document is not None and course is not None else None
        if of != self._of:
            self.ui.registrationCommentLineEdit.text = ""
        self._course, self._key, self._of = course, key, of
        self.ui.registrationKeyLineEdit.text = key or ""
        self.ui.signOffStateLabel.text = self._stateText()

    def updateButtons(self, whyNot):
        ui, signOff = self.ui, self._signOff()
        whyNotSign = whyNot or self._whyNotSign()
        enableOrSayWhyNot(ui.signRegistrationButton, whyNotSign, self._readyText(signOff))
        none = "" if signOff is not None else _("Nobody has signed.")
        enableOrSayWhyNot(ui.takeBackSignOffButton, whyNot or none, _("Take the signature out of the case."))

    def onSign(self):
        ui, course = self.ui, self._course.identifier
        who, comment = ui.registrationSignerLineEdit.text.strip(), ui.registrationCommentLineEdit.text.strip()
        signOff = SignOff(who, datetime.date.today(), comment, self._key)
        if self.window.edit(lambda case: with_sign_off(case, course, signOff)):
            ui.registrationCommentLineEdit.text = ""

    def onTakeBack(self):
        course = self._course.identifier
        self.window.edit(lambda case: with_sign_off(case, course, None))

    def _signOff(self):
        registration = self._course.registration if self._course is not None else None
        return registration.sign_off if registration is not None else None

    def _whyNotSign(self):
        if self._key is None:
            return _("Register first, and look at it: the signature is of that very registration.")
        if not self.ui.registrationSignerLineEdit.text.strip():
            return _("Enter who signs first.")
        return "" if self.ui.registrationCommentLineEdit.text.strip() else _("Say what was looked at first.")

    def _stateText(self):
        if self._course is None or self._course.registration is None:
            return _("Nothing to sign.")
        state = sign_off_state(self._course.registration, self._key)
        return signOffText(state, self._signOff(), self._key)

    @staticmethod
    def _readyText(former):
        if former is not None:
            return _("Replaces the signature of {who}, {when}.").format(who=former.who, when=former.when.isoformat())
        return _("Write into the case, as of today, that this registration was looked at and is taken.")
