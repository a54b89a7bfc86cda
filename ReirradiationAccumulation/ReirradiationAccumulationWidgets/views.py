"""Asking the logic to show something in the views."""

import slicer
from ReirradiationLib.model.errors import ReirradiationError
from slicer.i18n import tr as _


def tryToShow(action):
    """Do something that changes nothing of the case; the user is told why if that cannot be."""
    with slicer.util.tryWithErrorDisplay(
        _("Unexpected failure; please report it with the application log."), waitCursor=True
    ):
        try:
            action()
        except ReirradiationError as error:
            slicer.util.errorDisplay(str(error))
