"""What the slice views of an open scene need to show how a registration lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .arrays import FloatArray
from .image import Image
from .registration_picture import WarpedCt


@dataclass(frozen=True, eq=False)
class RegistrationView:
    """The current CT and one prior course's CT as the registration puts it there.

    Parameters
    ----------
    course, label : str
        Identifier of the course, and what it is called.
    image : Image
        The current CT.
    warped : WarpedCt
        The prior CT on the grid of the current one, or on a part of it.
    displacement_mm : callable or None
        From current LPS points to displacements, rigid part removed, both (n, 3) in mm, NaN where undefined. Only the
        warped grid needs it.
    """

    course: str
    label: str
    image: Image
    warped: WarpedCt
    displacement_mm: Callable[[FloatArray], FloatArray] | None = None
