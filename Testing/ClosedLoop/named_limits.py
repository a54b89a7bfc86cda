"""The limit that the name of an exported optimization structure carries: ``zspinal_S1_1154`` may receive 11.54 Gy."""

from __future__ import annotations

NAME_STEP_GY = 0.01
"""Names carry whole cGy."""


def limit_in_name_gy(name: str, told_gy: float) -> float:
    """Physical dose in Gy (total) from a name such as ``zspinal_S1_1154``, which must be the one told elsewhere.

    Raises
    ------
    ValueError
        If the name carries no limit, or another one.
    """
    stem, _, digits = name.rpartition("_")
    if not stem or not digits.isdecimal():
        raise ValueError(f"'{name}' carries no limit")
    limit_gy = int(digits) * NAME_STEP_GY
    if abs(limit_gy - told_gy) > NAME_STEP_GY:
        raise ValueError(f"'{name}' says {limit_gy:.2f} Gy, the case {told_gy:.2f} Gy")
    return limit_gy
