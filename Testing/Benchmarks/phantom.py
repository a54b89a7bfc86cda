"""A patient of clinical size in closed form: thirty shapes of 1 … 30 000 cc and the doses of four courses.

Contours are sections of the shapes at the CT's slices; volumes and doses at any point are known without rasterizing or
interpolating anything. DICOM files of it are written by phantom_files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ReirradiationLib.model.geometry import Geometry

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# Odd digits keep pixel centres off the edges of contours, whose points have three decimals: the oracle is unambiguous.
CT = Geometry((-249.623713, -249.711307, -250.0), (0.977, 0.977, 2.5), AXIAL, (512, 512, 200))
DOSE = Geometry((-248.6, -198.9, -199.4), (2.5, 2.5, 2.5), AXIAL, (200, 160, 160))
MAP = Geometry((-248.6, -198.9, -199.4), (2.0, 2.0, 2.0), AXIAL, (249, 199, 199))
"""Grid of 2 mm over the box of the dose."""

POINT_SPACING_MM = 1.35
FEWEST_POINTS = 60


@dataclass(frozen=True)
class Shape:
    """A body whose section at height z is an ellipse, lobed or not, perhaps with a hole.

    ``size(z)`` scales the semi-axes from 0 (nothing) to 1; ``shift(z)`` moves the centre. Lobes multiply the radius with
    1 + lobes · cos 3θ, which multiplies the area with 1 + lobes² / 2.
    """

    name: str
    centre: tuple[float, float, float]
    semi_axes: tuple[float, float, float]
    is_column: bool = False
    lobes: float = 0.0
    bend_mm: float = 0.0
    hole: Shape | None = None
    keyhole: bool = False

    def size(self, z: np.ndarray) -> np.ndarray:
        height = np.abs(z - self.centre[2]) / self.semi_axes[2]
        if self.is_column:
            return np.where(height <= 1.0, 1.0, 0.0)
        return np.sqrt(np.maximum(1.0 - height**2, 0.0))

    def shift(self, z: np.ndarray) -> np.ndarray:
        """Along y: a curved cord; sections keep their area, so the volume stays."""
        return self.bend_mm * np.sin((z - self.centre[2]) / 60.0)

    def inside(self, points: np.ndarray) -> np.ndarray:
        size = np.maximum(self.size(points[:, 2]), 1e-12)
        x = (points[:, 0] - self.centre[0]) / self.semi_axes[0]
        y = (points[:, 1] - self.centre[1] - self.shift(points[:, 2])) / self.semi_axes[1]
        radius = np.hypot(x, y)
        inside = radius < size * (1.0 + (self.lobes * np.cos(3.0 * np.arctan2(y, x)) if self.lobes else 0.0))
        return inside & ~self.hole.inside(points) if self.hole else inside

    @cached_property
    def volume_cc(self) -> float:
        a, b, c = self.semi_axes
        filled = np.pi * a * b * c * (2.0 if self.is_column else 4.0 / 3.0) * (1.0 + self.lobes**2 / 2.0) / 1000.0
        return filled - (self.hole.volume_cc if self.hole else 0.0)

    def box(self) -> tuple[np.ndarray, np.ndarray]:
        half = np.array(self.semi_axes) * [1.0 + self.lobes, 1.0 + self.lobes, 1.0] + [0.0, abs(self.bend_mm), 0.0]
        return np.array(self.centre) - half, np.array(self.centre) + half

    def ring(self, z: float) -> np.ndarray | None:
        """The outer contour at z, shape (n, 3); a polygon of exactly the area of the section."""
        size = float(self.size(np.array(z)))
        if size < 1e-3:
            return None
        a, b = self.semi_axes[0] * size, self.semi_axes[1] * size
        count = max(FEWEST_POINTS, round(np.pi * (a + b) / POINT_SPACING_MM))
        angle = 2.0 * np.pi * np.arange(count) / count
        radius = (1.0 + self.lobes * np.cos(3.0 * angle)) * np.sqrt(2.0 * np.pi / count / np.sin(2.0 * np.pi / count))
        x = self.centre[0] + a * radius * np.cos(angle)
        y = self.centre[1] + float(self.shift(np.array(z))) + b * radius * np.sin(angle)
        return np.round(np.column_stack([x, y, np.full(count, z)]), 3)

    def contours(self) -> list[np.ndarray]:
        """Closed contours on the slices of the CT; a hole is a second contour, or joined by a keyhole."""
        found = []
        for k in range(CT.size[2]):
            z = CT.origin_mm[2] + CT.spacing_mm[2] * k
            outer = self.ring(z)
            inner = self.hole.ring(z) if self.hole else None
            if outer is not None and inner is not None and self.keyhole:
                found.append(np.concatenate([outer, outer[:1], inner[:1], inner[:0:-1], inner[:1]]))
            else:
                found += [ring for ring in (outer, inner) if ring is not None]
        return found


def ball(name: str, centre: tuple[float, float, float], volume_cc: float, **more: float) -> Shape:
    """An ellipsoid of a volume, somewhat longer than wide."""
    lobes = more.get("lobes", 0.0)
    radius = (volume_cc * 1000.0 / (4.0 / 3.0 * np.pi * (1.0 + lobes**2 / 2.0))) ** (1.0 / 3.0)
    stretch = more.get("stretch", 1.0)
    return Shape(name, centre, (radius / stretch**0.5, radius / stretch**0.5, radius * stretch), lobes=lobes)


def shapes() -> list[Shape]:
    """Thirty structures; columns begin and end midway between slices."""
    tiny = [ball(f"Tiny{n}", (-120.0 + 29.7 * n, -31.3 + 7.9 * n, -83.4 + 19.3 * n), 1.0) for n in range(9)]
    small = [ball(f"Small{n}", (118.7 - 29.3 * n, 27.1 - 6.7 * n, -101.7 + 25.9 * n), 50.0, stretch=1.2) for n in range(9)]
    sizes = (285.0, 350.0, 450.0, 600.0, 800.0, 1000.0, 1300.0, 1400.0)
    organs = [
        ball(f"Organ{n}", (-91.3 + 26.3 * n, (-1) ** n * 21.7, -61.1 + 17.3 * n), size, lobes=0.2 * (n % 2), stretch=1.3)
        for n, size in enumerate(sizes)
    ]
    hole = Shape("", (5.3, -8.7, 12.9), (25.0, 23.0, 20.3))
    ptv = Shape("PTV", (5.3, -8.7, 12.9), (45.0, 38.0, 33.8), hole=hole)
    keyhole = Shape("PTV keyhole", ptv.centre, ptv.semi_axes, hole=hole, keyhole=True)
    cord = Shape("Cord", (0.7, 61.3, -1.25), (6.1, 6.1, 197.5), is_column=True, bend_mm=12.0)
    body = Shape("BODY", (0.4, 1.1, -1.25), (200.0, 120.3, 197.5), is_column=True)
    return [*tiny, *small, cord, *organs, ptv, keyhole, body]


@dataclass(frozen=True)
class Peak:
    """A Gaussian of dose."""

    gray: float
    centre: tuple[float, float, float]
    sigma: tuple[float, float, float]


COURSES = (
    ((Peak(52.0, (3.0, -6.0, 10.0), (52.0, 46.0, 48.0)), Peak(14.0, (-60.0, 20.0, -40.0), (70.0, 60.0, 80.0))), 25),
    ((Peak(40.0, (-22.0, 4.0, 24.0), (48.0, 50.0, 55.0)), Peak(9.0, (80.0, -10.0, 30.0), (75.0, 60.0, 70.0))), 15),
    ((Peak(27.0, (14.0, -18.0, -9.0), (45.0, 45.0, 45.0)),), 5),
    ((Peak(33.0, (-9.0, 21.0, 41.0), (60.0, 47.0, 50.0)),), 11),
)
"""Peaks and number of fractions of each course."""

RAMP_GY_PER_MM = 0.004


def dose_gy(course: int) -> Callable[[np.ndarray], np.ndarray]:
    """Dose at LPS points (…, 3): the course's peaks on a weak ramp along x."""

    def at(points: np.ndarray) -> np.ndarray:
        total = 1.2 + RAMP_GY_PER_MM * points[..., 0]
        for peak in COURSES[course][0]:
            exponent = sum(((points[..., c] - peak.centre[c]) / peak.sigma[c]) ** 2 for c in range(3))
            total = total + peak.gray * np.exp(-0.5 * exponent)
        return total

    return at


def displacement_mm(points: np.ndarray) -> np.ndarray:
    """A smooth deformation of up to 9 mm at LPS points (…, 3)."""
    x, y, z = points[..., 0] / 90.0, points[..., 1] / 80.0, points[..., 2] / 100.0
    return np.stack([6.0 * np.sin(y + z), 5.0 * np.cos(x - 0.4 * z), 7.0 * np.sin(x) * np.cos(y)], axis=-1)


def rigid_matrix() -> np.ndarray:
    """Four degrees about an oblique axis and 9 mm."""
    axis = np.array([0.3, -0.5, 0.81])
    axis /= np.linalg.norm(axis)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    angle = np.deg2rad(4.0)
    matrix = np.eye(4)
    matrix[:3, :3] += np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    matrix[:3, 3] = (5.0, -6.0, 4.0)
    return matrix
