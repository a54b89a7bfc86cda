"""The exceptions of the library: each names the object, what was found, what was expected and the remedy."""

from __future__ import annotations

from .interlock import Interlock


class ReirradiationError(Exception):
    """Base of every error that the library raises on purpose.

    Parameters
    ----------
    subject : str
        What is wrong: a file, a structure, an entry of the case file.
    found : str
        What was found there.
    remedy : str
        What the user can do about it.
    expected : str, optional
        What would have been accepted.
    interlock : Interlock, optional
        The entry of the catalogue that it is an instance of.
    """

    def __init__(
        self, subject: str, found: str, remedy: str, expected: str = "", interlock: Interlock | None = None
    ) -> None:
        self.subject = subject
        self.found = found
        self.expected = expected
        self.remedy = remedy
        self.interlock = interlock
        wanted = f", expected {expected}" if expected else ""
        identifier = f" [{interlock.identifier}]" if interlock else ""
        super().__init__(f"{subject}: {found}{wanted}{identifier}. {remedy}")


class CaseError(ReirradiationError):
    """The case file, or an entry of it, cannot be used."""


class ProtocolError(ReirradiationError):
    """A protocol table, an α/β, a recovery table or a constraint cannot be used."""


class DicomError(ReirradiationError):
    """A DICOM file is missing, damaged, of the wrong kind, or does not belong to the others."""


class GeometryError(ReirradiationError):
    """A grid, a transform or a frame of reference does not fit."""


class RegistrationError(ReirradiationError):
    """A registration could not be computed or does not connect the frames of reference it should."""


class DosimetryError(ReirradiationError):
    """A dose, a metric or a structure cannot be evaluated."""


class OutputError(ReirradiationError):
    """An output cannot be written."""


class AnonymityError(OutputError):
    """An anonymised output holds an identifier: the message names the file and the kind, not the value."""


class VerificationError(ReirradiationError):
    """A former output cannot be held against a new run."""


class Cancelled(Exception):
    """The user asked to stop; nothing that looks finished was written."""
