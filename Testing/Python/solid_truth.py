"""Closed forms for solids in a dose of 1 Gy/mm, and the metrics of samples in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.occupancy import StructureSamples
from ReirradiationLib.model.metric import Metric
from scipy.optimize import brentq

SMALLEST_WIDTH_MM = 1e-3


def linear_metric(samples: StructureSamples, direction: np.ndarray, metric: str) -> float:
    """A metric where the dose is the distance along a unit vector, 1 Gy/mm."""
    return cumulative_dvh(samples.points_mm @ direction, samples.volumes_cc).value(Metric.parse(metric))


def ball_dose_at(radius_mm: float, volume_cc: float) -> float:
    """Dose above that of the centre which a volume of a ball receives at least: a spherical cap of that volume."""

    def excess(height: float) -> float:
        return float(np.pi * height**2 * (3.0 * radius_mm - height) / 3000.0 - volume_cc)

    return radius_mm - float(brentq(excess, 0.0, 2.0 * radius_mm))


def voxels_dose_at(
    centres_mm: np.ndarray, spacing_mm: tuple[float, float, float], axes: np.ndarray, direction: np.ndarray, volume_cc: float
) -> float:
    """Dose that a volume of a union of voxels receives at least, from the exact distribution of the dose in a voxel.

    The dose in a voxel is a sum of three uniform variables; its distribution follows from the inclusion–exclusion formula.
    """
    above = _box_above(np.abs(axes.T @ direction) * spacing_mm)
    voxel_cc = float(np.prod(spacing_mm)) / 1000.0
    middles = centres_mm @ direction

    def excess(dose: float) -> float:
        return float(above(dose - middles).sum() * voxel_cc - volume_cc)

    return float(brentq(excess, middles.min() - 10.0, middles.max() + 10.0, xtol=1e-6))


def _box_above(widths: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Share of a box in which a centred sum of uniform variables of these widths is above a value."""
    # The formula divides by the product of the widths: tiny ones, which move no dose by more than themselves, are left out.
    kept = widths[widths > SMALLEST_WIDTH_MM]
    order = len(kept)
    signs = np.array(np.meshgrid(*[[-0.5, 0.5]] * order, indexing="ij")).reshape(order, -1)
    scale = np.prod(kept) * float(np.prod(np.arange(1, order + 1)))

    def above(value: np.ndarray) -> np.ndarray:
        terms = np.maximum(kept @ signs - value[:, None], 0.0) ** order * np.prod(2.0 * signs, axis=0)
        return np.clip(terms.sum(axis=1) / scale, 0.0, 1.0)

    return above
