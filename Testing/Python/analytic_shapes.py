"""Spheres, cylinders and cones in a linear dose of 1 Gy/mm: contours to draw and DVHs in closed form.

After Nelms B et al., Med Phys 42:4435 (2015). Lengths in mm, volumes in cc, doses in Gy. The axis of every shape is the
slice normal, its centre (for the cone the middle of its axis) the point of 20 Gy. Bodies include the half-slice end caps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

CENTRE_GY = 20.0
TINY_MM = 0.01
FINE = np.linspace(0.0, 1.0, 4001)
OFFSETS = 1201


@dataclass(frozen=True)
class AnalyticShape:
    """A body of circles around the slice normal: its radius at each height, and what the half-slice caps add.

    ``radius`` takes heights from ``bottom`` to ``top``; ``cap`` is the half slice beyond both.
    """

    name: str
    radius: Callable[[np.ndarray], np.ndarray]
    bottom: float
    top: float
    step: float

    @property
    def planes(self) -> np.ndarray:
        return np.linspace(self.bottom, self.top, round((self.top - self.bottom) / self.step) + 1)

    def circles(self, points: int = 720) -> list[np.ndarray]:
        """Contours (u, v, w), one per plane, none smaller than a tenth of a millimetre or so at a pole."""
        angle = np.linspace(0.0, 2 * np.pi, points, endpoint=False)
        unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        radii = np.maximum(self.radius(self.planes), TINY_MM)
        return [np.column_stack([r * unit, np.full(points, w)]) for r, w in zip(radii, self.planes, strict=True)]

    def _heights(self) -> tuple[np.ndarray, np.ndarray]:
        """Fine heights through body and caps, and the radius there."""
        half = self.step / 2.0
        heights = self.bottom - half + FINE * (self.top - self.bottom + 2 * half)
        return heights, self.radius(np.clip(heights, self.bottom, self.top))

    @property
    def volume_cc(self) -> float:
        heights, radii = self._heights()
        return float(np.trapezoid(np.pi * radii**2, heights)) / 1000.0

    def dose_at_cc(self, volume_cc: float, along: str) -> float:
        """Dose that the hottest ``volume_cc`` receive at least; dose rises along the axis or across it."""
        offsets, beyond = self._along_axis if along == "axis" else self._across
        return CENTRE_GY + float(np.interp(-volume_cc, -beyond, offsets))

    @cached_property
    def _along_axis(self) -> tuple[np.ndarray, np.ndarray]:
        """Heights, and the volume above each."""
        heights, radii = self._heights()
        slices = np.concatenate([[0.0], np.cumsum(np.pi * (radii[1:] ** 2 + radii[:-1] ** 2) / 2 * np.diff(heights))])
        return heights, (slices[-1] - slices) / 1000.0

    @cached_property
    def _across(self) -> tuple[np.ndarray, np.ndarray]:
        """Offsets from the axis, and the volume beyond a plane at each."""
        heights, radii = self._heights()
        offsets = np.linspace(-radii.max(), radii.max(), OFFSETS)
        return offsets, np.trapezoid(_segment(radii[None], offsets[:, None]), heights, axis=1) / 1000.0

    def mean_gy(self, along: str) -> float:
        heights, radii = self._heights()
        if along != "axis":
            return CENTRE_GY
        return CENTRE_GY + float(np.trapezoid(heights * radii**2, heights) / np.trapezoid(radii**2, heights))


def _segment(radius: np.ndarray, offset: float) -> np.ndarray:
    """Area of a circle beyond a chord at the offset."""
    x = np.clip(offset / np.maximum(radius, 1e-9), -1.0, 1.0)
    return radius**2 * (np.arccos(x) - x * np.sqrt(1.0 - x**2))


def sphere(radius: float, step: float) -> AnalyticShape:
    """With its poles on planes, so that the caps add nothing; the step is fitted to the diameter."""
    step = 2 * radius / round(2 * radius / step)
    return AnalyticShape(f"sphere r {radius:g}", lambda w: np.sqrt(np.maximum(radius**2 - w**2, 0.0)), -radius, radius, step)


def cylinder(radius: float, height: float, step: float) -> AnalyticShape:
    step = height / round(height / step)
    return AnalyticShape(
        f"cylinder r {radius:g} h {height:g}", lambda w: np.full_like(w, radius), -height / 2, height / 2, step
    )


def cone(radius: float, height: float, step: float) -> AnalyticShape:
    step = height / round(height / step)
    return AnalyticShape(
        f"cone r {radius:g} h {height:g}", lambda w: radius * (0.5 - w / height), -height / 2, height / 2, step
    )
