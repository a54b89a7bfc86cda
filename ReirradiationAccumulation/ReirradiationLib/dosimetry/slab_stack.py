"""A structure as slabs: which parts of neighbouring planes belong together, and what ends where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array
from ..model.structure import EndCaps
from .plane_field import Labels, PlaneField
from .slab import Blend, Cap, Slab

MARGIN_PIXELS = 3


@dataclass(frozen=True, eq=False)
class _Side:
    """One side of a plane: the parts and holes, as pixels, that have no counterpart on the neighbouring plane."""

    parts: BoolArray
    holes: BoolArray

    @property
    def is_everything_matched(self) -> bool:
        return not (self.parts.any() or self.holes.any())


def slabs(
    fields: Sequence[PlaneField], positions_mm: Sequence[float], reach_mm: tuple[float, float], end_caps: EndCaps
) -> list[Slab]:
    """The slabs of a run of neighbouring planes, from below the first to above the last.

    A part of one plane runs through to the next where it overlaps a part there; else it ends, half way to that plane, by
    the rule of the end caps. Holes do likewise. A part that ends on both sides stands for half a slice to each side,
    whatever the rule: else it would be nothing.

    Parameters
    ----------
    fields : sequence of PlaneField
        On one grid.
    positions_mm : sequence of float
        Along the slice normal, ascending.
    reach_mm : (below, above)
        How far the caps at both ends of the run reach.
    end_caps : EndCaps
    """
    nothing = np.zeros(fields[0].grid.shape, dtype=np.bool_)
    everything = [_Side(field.touched, nothing) for field in (fields[0], fields[-1])]
    between = [_matched(lower, upper) for lower, upper in pairwise(fields)]
    below = [everything[0], *(upper for _, upper in between)]
    above = [*(lower for lower, _ in between), everything[1]]
    lone = [down.parts & up.parts for down, up in zip(below, above, strict=True)]
    builder = _Builder(fields, end_caps, lone)
    stack: list[Slab] = []
    if caps := builder.caps(0, below[0], from_upper=True, reach=1.0):
        stack.append(builder.slab((0, 0), positions_mm[0] - reach_mm[0], positions_mm[0], None, caps))
    bends = _bends(fields, positions_mm)
    for n, (bottom, top) in enumerate(pairwise(positions_mm)):
        lower, upper = between[n]
        caps = (*builder.caps(n, lower, False, 0.5), *builder.caps(n + 1, upper, True, 0.5))
        blend = _blend(fields[n], fields[n + 1], lower, upper, bends[n])
        if blend is not None or caps:
            stack.append(builder.slab((n, n + 1), bottom, top, blend, caps))
    last = len(fields) - 1
    if caps := builder.caps(last, above[last], from_upper=False, reach=1.0):
        stack.append(builder.slab((last, last), positions_mm[-1], positions_mm[-1] + reach_mm[1], None, caps))
    return stack


@dataclass(frozen=True, eq=False)
class _Builder:
    """Makes the caps of a run of planes."""

    fields: Sequence[PlaneField]
    end_caps: EndCaps
    lone: Sequence[BoolArray]

    def caps(self, n: int, side: _Side, from_upper: bool, reach: float) -> tuple[Cap, ...]:
        """Caps on plane ``n`` of the parts and holes that end on one side of it."""
        field, lone = self.fields[n], self.lone[n]
        caps = []
        for regions, rule in ((side.parts & lone, EndCaps.HALF_SLICE), (side.parts & ~lone, self.end_caps)):
            if regions.any() and rule is not EndCaps.NONE:
                depth = (
                    field.only(regions, field.parts[0], field.distance_mm)
                    if self._is_one_of_several(n)
                    else field.distance_mm
                )
                caps.append(Cap(depth, field.radius_mm, from_upper, reach, rule is EndCaps.TAPERED, is_hole=False))
        if side.holes.any() and self.end_caps is not EndCaps.NONE:
            depth = field.only(side.holes, field.holes[0], -field.distance_mm)
            radius = np.asarray(depth.max(), dtype=np.float32)
            caps.append(Cap(depth, radius, from_upper, reach, self.end_caps is EndCaps.TAPERED, is_hole=True))
        return tuple(caps)

    def slab(
        self, planes: tuple[int, int], bottom_mm: float, top_mm: float, blend: Blend | None, caps: tuple[Cap, ...]
    ) -> Slab:
        """A slab between two planes, or beyond one."""
        lower, upper = (self.fields[n] for n in planes)
        return Slab(bottom_mm, top_mm, blend, caps, (lower.inward, upper.inward), _window(lower.touched | upper.touched))

    def _is_one_of_several(self, n: int) -> bool:
        return self.fields[n].parts[1] > 1


def _window(mask: BoolArray) -> tuple[slice, slice]:
    """Rows and columns of a mask, with a margin for shapes that bulge between planes."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return _around(rows, mask.shape[0]), _around(columns, mask.shape[1])


