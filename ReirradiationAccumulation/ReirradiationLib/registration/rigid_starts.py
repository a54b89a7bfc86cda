"""Where a rigid registration may begin: every head–foot shift and every half turn, tried on coarse images."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.geometry import Geometry
from ..model.interpolation import trilinear
from ..model.transform import Affine
from .sitk_images import geometry_of

POINTS = 6000
"""Points of the current patient that a start is judged by."""

LEAST_SHARE = 0.25
"""Of the smaller of both patients' volumes, that must lie within the other CT."""

SHARE_EXPONENT = 0.25
"""Of the overlapping share in the score of a start: a small overlap that agrees by chance must not win."""

TURN_ADVANTAGE = 0.1
"""By so much a turned position must correlate better: DICOM coordinates follow the patient, however he lies."""

SIDEWAYS_MM = (-24.0, 0.0, 24.0)
APART_MM = 20.0
"""A start is no summit of its own if a better one of the same orientation is nearer than this."""

UNTURNED = "as the frames of reference say"
HALF_TURNS = {
    UNTURNED: (1.0, 1.0, 1.0),
    "turned by 180° about left–right": (1.0, -1.0, -1.0),
    "turned by 180° about front–back": (-1.0, 1.0, -1.0),
    "turned by 180° about head–foot": (-1.0, -1.0, 1.0),
}


@dataclass(frozen=True, eq=False)
class CoarseCt:
    """A CT on a coarse grid with the patient in it; outside the patient it counts as air."""

    voxels_hu: Float32Array
    body: BoolArray
    geometry: Geometry

    @staticmethod
    def of(image: Any, body: BoolArray, air_hu: float) -> CoarseCt:
        """From a SimpleITK image and the patient's mask on its grid."""
        voxels = sitk.GetArrayFromImage(image)
        return CoarseCt(np.where(body, voxels, np.float32(air_hu)), body, geometry_of(image))

    def body_points(self, most: int) -> FloatArray:
        """Evenly picked voxel centres of the patient, LPS, shape (n, 3)."""
        index = np.argwhere(self.body)[:, ::-1].astype(np.float64)
        return self.geometry.to_lps(index[:: max(1, len(index) // most)])


@dataclass(frozen=True, eq=False)
class Start:
    """A rigid start: current to prior LPS mm; how it is turned, in words; its score (larger is better)."""

    matrix: Affine
    turned: str
    score: float


def rigid_starts(fixed: CoarseCt, moving: CoarseCt, most: int, step_mm: float) -> list[Start]:
    """The most promising starts: at most so many of those that are not turned, and as many turned ones.

    The patients' centres are laid on each other, then the prior one is shifted head- and footwards over the whole
    length of both CTs in steps, each with a few shifts sideways, in the four orientations that half turns give. The
    score is the correlation of HU where both CTs are known, times a root of the overlapping share. A turned start is
    listed where it is at least as good as the best one that is not turned.
    """
    points = fixed.body_points(POINTS)
    values, _ = trilinear(fixed.voxels_hu, fixed.geometry.to_index(points))
    judge = _Judge(points, values, moving, smaller=smaller_share(fixed, moving))
    there = moving.body_points(POINTS)
    reach = 0.5 * (np.ptp(points[:, 2]) + np.ptp(there[:, 2]))
    shifts = np.arange(-reach, reach + step_mm, step_mm)
    found = []
    for turned, signs in HALF_TURNS.items():
        rough = [judge.start(turned, _matrix(signs, points, there, dz)) for dz in shifts]
        # Only the better half is worth the shifts sideways.
        rough.sort(key=lambda start: -start.score)
        found += rough
        for start in rough[: len(rough) // 2]:
            for dx, dy in product(SIDEWAYS_MM, SIDEWAYS_MM):
                moved = start.matrix.matrix.copy()
                moved[:3, 3] += (dx, dy, 0.0)
                found.append(judge.start(turned, Affine(moved)))
    found.sort(key=lambda start: -start.score)
    found = [start for start in found if start.score > 0.0]
    unturned = _distinct([start for start in found if start.turned == UNTURNED], most)
    least = unturned[0].score if unturned else 0.0
    return unturned + _distinct([start for start in found if start.turned != UNTURNED and start.score >= least], most)


class _Judge:
    """Scores starts by the points of the current patient."""

    def __init__(self, points: FloatArray, values: FloatArray, moving: CoarseCt, smaller: float) -> None:
        self._points, self._values, self._moving, self._smaller = points, values, moving, smaller

    def start(self, turned: str, matrix: Affine) -> Start:
        there, known = trilinear(self._moving.voxels_hu, self._moving.geometry.to_index(matrix.apply(self._points)))
        share = float(known.mean()) / self._smaller
        if share < LEAST_SHARE:
            return Start(matrix, turned, -1.0)
        return Start(matrix, turned, correlation(self._values[known], there[known]) * min(share, 1.0) ** SHARE_EXPONENT)


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Pearson correlation; 0 if either does not vary."""
    one, other = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / norm if norm > 0.0 else 0.0


def smaller_share(fixed: CoarseCt, moving: CoarseCt) -> float:
    """Volume of the smaller patient as a share of the current one's."""
    volumes = [float(ct.body.sum()) * ct.geometry.voxel_volume_cc for ct in (fixed, moving)]
    return min(1.0, volumes[1] / volumes[0])


def _matrix(signs: tuple[float, float, float], points: FloatArray, there: FloatArray, dz: float) -> Affine:
    """The half turn that takes the current patient's centre to the prior one's, shifted by dz along the body."""
    matrix = np.diag([*signs, 1.0])
    centre, target = points.mean(axis=0), there.mean(axis=0)
    matrix[:3, 3] = target - matrix[:3, :3] @ centre + (0.0, 0.0, dz)
    return Affine(matrix)


def _distinct(starts: list[Start], most: int) -> list[Start]:
    """The best summits of the score, from starts in falling order: the slopes of one summit are no starts of their own."""
    kept: list[Start] = []
    better: list[tuple[str, FloatArray]] = []
    for start in starts:
        place = start.matrix.matrix[:3, 3]
        if all(np.linalg.norm(place - other) >= APART_MM for turned, other in better if turned == start.turned):
            kept.append(start)
        better.append((start.turned, place))
        if len(kept) == most:
            break
    return kept
