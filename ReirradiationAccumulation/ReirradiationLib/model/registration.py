"""How a prior course is brought to the current CT: what the case chooses, and who has looked at the result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path


class RegistrationMethod(str, Enum):
    """Where the transform from the current to the prior frame of reference comes from."""

    SAME_FRAME = "same-frame"
    DICOM = "dicom-reg"
    TRANSFORM_FILE = "transform-file"
    LANDMARKS = "landmarks"
    IMAGES = "images"


class RegistrationKind(str, Enum):
    """What an engine may do to the prior CT."""

    RIGID = "rigid"
    DEFORMABLE = "deformable"


class EngineName(str, Enum):
    """Programs that find a transform from two CTs."""

    SIMPLEITK = "simpleitk"
    ELASTIX = "elastix"
    SLICER_ELASTIX = "slicer-elastix"
    BRAINSFIT = "brainsfit"


@dataclass(frozen=True)
class SignOff:
    """Somebody has looked at a registration and takes it.

    Parameters
    ----------
    who : str
    when : date
    comment : str
        What was looked at, and where it is not to be relied on.
    key : str
        The key of the registration that was looked at, as the report shows it; the sign-off holds for no other. Empty: it
        holds whatever is registered.
    """

    who: str
    when: date
    comment: str
    key: str = ""


@dataclass(frozen=True)
class RegistrationChoice:
    """The registration of one prior course.

    Parameters
    ----------
    method : RegistrationMethod
    file : Path or None
        The REG object, the ITK transform file, or the CSV table of landmark pairs that the transform is made of.
    kind : RegistrationKind or None
        For :attr:`RegistrationMethod.IMAGES`; None for the others.
    engine : EngineName or None
        For :attr:`RegistrationMethod.IMAGES`; None for the best that is there.
    near_dose : bool
        Whether a deformable registration is limited to the surroundings of the prior dose above half of its maximum.
    landmarks : Path or None
        CSV table of landmark pairs that the registration is judged by.
    sign_off : SignOff or None
    """

    method: RegistrationMethod
    file: Path | None = None
    kind: RegistrationKind | None = None
    engine: EngineName | None = None
    near_dose: bool = False
    landmarks: Path | None = None
    sign_off: SignOff | None = None
