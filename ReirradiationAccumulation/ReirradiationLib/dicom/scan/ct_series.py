"""CT slices gathered to series, and what is wrong with a series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...model.arrays import FloatArray
from ...model.finding import Finding
from ...model.interlock import Interlock
from .headers import CtHeader, Origin

DISTANCE_TOLERANCE = 0.01
"""Largest deviation of a slice distance, or of a sideways shift, relative to the usual distance."""

UNCOMPRESSED = ("", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")


@dataclass(frozen=True)
class CtSeries:
    """Slices of one series that lie on one grid: same frame, orientation, size and pixel spacing.

    Parameters
    ----------
    slices : tuple of CtHeader
        In the order of their position along the normal.
    variants : int
        How many grids share the SeriesInstanceUID; one unless series were mixed.
    distances_mm : tuple of float
        Between neighbouring slices.
    shift_mm : float
        Largest sideways shift of a slice against the normal through the first.
    """

    slices: tuple[CtHeader, ...]
    variants: int
    distances_mm: tuple[float, ...]
    shift_mm: float

    @property
    def origin(self) -> Origin:
        """Of the first slice."""
        return self.slices[0].origin

    @cached_property
    def slice_uids(self) -> frozenset[str]:
        """SOPInstanceUIDs."""
        return frozenset(header.origin.uid for header in self.slices)

    @property
    def distance_mm(self) -> float | None:
        """The usual distance between slices."""
        return float(np.median(self.distances_mm)) if self.distances_mm else None

    @property
    def transfer_syntaxes(self) -> tuple[str, ...]:
        """The compressed ones among the slices."""
        return tuple(sorted({header.origin.transfer_syntax for header in self.slices} - set(UNCOMPRESSED)))


def gather_series(slices: Iterable[CtHeader]) -> tuple[CtSeries, ...]:
    """All series, those whose SeriesInstanceUID covers several grids taken apart."""
    by_series: dict[str, dict[tuple[object, ...], list[CtHeader]]] = defaultdict(lambda: defaultdict(list))
    for header in slices:
        by_series[header.origin.series_uid][_grid_key(header)].append(header)
    series = [_series(same, len(grids)) for grids in by_series.values() for same in grids.values()]
    return tuple(sorted(series, key=lambda one: (one.origin.series_uid, one.origin.uid)))


def series_findings(series: CtSeries, subject: str) -> list[Finding]:
    """What keeps a series from being used as a planning CT."""
    findings = []
    if not all(header.origin.has_identity for header in series.slices):
        found = "SOPClassUID or SOPInstanceUID stand in the file header only"
        findings.append(Finding(Interlock.ATTRIBUTE, subject, found))
    if series.variants > 1:
        found = f"{series.variants} grids under SeriesInstanceUID {series.origin.series_uid}"
        findings.append(Finding(Interlock.CT_MIXED, subject, found, "one"))
    if len(series.slices) < 2:
        findings.append(Finding(Interlock.CT_MISSING, subject, "a single slice", "the whole series"))
    if any(header.position_mm is None or header.orientation is None for header in series.slices):
        findings.append(Finding(Interlock.ATTRIBUTE, subject, "slices without position or orientation"))
    return findings + _distance_findings(series, subject)


def _distance_findings(series: CtSeries, subject: str) -> list[Finding]:
    usual = series.distance_mm
    if usual is None:
        return []
    findings = []
    tolerance = DISTANCE_TOLERANCE * max(usual, 1.0)
    if series.shift_mm > tolerance:
        findings.append(Finding(Interlock.CT_TILTED, subject, f"slices shift sideways by up to {series.shift_mm:.2f} mm"))
    distances = np.array(series.distances_mm)
    doubled = int(np.count_nonzero(distances <= tolerance))
    uneven = distances[(np.abs(distances - usual) > tolerance) & (distances > tolerance)]
    if doubled:
        findings.append(Finding(Interlock.CT_UNEVEN, subject, f"{doubled} slices at the place of another one"))
    if uneven.size:
        found = f"{uneven.size} distances of {uneven.min():.2f} to {uneven.max():.2f} mm between neighbours"
        findings.append(Finding(Interlock.CT_UNEVEN, subject, found, f"{usual:.2f} mm"))
    return findings


def _grid_key(header: CtHeader) -> tuple[object, ...]:
    orientation = tuple(round(value, 3) + 0.0 for value in header.orientation or ())
    spacing = tuple(round(value, 4) for value in header.spacing_mm or ())
    return (header.origin.frame_uid, orientation, header.rows, header.columns, spacing)


def _series(slices: list[CtHeader], variants: int) -> CtSeries:
    orientation = slices[0].orientation
    if orientation is None or any(header.position_mm is None for header in slices):
        return CtSeries(tuple(sorted(slices, key=lambda header: header.origin.uid)), variants, (), 0.0)
    normal = np.cross(orientation[:3], orientation[3:])
    along = {header.origin.uid: float(normal @ np.array(header.position_mm)) for header in slices}
    ordered = tuple(sorted(slices, key=lambda header: (along[header.origin.uid], header.origin.uid)))
    positions: FloatArray = np.array([header.position_mm for header in ordered])
    height = positions @ normal
    sideways = positions - positions[0] - np.outer(height - height[0], normal)
    shift = float(np.abs(sideways).max())
    return CtSeries(ordered, variants, tuple(float(step) for step in np.diff(height)), shift)
