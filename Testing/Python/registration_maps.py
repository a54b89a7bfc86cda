"""Known maps from fixed (current) to moving (prior) LPS points: a smooth field, then a rigid motion, both analytic."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from ReirradiationLib.model.geometry import apply_affine
from scipy.spatial.transform import Rotation

BLOCK = 16_384
CONVERGED_MM = 1e-4
MOST_STEPS = 300
DIFFERENCE_MM = 1e-2


@dataclass(frozen=True)
class Motion:
    """What happened to the patient between the two scans.

    Parameters
    ----------
    rotation_deg : (x, y, z)
        Rotation vector about the centre of the body, LPS.
    shift_mm : (x, y, z)
        Of the centre of the body, current to prior, LPS.
    field_mm : float
        Longest displacement of the smooth field within the body; 0 for a rigid motion.
    wavelength_mm : float
        Of the cosine waves that the field is made of.
    bumps : bool
        Gaussian bumps with a sixth of the wavelength as standard deviation instead of waves: large motion here, none there.
    seed : int
    """

    rotation_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    field_mm: float = 0.0
    wavelength_mm: float = 180.0
    bumps: bool = False
    seed: int = 1


@dataclass(frozen=True, eq=False)
class KnownMap:
    """T(x) = rigid · (x + u(x)).

    Parameters
    ----------
    displacement : callable or None
        u of points (n, 3), mm; None if the map is rigid.
    rigid : array, shape (4, 4)
    longest_mm : float
        Largest |u| within the body.
    """

    displacement: Callable[[np.ndarray], np.ndarray] | None
    rigid: np.ndarray
    longest_mm: float = 0.0

    def __call__(self, fixed_mm: np.ndarray) -> np.ndarray:
        """Moving LPS points of fixed ones, (n, 3)."""
        return in_blocks(self._forth, fixed_mm)

    def inverse(self, moving_mm: np.ndarray) -> np.ndarray:
        """Fixed LPS points of moving ones, (n, 3), by fixed-point iteration.

        Raises
        ------
        ArithmeticError
            If it does not converge: the field is too steep.
        """
        return in_blocks(self._back, moving_mm)

    def jacobian(self, fixed_mm: np.ndarray) -> np.ndarray:
        """Determinant of dT/dx, (n,), by central differences of the analytic map."""
        steps = np.eye(3) * DIFFERENCE_MM
        columns = [(self(fixed_mm + step) - self(fixed_mm - step)) / (2 * DIFFERENCE_MM) for step in steps]
        return np.linalg.det(np.stack(columns, axis=2))

    def _forth(self, points: np.ndarray) -> np.ndarray:
        moved = points if self.displacement is None else points + self.displacement(points)
        return apply_affine(self.rigid, moved)

    def _back(self, points: np.ndarray) -> np.ndarray:
        goal = apply_affine(np.linalg.inv(self.rigid), points)
        if self.displacement is None:
            return goal
        found = goal - self.displacement(goal)
        for _ in range(MOST_STEPS):
            step = goal - self.displacement(found) - found
            found += step
            if np.abs(step).max(initial=0.0) < CONVERGED_MM:
                return found
        raise ArithmeticError(f"no inverse: still {np.abs(step).max():.3g} mm a step; take a longer wavelength")


def in_blocks(function: Callable[[np.ndarray], np.ndarray], points: np.ndarray) -> np.ndarray:
    """Apply a function of (n, 3) points block by block on all cores; numpy leaves the interpreter lock meanwhile."""
    points = np.asarray(points, dtype=np.float64)
    if len(points) <= BLOCK:
        return function(points)
    with ThreadPoolExecutor() as pool:
        return np.concatenate(list(pool.map(lambda n: function(points[n : n + BLOCK]), range(0, len(points), BLOCK))))


def known_map(motion: Motion, body_mm: np.ndarray) -> KnownMap:
    """The map of a motion of the body that points (n, 3) stand for."""
    centre = (body_mm.min(axis=0) + body_mm.max(axis=0)) / 2.0
    rigid = np.eye(4)
    rigid[:3, :3] = Rotation.from_rotvec(motion.rotation_deg, degrees=True).as_matrix()
    rigid[:3, 3] = centre + np.asarray(motion.shift_mm) - rigid[:3, :3] @ centre
    if motion.field_mm <= 0.0:
        return KnownMap(None, rigid)
    shape = bumps(motion, body_mm) if motion.bumps else waves(motion, centre)
    scale = motion.field_mm / np.linalg.norm(in_blocks(shape, body_mm), axis=1).max()
    return KnownMap(lambda points: scale * shape(points), rigid, motion.field_mm)


def waves(motion: Motion, centre: np.ndarray, count: int = 5) -> Callable[[np.ndarray], np.ndarray]:
    """Cosine waves in random directions with wavelengths of 1 to 1.6 times the given one."""
    rng = np.random.default_rng(motion.seed)
    directions = unit_vectors(rng, count)
    frequencies = 2.0 * np.pi / (motion.wavelength_mm * rng.uniform(1.0, 1.6, count))
    amplitudes = unit_vectors(rng, count)
    phases = rng.uniform(0.0, 2.0 * np.pi, count)
    numbers = (directions * frequencies[:, None]).T
    return lambda points: np.cos((points - centre) @ numbers + phases) @ amplitudes


def bumps(motion: Motion, body_mm: np.ndarray, count: int = 6) -> Callable[[np.ndarray], np.ndarray]:
    """Gaussian bumps at random points of the body."""
    rng = np.random.default_rng(motion.seed)
    centres = body_mm[rng.integers(0, len(body_mm), count)]
    amplitudes = unit_vectors(rng, count)
    narrow = 0.5 / (motion.wavelength_mm / 6.0) ** 2
    return lambda points: np.exp(-narrow * ((points[:, None, :] - centres) ** 2).sum(axis=2)) @ amplitudes


def unit_vectors(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
