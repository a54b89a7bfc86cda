"""Pairs of landmarks from a CSV table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..model.arrays import BoolArray, FloatArray
from ..model.csv_table import table_decimal, table_rows
from ..model.errors import RegistrationError
from ..model.geometry import Geometry

COLUMNS = ("name", "current_x_mm", "current_y_mm", "current_z_mm", "prior_x_mm", "prior_y_mm", "prior_z_mm")

PLAIN_COLUMNS = ("# x_current", "y_current", "z_current", "x_prior", "y_prior", "z_prior (LPS mm)")
"""Also understood: pairs without names, which are then called by their rows."""

FARTHEST_MM = 1e5
SAME_PLACE_MM = 1.0
"""Landmarks closer than this are one: what a transform was fitted to says nothing about how good it is."""

RIM_MM = 10.0
"""A landmark may lie so far beyond the outermost voxel centres: one in RAS lies much further."""


@dataclass(frozen=True, eq=False)
class LandmarkPairs:
    """The same places in the current and in the prior anatomy.

    Parameters
    ----------
    names : tuple of str
        One per pair, all different.
    current_mm, prior_mm : array, shape (n, 3)
        LPS.
    source : str
        The file.

    Raises
    ------
    RegistrationError
        If they are no finite pairs.
    """

    names: tuple[str, ...]
    current_mm: FloatArray
    prior_mm: FloatArray
    source: str

    def __post_init__(self) -> None:
        shapes = (self.current_mm.shape, self.prior_mm.shape)
        is_pair = shapes[0] == shapes[1] and len(shapes[0]) == 2 and shapes[0][1] == 3
        if not is_pair or not (np.isfinite(self.current_mm).all() and np.isfinite(self.prior_mm).all()):
            raise RegistrationError(
                "Landmark pairs",
                f"arrays of shape {shapes[0]} and {shapes[1]}" if not is_pair else "coordinates that are no numbers",
                "Check the table of landmarks.",
                "two lists of points, x, y and z in mm",
            )

    def at(self, which: BoolArray) -> LandmarkPairs:
        """Some of the pairs."""
        names = tuple(name for name, is_wanted in zip(self.names, which, strict=True) if is_wanted)
        return LandmarkPairs(names, self.current_mm[which], self.prior_mm[which], self.source)


def read_landmarks(path: Path) -> LandmarkPairs:
    """Read pairs of landmarks: one row each, LPS mm.

    Raises
    ------
    RegistrationError
        If the table cannot be read, lacks a column, holds what is no coordinate, or names or places a landmark twice.
    """
    is_plain = _first_line(path).startswith("#")
    columns = PLAIN_COLUMNS if is_plain else COLUMNS
    places: dict[str, list[float]] = {}
    for where, row in table_rows(path, columns, RegistrationError):
        name = where.rsplit(", ", 1)[-1] if is_plain else row["name"]
        numbers = [table_decimal(where, row, column, RegistrationError) for column in columns[-6:]]
        if max(map(abs, numbers)) > FARTHEST_MM:
            raise RegistrationError(
                where, f"a coordinate of {max(numbers, key=abs):g} mm", "Write LPS mm.", "patient coordinates"
            )
        if name in places:
            raise RegistrationError(where, f"a second landmark '{name}'", "Give every pair a name of its own.")
        for other, theirs in places.items():
            if numbers[:3] == theirs[:3] or numbers[3:] == theirs[3:]:
                raise RegistrationError(where, f"'{name}' lies where '{other}' does", "Give every pair places of its own.")
        places[name] = numbers
    if not places:
        raise RegistrationError(str(path), "no landmarks", "Write one row per pair.", ", ".join(COLUMNS))
    table = np.array(list(places.values()), dtype=np.float64)
    return LandmarkPairs(tuple(places), table[:, :3], table[:, 3:], path.name)


def require_within(pairs: LandmarkPairs, current: Geometry, prior: Geometry | None) -> None:
    """Refuse landmarks outside of their CTs, which is where RAS coordinates lead.

    Parameters
    ----------
    pairs : LandmarkPairs
    current, prior : Geometry
        Grids of the CTs; no prior one if the course has none.

    Raises
    ------
    RegistrationError
        Naming the landmarks, and the signs of x and y if the places would fit with them turned.
    """
    for which, points, ct in (("current", pairs.current_mm, current), ("prior", pairs.prior_mm, prior)):
        if ct is None:
            continue
        outside = ~_within(points, ct)
        if outside.any():
            names = [name for name, is_out in zip(pairs.names, outside, strict=True) if is_out]
            listed = ", ".join(f"'{name}'" for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            turned = _within(points * (-1.0, -1.0, 1.0), ct).all()
            remedy = "They look like RAS: turn the signs of x and y." if turned else "Check their coordinates and columns."
            raise RegistrationError(pairs.source, f"outside of the {which} CT: {listed}", remedy, "LPS mm within the CT")


def require_others(pairs: LandmarkPairs, fitted: LandmarkPairs) -> None:
    """Refuse to judge a registration by the landmarks that it was made from.

    Raises
    ------
    RegistrationError
        Naming those of ``pairs`` that lie where one of ``fitted`` does, on the current CT.
    """
    apart_mm = np.linalg.norm(pairs.current_mm[:, None, :] - fitted.current_mm[None, :, :], axis=2).min(axis=1)
    used = [name for name, distance_mm in zip(pairs.names, apart_mm, strict=True) if distance_mm < SAME_PLACE_MM]
    if used:
        listed = ", ".join(f"'{name}'" for name in used[:5]) + (f" and {len(used) - 5} more" if len(used) > 5 else "")
        raise RegistrationError(
            pairs.source,
            f"landmarks that the registration was made from: {listed}",
            "Judge it by other landmarks, or leave out 'landmarks'.",
            f"places that {fitted.source} does not hold",
        )


def _within(points_mm: FloatArray, ct: Geometry) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    index, rim = ct.to_index(points_mm), RIM_MM / np.asarray(ct.spacing_mm)
    return np.asarray(np.all((index >= -rim) & (index <= np.asarray(ct.size) - 1.0 + rim), axis=1))


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            return stream.readline()
    except (OSError, UnicodeDecodeError):
        return ""  # the table's reader says what is wrong
