"""True dose–volume curves of the phantom: evenly spread points in the analytic shapes, with the analytic dose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from phantom import Shape
from scipy.stats import qmc

POINTS_LOG2 = 20
AXIS_GY = np.arange(0.0, 80.0, 0.1)
Dose = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Curve:
    """A DVH reduced to what is compared."""

    volume_cc: float
    mean_gy: float
    d95_gy: float
    d003cc_gy: float
    percent: np.ndarray  # at AXIS_GY


def truth(shape: Shape, dose: Dose) -> Curve:
    """Curve of a shape; the hottest part is looked at once more by itself, so that 0.03 cc of a body are resolved."""
    values, points = _inside(shape, dose, *shape.box())
    order = np.argsort(-values)
    hot = points[order[: max(64, int(len(values) * min(1.0, 0.5 / shape.volume_cc)))]]
    margin = 0.3 * np.ptp(hot, axis=0) + 1.0
    low, high = hot.min(axis=0) - margin, hot.max(axis=0) + margin
    hottest, _ = _inside(shape, dose, low, high)
    each_cc = float(np.prod(high - low)) / 1000.0 / 2**POINTS_LOG2
    return Curve(
        shape.volume_cc,
        float(values.mean()),
        float(np.percentile(values, 5.0)),
        float(-np.sort(-hottest)[int(0.03 / each_cc)]),
        100.0 * (1.0 - np.searchsorted(values[order][::-1], AXIS_GY) / len(values)),
    )


def _inside(shape: Shape, dose: Dose, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points = low + (high - low) * qmc.Sobol(3, seed=7).random_base2(POINTS_LOG2)
    points = points[shape.inside(points)]
    return dose(points), points


def from_samples(dose_gy: np.ndarray, volumes_cc: np.ndarray) -> Curve:
    """The same of voxels or samples, by plain sorting; those of a DVH are sorted already."""
    dose, volume = dose_gy, volumes_cc
    if np.any(np.diff(dose) > 0.0):
        order = np.argsort(-dose_gy)
        dose, volume = dose_gy[order], volumes_cc[order]
    covered = np.cumsum(volume)
    total = float(covered[-1])
    at = np.interp([0.95 * total, 0.03], covered - volume / 2.0, dose)
    count = len(dose) - np.searchsorted(dose[::-1], AXIS_GY)
    percent = 100.0 * np.concatenate([[0.0], covered])[count] / total
    return Curve(total, float(np.average(dose, weights=volume)), float(at[0]), float(at[1]), percent)


def from_curve(axis_gy: np.ndarray, volume_cc: np.ndarray) -> Curve:
    """The same of a cumulative histogram that a tool gives: volume that receives at least the dose."""
    total = float(volume_cc[0])
    at = np.interp([0.95 * total, 0.03], volume_cc[::-1], axis_gy[::-1])
    mean = float(np.trapezoid(volume_cc, axis_gy) / total + axis_gy[0])
    percent = np.interp(AXIS_GY, axis_gy, 100.0 * volume_cc / total, right=0.0)
    return Curve(total, mean, float(at[0]), float(at[1]), percent)
