"""Mapping a dose onto a grid: against a lookup of its own, point by point with scipy, for every kind of transform."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.mapping import map_dose, sample_dose
from ReirradiationLib.model.course import Course
from ReirradiationLib.model.errors import Cancelled, GeometryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Dose, Patient
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

FRAME = "1.2.3"
RIM = 1e-3
AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def looked_up(voxels: np.ndarray, geometry: Geometry, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values at points by scipy, and whether they lie in the box of the voxel centres (with the rim's tolerance)."""
    index = (points - geometry.origin_mm) @ np.linalg.inv(np.asarray(geometry.direction)).T / geometry.spacing_mm
    last = np.asarray(geometry.size) - 1.0
    with np.errstate(invalid="ignore"):
        inside = ((index >= -RIM) & (index <= last + RIM)).all(axis=1)
    within = np.clip(np.nan_to_num(index), 0.0, last)[:, ::-1].T
    return map_coordinates(voxels.astype(np.float64), within, order=1, mode="nearest"), inside


def oracle(course: Course, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    defined = np.ones(len(points), dtype=bool)
    for step in course.transform.steps:
        if isinstance(step, Affine):
            points = points @ step.matrix[:3, :3].T + step.matrix[:3, 3]
        else:
            parts = [looked_up(np.nan_to_num(step.vectors_mm[..., c]), step.geometry, points) for c in range(3)]
            missing = looked_up(np.isnan(step.vectors_mm).any(axis=3).astype(float), step.geometry, points)[0] > 0.0
            defined &= parts[0][1] & ~missing
            points = points + np.stack([part[0] for part in parts], axis=1)
    values, inside = looked_up(course.dose.voxels_gy, course.dose.geometry, points)
    return np.where(inside & defined, values, 0.0), inside & defined


def course_of(dose: Dose, *steps: TransformStep) -> Course:
    return Course("c", "c", dose, 5, None, None, SpatialTransform(FRAME, FRAME, tuple(steps), "test"))


def dose_on(geometry: Geometry, seed: int = 0) -> Dose:
    voxels = np.random.default_rng(seed).uniform(1.0, 60.0, geometry.shape).astype(np.float32)
    return Dose(voxels, geometry, FRAME, "plan", Patient("p", "p", "", ""), ())


def turned(*degrees: float, mirrored: bool = False) -> tuple[tuple[float, float, float], ...]:
    axes = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    if mirrored:
        axes[:, 2] *= -1.0
    return tuple(tuple(float(v) for v in row) for row in axes)


def rigid(*degrees: float, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Affine:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return Affine(matrix)


def field_on(geometry: Geometry, seed: int = 1, size_mm: float = 6.0) -> DisplacementGrid:
    vectors = np.random.default_rng(seed).uniform(-size_mm, size_mm, (*geometry.shape, 3))
    return DisplacementGrid(geometry, vectors.astype(np.float32))


def all_points(geometry: Geometry) -> np.ndarray:
    return np.concatenate([geometry.plane_points(k) for k in range(geometry.size[2])])


def require_same_as_oracle(course: Course, geometry: Geometry) -> np.ndarray:
    """Compare, and return where the dose is known."""
    mapped = map_dose(course, geometry, FRAME)
    values, known = oracle(course, all_points(geometry))
    np.testing.assert_array_equal(mapped.known.ravel(), known)
    np.testing.assert_allclose(mapped.voxels_gy.ravel(), values, rtol=0, atol=2e-5)
    sampled, inside = sample_dose(course, all_points(geometry))
    np.testing.assert_array_equal(inside, known)
    np.testing.assert_allclose(sampled, values, rtol=0, atol=1e-6)
    return mapped.known


GRID = Geometry((-20.0, -18.0, -16.0), (2.0, 2.5, 3.0), AXES, (21, 17, 19))
DOSE = dose_on(Geometry((-14.0, -13.0, -12.0), (2.5, 2.5, 2.5), AXES, (12, 11, 10)))
FIELD = field_on(Geometry((-17.0, -15.0, -14.0), (4.0, 4.0, 4.0), AXES, (8, 8, 8)))
TURNED_FIELD = field_on(replace(FIELD.geometry, direction=turned(5, 3, 8)))

STEPS = {
    "same axes": (),
    "shift": (rigid(0, 0, 0, shift=(1.3, -0.7, 2.2)),),
    "half a turn": (rigid(180, 0, 0),),
    "a quarter of a turn": (rigid(0, 0, 90),),
    "about one axis": (rigid(0, 0, 12),),
    "rigid": (rigid(5, -7, 11, shift=(1.0, 2.0, -3.0)),),
    "two matrices": (rigid(5, 0, 0), rigid(0, -7, 3, shift=(2.0, 0.0, 0.0))),
    "field": (FIELD,),
    "field, then rigid": (FIELD, rigid(4, 5, 6, shift=(-1.0, 2.0, 1.0))),
    "shift, then field": (rigid(0, 0, 0, shift=(1.3, -0.7, 2.2)), FIELD),
    "rigid, then field": (rigid(4, 5, 6, shift=(-1.0, 2.0, 1.0)), FIELD),
    "turned field": (TURNED_FIELD,),
    "two fields": (FIELD, rigid(3, 0, 2), TURNED_FIELD),
}


@pytest.mark.parametrize("name", STEPS)
def test_every_kind_of_transform_gives_the_dose_of_the_point_by_point_lookup(name) -> None:
    known = require_same_as_oracle(course_of(DOSE, *STEPS[name]), GRID)
    assert 0.05 < known.mean() < 0.95


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(STEPS)),
    st.tuples(*[st.floats(-40, 40)] * 3),
    st.booleans(),
    st.tuples(*[st.integers(1, 6)] * 3),
    st.tuples(*[st.floats(0.7, 6.0)] * 3),
    st.tuples(*[st.floats(-15, 15)] * 3),
    st.integers(0, 2**32 - 1),
)
def test_oblique_left_handed_and_single_plane_doses_on_any_grid(
    name, degrees, mirrored, size, spacing, origin, seed
) -> None:
    dose = dose_on(Geometry(origin, spacing, turned(*degrees, mirrored=mirrored), size), seed)
    grid = Geometry((-9.0, -8.0, -7.0), spacing[::-1], turned(*degrees[::-1], mirrored=not mirrored), (5, 6, 7))
    require_same_as_oracle(course_of(dose, *STEPS[name]), grid)
    require_same_as_oracle(course_of(dose, *STEPS[name]), replace(grid, direction=dose.geometry.direction))


