"""How the slice views of an application show a registration."""

from __future__ import annotations

from enum import Enum


class RegistrationView(str, Enum):
    """What the views show of the prior CT, brought to the current one."""

    OVERLAY = "overlay"
    """Both CTs in two colours, half of each."""

    CHECKERBOARD = "checkerboard"
    """Squares of one and of the other."""

    DIFFERENCE = "difference"
    """Current minus prior."""

    GRID = "warped grid"
    """The current CT, and a grid of the prior one as it is bent."""

    OFF = "off"
    """The current CT alone."""
