"""Transforms of a pair with a known map that are wrong in a known way, each with a backward one that agrees with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
from judged_pairs import organs_of
from registration_pairs import FIXED_FRAME, MOVING_FRAME, RegistrationPair
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform

STEP_MM = 4.0
VERTEBRA_MM = 30.0
ERRORS_MM = (4.0, 6.0, 8.0, 12.0)
LOCAL_MM, LOCAL_SD_MM = 8.0, 30.0
AXES = ("left–right", "front–back", "head–foot")

Vectors = Callable[[np.ndarray], np.ndarray]


def wrong_transforms(pair: RegistrationPair) -> Iterator[tuple[str, SpatialTransform, SpatialTransform]]:
    """Title, forward and backward transform.

    Shifted ones are wrong in both directions alike, as a registration that fell into the wrong minimum would be. Local
    ones have the true backward map: two registrations do not invent the same swelling in an organ without structure.
    """
    true, back = sampled_truth(pair), sampled_inverse(pair)
    yield "truth", true, back
    for axis, name in enumerate(AXES):
        for error_mm in ERRORS_MM:
            yield f"{error_mm:g} mm {name}", *off_by(true, back, error_mm * np.eye(3)[axis])
    for sign, where in ((1.0, "up"), (-1.0, "down")):
        yield f"one vertebra {where}", *off_by(true, back, (0.0, 0.0, sign * VERTEBRA_MM))
    yield "turned by 180° about head–foot", *turned(pair, true, back)
    for organ in ("liver", "colon", "spleen", "stomach"):
        middle = np.median(organs_of(pair)[organ], axis=0)
        for axis, name in enumerate(AXES):
            yield f"8 mm {name} in the middle of the {organ} only", sampled_truth(pair, swelling(middle, axis)), back


def off_by(
    true: SpatialTransform, back: SpatialTransform, error_mm: np.ndarray
) -> tuple[SpatialTransform, SpatialTransform]:
    """Both with an error in the prior frame, one the inverse of the other."""
    matrix = np.eye(4)
    matrix[:3, 3] = error_mm
    wrong = Affine(matrix)
    return replace(true, steps=(*true.steps, wrong)), replace(back, steps=(wrong.inverse(), *back.steps))


def turned(
    pair: RegistrationPair, true: SpatialTransform, back: SpatialTransform
) -> tuple[SpatialTransform, SpatialTransform]:
    """Left for right and front for back about the middle of the body."""
    middle = pair.landmarks_moving_mm.mean(axis=0)
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0])
    matrix[:3, 3] = middle - matrix[:3, :3] @ middle
    half_turn = Affine(matrix)
    return replace(true, steps=(*true.steps, half_turn)), replace(back, steps=(half_turn, *back.steps))


def swelling(middle_mm: np.ndarray, axis: int) -> Vectors:
    """A displacement of 8 mm at a point, falling off as a Gaussian."""
    largest = LOCAL_MM * np.eye(3)[axis]

    def vectors(points_mm: np.ndarray) -> np.ndarray:
        squared = ((points_mm - middle_mm) ** 2).sum(axis=1)
        return np.exp(-0.5 * squared / LOCAL_SD_MM**2)[:, None] * largest

    return vectors


@lru_cache(maxsize=64)
def sampled_truth(pair: RegistrationPair, extra: Vectors | None = None) -> SpatialTransform:
    """The known map as a displacement grid and a matrix, as engines give it; with a wrong part added."""
    assert pair.truth is not None
    displacement = pair.truth.displacement
    assert displacement is not None
    grid = even_grid(pair.fixed.geometry)
    points = nodes(grid)
    vectors = displacement(points) + (0.0 if extra is None else extra(points))
    steps = (on_grid(grid, vectors), Affine(pair.truth.rigid))
    return SpatialTransform(FIXED_FRAME, MOVING_FRAME, steps, "known map")


@lru_cache(maxsize=2)
def sampled_inverse(pair: RegistrationPair) -> SpatialTransform:
    """Its inverse, likewise."""
    assert pair.truth is not None
    grid = even_grid(pair.moving.geometry)
    points = nodes(grid)
    rigid = Affine(pair.truth.rigid)
    vectors = rigid.apply(pair.truth.inverse(points)) - points
    return SpatialTransform(MOVING_FRAME, FIXED_FRAME, (on_grid(grid, vectors), rigid.inverse()), "known map")


def even_grid(ct: Geometry) -> Geometry:
    size = np.ceil((np.asarray(ct.size) - 1) * ct.spacing_mm / STEP_MM).astype(int) + 1
    return Geometry(ct.origin_mm, (STEP_MM,) * 3, ct.direction, tuple(size.tolist()))


def nodes(grid: Geometry) -> np.ndarray:
    return np.concatenate([grid.plane_points(k) for k in range(grid.size[2])])


def on_grid(grid: Geometry, vectors: np.ndarray) -> DisplacementGrid:
    return DisplacementGrid(grid, vectors.astype(np.float32).reshape((*grid.shape, 3)))
