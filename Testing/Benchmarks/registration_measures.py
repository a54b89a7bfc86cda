"""How far a method's map is from the truth: at landmarks, in volume, and in a dose that it carries over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from registration_phantoms import NEIGHBOUR_MM
from scipy.spatial.transform import Rotation

DOSE_LENGTH_MM = 20.0


@dataclass(frozen=True)
class Accuracy:
    """Of 1500 random points of the body.

    Parameters
    ----------
    tre_mm : array, shape (n,)
        Target registration errors where the map is defined.
    folded_percent, undefined_percent : float
        Of the points: Jacobian determinant ≤ 0; no answer.
    dose_gy : array, shape (n,)
        |Error| of a mapped dose whose gradient is up to 1 Gy/mm (0.7 in the mean square).
    """

    tre_mm: np.ndarray
    folded_percent: float
    undefined_percent: float
    dose_gy: np.ndarray

    def cells(self) -> str:
        if not self.tre_mm.size:
            return "nowhere defined | | "
        tre = f"{self.tre_mm.mean():.2f} / {np.percentile(self.tre_mm, 95):.1f} / {self.tre_mm.max():.1f}"
        undefined = f", {self.undefined_percent:.1f} undefined" if self.undefined_percent else ""
        dose = f"{self.dose_gy.mean():.2f} / {np.percentile(self.dose_gy, 99):.1f}"
        return f"{tre} | {self.folded_percent:.1f}{undefined} | {dose}"


def accuracy(mapped_mm: np.ndarray, true_mm: np.ndarray) -> Accuracy:
    """Judge mapped landmarks and neighbours, (7, n, 3), by the true places of the landmarks, (n, 3)."""
    defined = np.isfinite(mapped_mm[0]).all(axis=1)
    found, true = mapped_mm[0][defined], true_mm[defined]
    return Accuracy(
        np.linalg.norm(found - true, axis=1),
        100.0 * float((jacobian(mapped_mm) <= 0.0).mean()),
        100.0 * float(1.0 - defined.mean()),
        np.abs(dose_gy(found) - dose_gy(true)),
    )


def jacobian(mapped_mm: np.ndarray) -> np.ndarray:
    """Determinants from the mapped neighbours, (n,); NaN where undefined."""
    columns = [(mapped_mm[1 + 2 * axis] - mapped_mm[2 + 2 * axis]) / (2.0 * NEIGHBOUR_MM) for axis in range(3)]
    return np.linalg.det(np.stack(columns, axis=2))


def dose_gy(points_mm: np.ndarray) -> np.ndarray:
    """A smooth dose in the moving frame, (n,)."""
    return 30.0 + DOSE_LENGTH_MM / np.sqrt(3.0) * np.sin(points_mm / DOSE_LENGTH_MM).sum(axis=1)


def best_rigid(fixed_mm: np.ndarray, true_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and shift (3,) that bring landmarks closest to their places (Kabsch)."""
    middle, there = fixed_mm.mean(axis=0), true_mm.mean(axis=0)
    rotation = Rotation.align_vectors(true_mm - there, fixed_mm - middle)[0].as_matrix()
    return rotation, there - rotation @ middle