def _around(hits: NDArray[np.intp], size: int) -> slice:
    return slice(max(int(hits[0]) - MARGIN_PIXELS, 0), min(int(hits[-1]) + MARGIN_PIXELS + 1, size))


def _matched(lower: PlaneField, upper: PlaneField) -> tuple[_Side, _Side]:
    """What ends above the lower plane, and what ends below the upper one."""
    return _unmatched(lower, upper), _unmatched(upper, lower)


def _unmatched(field: PlaneField, other: PlaneField) -> _Side:
    labels, count = field.parts
    parts = _regions_without(labels, count, other.touched)
    labels, count = field.holes
    # The surroundings are one of the regions outside, and they always go on.
    nothing = np.zeros(field.grid.shape, dtype=np.bool_)
    holes = _regions_without(labels, count, ~other.inside | (other.edge >= 0)) if count > 1 else nothing
    return _Side(parts, holes)


def _regions_without(labels: Labels, count: int, other: BoolArray) -> BoolArray:
    """Pixels of the regions that do not overlap the other mask."""
    overlapping = np.zeros(count + 1, dtype=np.bool_)
    overlapping[labels[other]] = True
    overlapping[0] = True
    return np.asarray(~overlapping[labels]) if not overlapping.all() else np.zeros(labels.shape, dtype=np.bool_)


def _blend(lower: PlaneField, upper: PlaneField, below: _Side, above: _Side, bend: Float32Array | None) -> Blend | None:
    if not (below.is_everything_matched and above.is_everything_matched):
        kept = lower.without(below.parts, below.holes), upper.without(above.parts, above.holes)
        if kept[0] is None or kept[1] is None:
            return None
        lower, upper, bend = kept[0], kept[1], None
    return Blend(lower.level_mm2, upper.level_mm2, lower.radius_mm, upper.radius_mm, bend)


def _bends(fields: Sequence[PlaneField], positions_mm: Sequence[float]) -> list[Float32Array | None]:
    """Quadratic term of each interval: the smaller of two neighbouring second differences, where their signs agree."""
    count = len(fields)
    if count < 4:
        return [None] * (count - 1)
    steps = np.diff(np.asarray(positions_mm))
    slopes = [
        (upper.level_mm2 - lower.level_mm2) / step
        for (lower, upper), step in zip(pairwise(fields), steps.astype(np.float32), strict=True)
    ]
    # Half the second difference at the inner planes 1 … count - 2.
    seconds = [(slopes[n] - slopes[n - 1]) / np.float32(steps[n] + steps[n - 1]) for n in range(1, count - 1)]
    bends: list[Float32Array | None] = []
    for n, step in enumerate(steps):
        # Planes n and n + 1 bound the interval; at the ends of the run the next plane inwards stands in for the outer one.
        first = min(max(n - 1, 0), len(seconds) - 2)
        one, other = seconds[first], seconds[first + 1]
        smaller = np.where(np.abs(one) < np.abs(other), one, other)
        bends.append(np.where(one * other > 0.0, smaller, np.float32(0.0)) * np.float32(step * step))
    return bends
