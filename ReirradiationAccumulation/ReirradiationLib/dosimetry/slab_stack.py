"""A structure as slabs: which parts of neighbouring planes belong together, and what ends where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.structure import EndCaps
from .plane_field import FAR_MM, PlaneFields, Regions
from .plane_stack import ContourPlane, runs
from .slab import Blend, Cap, Slab

MISSING_SLICES = 4.5
FEWEST_MISSING = 3
"""So many gaps of up to so many usual distances, with the same part on either side, are contours that are missing."""


@dataclass(frozen=True, eq=False)
class SlabStack:
    """The slabs of a structure.

    A part of one plane runs through to the next where it overlaps a part there; else it ends, half way to that plane, by
    the rule of the end caps. Holes do likewise. A part or hole that ends on both sides stands for half a slice to each side,
    whatever the rule: else it would be nothing.

    Parameters
    ----------
    fields : PlaneFields
    positions_mm : array, shape (n,)
        Of the planes along the slice normal, ascending.
    is_joined : array of bool, shape (n - 1,)
        Whether a plane and the next are neighbours, without a gap between them.
    reach_mm : array, shape (n, 2)
        How far a cap below and above each plane reaches where the run ends.
    end_caps : EndCaps
    """

    fields: PlaneFields
    positions_mm: FloatArray
    is_joined: BoolArray
    reach_mm: FloatArray
    end_caps: EndCaps

    @staticmethod
    def of(fields: PlaneFields, planes: Sequence[ContourPlane], end_caps: EndCaps) -> SlabStack:
        """The slabs of contour planes whose fields are given."""
        is_joined = np.ones(len(planes) - 1, dtype=np.bool_)
        is_joined[[run.start - 1 for run in runs(planes)[1:]]] = False
        reach = np.array([[plane.below_mm, plane.above_mm] for plane in planes])
        return SlabStack(fields, np.array([plane.position_mm for plane in planes]), is_joined, reach, end_caps)

    def missing_contours(self) -> str:
        """What makes it likely that contours are missing, in words; empty if nothing does.

        Gaps of a few slices with the same part on either side, again and again, or parts that are there on every second
        plane only: then the structure was not contoured on every slice, and what lies between would be lost.
        """
        steps = np.diff(self.positions_mm)
        usual = float(np.median(steps[self.is_joined])) if self.is_joined.any() else float(steps.min(initial=0.0))
        short = ~self.is_joined & (steps <= MISSING_SLICES * usual)
        bridged = [n for n in np.flatnonzero(short) if (self.fields.touched[n] & self.fields.touched[n + 1]).any()]
        if len(bridged) >= FEWEST_MISSING:
            return f"{len(bridged)} gaps of {steps[bridged].min():.1f} to {steps[bridged].max():.1f} mm within the same part"
        alternating = [
            n
            for n in range(2, len(self.positions_mm) - 2)
            if (lone := self._parts_below.on(n) & self._parts_above.on(n)).any()
            and (lone & self.fields.touched[n - 2] & self.fields.touched[n + 2]).any()
        ]
        return f"parts on every second of {len(alternating) + 2} planes" if len(alternating) >= FEWEST_MISSING else ""

    @cached_property
    def plain(self) -> NDArray[np.intp]:
        """Intervals, by their lower planes, in which everything runs through."""
        ending_above = self._parts_above.planes | self._holes_above.planes
        ending_below = self._parts_below.planes | self._holes_below.planes
        joined = np.flatnonzero(self.is_joined)
        return np.array([n for n in joined if n not in ending_above and n + 1 not in ending_below], dtype=np.intp)

    def blend(self, lower: NDArray[np.intp] | slice | int) -> Blend:
        """What runs through plain intervals, given by their lower planes; fields of shape (m, nv, nu)."""
        upper = slice(lower.start + 1, lower.stop + 1) if isinstance(lower, slice) else lower + 1
        levels, radii, bends = self.fields.levels_mm2, self.fields.radii_mm, self.bends
        return Blend(levels[lower], levels[upper], radii[lower], radii[upper], None if bends is None else bends[lower])

    @property
    def extent_mm(self) -> tuple[float, float]:
        """From the lowest to the highest point along the slice normal."""
        ends = [(slab.bottom_mm, slab.top_mm) for slab in self.other_slabs]
        ends.append((float(self.positions_mm[0]), float(self.positions_mm[-1])))
        return min(bottom for bottom, _ in ends), max(top for _, top in ends)

    def piece_at(self, positions_mm: FloatArray) -> NDArray[np.int32]:
        """The slab at positions along the slice normal: a plain interval by its lower plane, then the others; -1 for none.

        Slabs are half-open, so that a slice midway between two planes belongs to one of them only.
        """
        lower = np.searchsorted(self.positions_mm, positions_mm, side="right").astype(np.int32) - 1
        piece = np.where(np.isin(lower, self.plain), lower, np.int32(-1))
        for number, slab in enumerate(self.other_slabs, len(self.positions_mm)):
            piece[(positions_mm >= slab.bottom_mm) & (positions_mm < slab.top_mm)] = number
        return piece

    def depth_mm(self, position_mm: float) -> Float32Array:
        """Depth in the plane at a position along the slice normal, shape (nv, nu); far outside where nothing is."""
        piece = int(self.piece_at(np.array([position_mm]))[0])
        if piece < 0:
            return np.full(self.fields.grid.shape, np.float32(-FAR_MM))
        if piece < len(self.positions_mm):
            bottom, top = self.positions_mm[piece], self.positions_mm[piece + 1]
            return self.blend(piece).depth_mm(np.float32((position_mm - bottom) / (top - bottom)))
        slab = self.other_slabs[piece - len(self.positions_mm)]
        return slab.depth_mm(np.float32((position_mm - slab.bottom_mm) / slab.height_mm))

    @cached_property
    def other_slabs(self) -> list[Slab]:
        """The slabs beyond the ends of runs, and the intervals in which something ends."""
        return list(self._others())

    def _others(self) -> Iterator[Slab]:
        plain = set(self.plain.tolist())
        for n in range(len(self.positions_mm)):
            position = float(self.positions_mm[n])
            if n == 0 or not self.is_joined[n - 1]:
                caps = self._caps(n, self._parts_below.on(n), None, from_upper=True, reach=1.0)
                if caps:
                    yield Slab(position - float(self.reach_mm[n, 0]), position, None, caps, (n, n))
            if n == len(self.is_joined) or not self.is_joined[n]:
                caps = self._caps(n, self._parts_above.on(n), None, from_upper=False, reach=1.0)
                if caps:
                    yield Slab(position, position + float(self.reach_mm[n, 1]), None, caps, (n, n))
            elif n not in plain and (slab := self._partly_ending(n)) is not None:
                yield slab

    def _partly_ending(self, n: int) -> Slab | None:
        """The slab of an interval in which something ends; None if nothing is left."""
        parts, holes = (
            (self._parts_above.on(n), self._parts_below.on(n + 1)),
            (self._holes_above.on(n), self._holes_below.on(n + 1)),
        )
        caps = (*self._caps(n, parts[0], holes[0], False, 0.5), *self._caps(n + 1, parts[1], holes[1], True, 0.5))
        lower, upper = (self.fields.without(n + side, parts[side], holes[side]) for side in (0, 1))
        blend = None
        if lower is not None and upper is not None:
            levels = lower.levels_mm2[0], upper.levels_mm2[0]
            blend = Blend(*levels, lower.radii_mm[0], upper.radii_mm[0], bend=None)
        if blend is None and not caps:
            return None
        return Slab(float(self.positions_mm[n]), float(self.positions_mm[n + 1]), blend, caps, (n, n + 1))

    def _caps(self, n: int, parts: BoolArray, holes: BoolArray | None, from_upper: bool, reach: float) -> tuple[Cap, ...]:
        """Caps on plane ``n`` of the parts and holes that end on one side of it."""
        fields, caps = self.fields, []
        for regions, rule in self._by_rule(parts, self._parts_below.on(n) & self._parts_above.on(n)):
            depth = fields.distance_mm[n]
            if fields.parts.counts[n] > 1:
                depth = fields.alone(n, regions, fields.touched[n], depth)
            caps.append(Cap(depth, fields.radii_mm[n], from_upper, reach, rule is EndCaps.TAPERED, is_hole=False))
        if holes is None or not holes.any():
            return tuple(caps)
        for regions, rule in self._by_rule(holes, self._holes_below.on(n) & self._holes_above.on(n)):
            depth = fields.alone(n, regions, ~fields.inside[n], -fields.distance_mm[n])
            radius = depth.max(keepdims=True)
            caps.append(Cap(depth, radius, from_upper, reach, rule is EndCaps.TAPERED, is_hole=True))
        return tuple(caps)

    def _by_rule(self, regions: BoolArray, lone: BoolArray) -> list[tuple[BoolArray, EndCaps]]:
        """Ending regions that have a cap, with its rule: half a slice for those that end on both sides, else the case's."""
        rules = ((regions & lone, EndCaps.HALF_SLICE), (regions & ~lone, self.end_caps))
        return [(some, rule) for some, rule in rules if some.any() and rule is not EndCaps.NONE]

    @cached_property
    def _parts_above(self) -> _Ending:
        return _Ending(self.fields.parts, self.fields.parts.unmatched(self.fields.touched, 1, self.is_joined))

    @cached_property
    def _parts_below(self) -> _Ending:
        return _Ending(self.fields.parts, self.fields.parts.unmatched(self.fields.touched, -1, self.is_joined))

    @cached_property
    def _holes_above(self) -> _Ending:
        return _Ending(self.fields.holes, self.fields.holes.unmatched(self.fields.not_within, 1, self.is_joined))

    @cached_property
    def _holes_below(self) -> _Ending:
        return _Ending(self.fields.holes, self.fields.holes.unmatched(self.fields.not_within, -1, self.is_joined))

    @cached_property
    def bends(self) -> Float32Array | None:
        """Quadratic term of each interval: the smaller of two neighbouring second differences, where their signs agree.

        Shape (n - 1, nv, nu); 0 in runs of fewer than four planes; None if there is no longer run.
        """
        ends = [0, *(np.flatnonzero(~self.is_joined) + 1).tolist(), len(self.positions_mm)]
        long_runs = [(first, stop) for first, stop in pairwise(ends) if stop - first >= 4]
        if not long_runs:
            return None
        levels = self.fields.levels_mm2
        bends = np.zeros((len(levels) - 1, *levels.shape[1:]), dtype=np.float32)
        for first, stop in long_runs:
            bends[first : stop - 1] = _bends(levels[first:stop], np.diff(self.positions_mm[first:stop]).astype(np.float32))
        return bends


