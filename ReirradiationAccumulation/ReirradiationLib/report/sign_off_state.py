"""Whether a registration counts as signed off, told by the case and the key of what is registered."""

from __future__ import annotations

from enum import Enum

from ..model.registration import RegistrationChoice
from .registration_findings import NEED_SIGN_OFF


class SignOffState(Enum):
    """How a registration stands with its signature."""

    NOT_NEEDED = "not needed"
    """Nobody has signed, and the method does not ask for it."""

    MISSING = "missing"
    SIGNED = "signed"
    KEYLESS = "signed without a key"
    """It holds whatever is registered, and does not tell what was looked at."""

    OUTDATED = "outdated"
    """Of another registration: counts as not signed."""

    UNCOMPARED = "not compared"
    """Nothing is registered here that its key could be compared with."""


def sign_off_state(choice: RegistrationChoice, key: str | None) -> SignOffState:
    """How a registration stands with its signature.

    Parameters
    ----------
    choice : RegistrationChoice
    key : str or None
        Of the transform that is registered; None as long as none is.
    """
    signed = choice.sign_off
    if signed is None:
        return SignOffState.MISSING if choice.method in NEED_SIGN_OFF else SignOffState.NOT_NEEDED
    if not signed.key:
        return SignOffState.KEYLESS
    if key is None:
        return SignOffState.UNCOMPARED
    return SignOffState.SIGNED if signed.key == key else SignOffState.OUTDATED