@pytest.mark.parametrize("name", ["field", "field, then rigid", "turned field", "rigid, then field", "two fields"])
def test_vectors_that_are_not_a_number_leave_the_dose_unknown(name) -> None:
    def with_hole(step: TransformStep) -> TransformStep:
        if isinstance(step, Affine):
            return step
        vectors = step.vectors_mm.copy()
        vectors[3:5, 2:4, 4:6] = np.nan
        vectors[5, 5, 5, 1] = np.nan
        return DisplacementGrid(step.geometry, vectors)

    whole = require_same_as_oracle(course_of(DOSE, *STEPS[name]), GRID)
    # Shifted, so that no voxel lies on a node: whether the very border of a hole is known is not the question here.
    grid = replace(GRID, origin_mm=(-20.1, -18.3, -16.2))
    assert require_same_as_oracle(course_of(DOSE, *map(with_hole, STEPS[name])), grid).sum() < 0.99 * whole.sum()


def test_beyond_a_displacement_grid_nothing_is_known_although_the_dose_reaches_there() -> None:
    small = field_on(Geometry((-4.0, -4.0, -4.0), (4.0, 4.0, 4.0), AXES, (3, 3, 3)), size_mm=0.5)
    inner = Geometry((-6.0, -6.0, -6.0), (2.0, 2.0, 2.0), AXES, (7, 7, 7))
    mapped = map_dose(course_of(DOSE, small), inner, FRAME)
    assert mapped.known[1:-1, 1:-1, 1:-1].all()
    assert mapped.known.sum() == 5**3
    assert map_dose(course_of(DOSE), inner, FRAME).known.all()