@dataclass(frozen=True, eq=False)
class _Ending:
    """Regions that have no counterpart on a neighbouring plane."""

    regions: Regions
    chosen: BoolArray

    @cached_property
    def planes(self) -> set[int]:
        """The planes that hold such a region."""
        return self.regions.planes_of(self.chosen)

    def on(self, n: int) -> BoolArray:
        """Pixels of such regions on a plane, shape (nv, nu)."""
        return np.asarray(self.chosen[self.regions.labels[n]])


def _bends(levels: Float32Array, steps: Float32Array) -> Float32Array:
    """Half the agreed second difference times the squared step, for each interval of a run of at least four planes."""
    slopes = np.diff(levels, axis=0)
    slopes /= steps[:, None, None]
    # Half the second difference at the inner planes.
    seconds = np.diff(slopes, axis=0)
    seconds /= (steps[1:] + steps[:-1])[:, None, None]
    one, other = seconds[:-1], seconds[1:]
    agreed = np.where(np.abs(one) < np.abs(other), one, other)
    agreed[one * other <= 0.0] = 0.0
    # At the ends of the run the next plane inwards stands in for the outer one.
    bends = np.concatenate([agreed[:1], agreed, agreed[-1:]])
    bends *= np.square(steps)[:, None, None]
    return bends