@pytest.mark.parametrize("angle", [0.0, 1e-4, 3.0])
@pytest.mark.parametrize("field", [False, True])
def test_the_outer_half_voxel_of_the_dose_is_not_known(angle, field) -> None:
    """ITK and VTK would repeat the outermost voxels there."""
    steps = (field_on(replace(FIELD.geometry, spacing_mm=(8.0, 8.0, 8.0)), size_mm=0.0),) if field else ()
    course = course_of(DOSE, *steps, rigid(0, 0, angle))
    last = np.asarray(DOSE.geometry.size) - 1.0
    # The centre of a face, a twentieth to nearly half a voxel outside and a twentieth inside.
    for axis in range(3):
        for out in (0.06, 0.45):
            index = np.tile(last / 2.0, (2, 1))
            index[:, axis] = (-out, last[axis] + out)
            inward = np.tile(last / 2.0, (2, 1))
            inward[:, axis] = (0.06, last[axis] - 0.06)
            for wanted, expected in ((index, False), (inward, True)):
                for point in DOSE.geometry.to_lps(wanted):
                    grid = Geometry(tuple(map(float, point)), (0.01, 0.01, 0.01), AXES, (2, 2, 2))
                    mapped = map_dose(course, grid, FRAME)
                    assert (mapped.known == expected).all()
                    assert (mapped.voxels_gy > 0).all() == expected


def test_a_dose_on_the_same_grid_is_known_on_its_outermost_voxels_despite_rounding() -> None:
    axes = turned(10, 20, 30)
    geometry = Geometry((1 / 3, 2 / 7, 3 / 11), (2.3, 2.3, 2.9), axes, (9, 8, 7))
    dose = dose_on(geometry)
    for steps in ((), (rigid(7, 8, 9), Affine(np.linalg.inv(rigid(7, 8, 9).matrix)))):
        mapped = map_dose(course_of(dose, *steps), geometry, FRAME)
        assert mapped.known.all()
        np.testing.assert_allclose(mapped.voxels_gy, dose.voxels_gy, atol=1e-4)


def test_a_dose_that_does_not_reach_the_grid_is_known_nowhere() -> None:
    for steps in STEPS.values():
        far = map_dose(course_of(DOSE, *steps), replace(GRID, origin_mm=(500.0, 0.0, 0.0)), FRAME)
        assert not far.known.any()
        assert not far.voxels_gy.any()


def test_mapping_stops_when_the_user_cancels() -> None:
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise Cancelled

    tall = replace(GRID, size=(5, 5, 400))
    with pytest.raises(Cancelled):
        map_dose(course_of(DOSE, FIELD), tall, FRAME, check)
    assert len(asked) == 2


def test_a_grid_of_another_frame_is_refused() -> None:
    with pytest.raises(GeometryError, match="it maps"):
        map_dose(course_of(DOSE), GRID, "9.9.9")


def test_ten_million_voxels_through_a_field_need_little_memory_beside_the_result() -> None:
    """A displacement at every voxel would take 240 MB in double precision alone."""
    grid = Geometry((-249.0, -249.0, -159.0), (2.0, 2.0, 2.0), AXES, (250, 250, 160))
    noise = np.random.default_rng(5).normal(size=(84, 128, 128)).astype(np.float32)
    smooth = gaussian_filter(noise, 6.0)[..., None] * np.float32(400.0)
    field = DisplacementGrid(
        Geometry((-254.0, -254.0, -166.0), (4.0, 4.0, 4.0), AXES, (128, 128, 84)), np.repeat(smooth, 3, axis=3)
    )
    dose = dose_on(Geometry((-248.75, -198.75, -198.75), (2.5, 2.5, 2.5), AXES, (200, 160, 160)))
    course = course_of(dose, field, rigid(3, 2, 2))
    tracemalloc.start()
    mapped = map_dose(course, grid, FRAME)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - mapped.voxels_gy.nbytes - mapped.known.nbytes < 40e6
    points = grid.plane_points(80)[::37]
    values, known = oracle(course, points)
    np.testing.assert_array_equal(mapped.known[80].ravel()[::37], known)
    np.testing.assert_allclose(mapped.voxels_gy[80].ravel()[::37], values, atol=2e-5)


def test_long_lists_of_points_give_the_same_as_short_ones() -> None:
    course = course_of(DOSE, FIELD, rigid(1, 2, 3))
    points = np.random.default_rng(3).uniform(-20, 20, (70_001, 3))
    points[[5, 40_000]] = np.nan
    values, known = sample_dose(course, points)
    for start in (0, 32_760, 65_530):
        few = slice(start, start + 20)
        found, inside = sample_dose(course, points[few])
        np.testing.assert_array_equal(found, values[few])
        np.testing.assert_array_equal(inside, known[few])
    assert not known[[5, 40_000]].any()
    assert not values[~known].any()
    assert sample_dose(course, np.empty((0, 3)))[0].shape == (0,)
