"""Labelmaps as bodies: the union of their voxels, whatever grid they were drawn on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.labelmap_body import labelmap_body
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.dosimetry.occupancy import WANTED_SAMPLES, body_samples, structure_samples
from ReirradiationLib.dosimetry.refinement import refined
from ReirradiationLib.model.errors import DosimetryError, GeometryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.segment import LabelmapStructure
from scipy.spatial.transform import Rotation
from solid_truth import linear_metric, voxels_dose_at
from synthetic import AXIAL, course_of, dose_of, grid

SPACINGS = [(1.0, 1.0, 1.0), (1.0, 1.0, 3.0), (0.9, 1.3, 2.5), (3.0, 1.0, 1.0), (2.0, 2.0, 2.0)]
DIRECTIONS = [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.6, 0.8), (0.577350269, 0.577350269, 0.577350269)]


def drawn(shape: str, half_mm: float, spacing, axes: np.ndarray | None = None, shift=(0.0, 0.0, 0.0)) -> LabelmapStructure:
    """A ball or a box of voxels around the origin, turned and shifted together with its grid."""
    size = tuple(2 * int((half_mm + 2 * s) / s) + 1 for s in spacing)
    along = [s * (np.arange(n) - n // 2) for s, n in zip(spacing, size, strict=True)]
    k, j, i = np.meshgrid(along[2], along[1], along[0], indexing="ij")
    mask = (
        i**2 + j**2 + k**2 < half_mm**2 if shape == "ball" else np.maximum(np.abs(i), np.maximum(abs(j), abs(k))) < half_mm
    )
    turn = np.eye(3) if axes is None else axes
    origin = turn @ np.array([a[0] for a in along]) + shift
    direction = tuple(tuple(float(v) for v in row) for row in turn)
    return LabelmapStructure(shape, mask, Geometry(tuple(float(v) for v in origin), spacing, direction, size))


def voxels_cc(structure: LabelmapStructure) -> float:
    return float(structure.mask.sum()) * structure.geometry.voxel_volume_cc


def exact(structure: LabelmapStructure, direction: np.ndarray, volume_cc: float) -> float:
    k, j, i = np.nonzero(structure.mask)
    geometry = structure.geometry
    centres = geometry.to_lps(np.column_stack([i, j, k]).astype(float))
    return voxels_dose_at(centres, geometry.spacing_mm, np.asarray(geometry.direction), direction, volume_cc)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize(("shape", "half_mm"), [("ball", 6.5), ("box", 10.2), ("ball", 20.0), ("box", 40.3)])
def test_volume_is_that_of_the_voxels(shape: str, half_mm: float, spacing) -> None:
    structure = drawn(shape, half_mm, spacing)
    assert structure_samples(structure, grid(2.0)).volume_cc == pytest.approx(voxels_cc(structure), rel=1e-6)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize(("shape", "half_mm"), [("ball", 6.5), ("box", 10.2), ("ball", 20.0)])
def test_metrics_in_a_linear_dose_are_those_of_the_voxels(shape: str, half_mm: float, spacing, direction) -> None:
    structure, along = drawn(shape, half_mm, spacing), np.asarray(direction)
    samples, total = structure_samples(structure, grid(2.0)), voxels_cc(structure)
    for metric, volume_cc in {"D1cc": 1.0, "D2%": 0.02 * total, "D50%": 0.5 * total, "D95%": 0.95 * total}.items():
        assert linear_metric(samples, along, metric) == pytest.approx(exact(structure, along, volume_cc), abs=0.1), metric
    assert linear_metric(samples, along, "D0.03cc") == pytest.approx(exact(structure, along, 0.03), abs=0.2)


def test_refinement_leaves_samples_alone_that_are_not_the_centroids_of_their_cells() -> None:
    """Cells chosen because their sample lies on the hot side would bias D0.1cc on a flat face by 0.15 mm."""
    structure, along = drawn("box", 40.3, (1.0, 1.0, 3.0)), np.array([1.0, 0.0, 0.0])
    body = labelmap_body(structure, WANTED_SAMPLES)
    course = course_of(dose_of(lambda points: 100.0 + points @ along, grid(2.0, 60.0)), 1)
    dose = structure_dose(body_samples(body), [course], [0.0])
    assert refined(dose, body, [lambda dose: dose.courses[0].dose_gy]) is dose
    dvh = cumulative_dvh(dose.courses[0].dose_gy, dose.samples.volumes_cc)
    for metric, volume_cc in {"D0.03cc": 0.03, "D0.1cc": 0.1, "D1cc": 1.0, "D2cc": 2.0}.items():
        expected = 100.0 + exact(structure, along, volume_cc)
        assert dvh.value(Metric.parse(metric)) == pytest.approx(expected, abs=0.1), metric


@pytest.mark.parametrize("spacing", SPACINGS)
def test_cells_that_are_cut_hold_the_same_volume_within_the_cells_they_were_cut_from(spacing) -> None:
    body = labelmap_body(drawn("ball", 9.0, spacing), 500)
    filling = body.filled()
    some = np.arange(len(filling.volumes_cc)) % 3 == 0
    once = body.covered(filling.cells.at(some).cut_in_eight())
    assert once.volumes_cc.sum() == pytest.approx(float(filling.volumes_cc[some].sum()), rel=1e-6)
    twice = body.covered(once.cells.cut_in_eight())
    assert twice.volumes_cc.sum() == pytest.approx(float(once.volumes_cc.sum()), rel=1e-6)
    assert body.contains(body.to_lps(twice.centroids_mm)).all()


def test_every_sample_lies_in_a_voxel_of_the_labelmap_and_every_voxel_has_its_share() -> None:
    random = np.random.default_rng(5)
    geometry = Geometry((3.0, -8.0, 11.0), (1.0, 2.0, 3.0), tuple(map(tuple, turned(0.4, 0.3, -0.8))), (14, 9, 8))
    structure = LabelmapStructure("noise", random.random(geometry.shape) > 0.6, geometry)
    samples = structure_samples(structure, grid(2.0))
    index = np.rint(geometry.to_index(samples.points_mm)).astype(int)
    held = np.zeros(geometry.shape)
    np.add.at(held, tuple(index[:, ::-1].T), samples.volumes_cc)
    np.testing.assert_allclose(held, structure.mask * geometry.voxel_volume_cc, rtol=1e-5)


def turned(*rotation_vector: float) -> np.ndarray:
    return Rotation.from_rotvec(rotation_vector).as_matrix()


angles = st.tuples(*[st.floats(-3.0, 3.0)] * 3)
shifts = st.tuples(*[st.floats(-300.0, 300.0)] * 3)


@settings(max_examples=20, deadline=None)
@given(angles, shifts, st.sampled_from(SPACINGS))
def test_turning_and_shifting_the_patient_with_his_dose_changes_nothing(angle, shift, spacing) -> None:
    axes, along = turned(*angle), np.array([0.48, 0.6, 0.64])
    here = structure_samples(drawn("ball", 9.0, spacing), grid(2.0), 20_000)
    there = structure_samples(drawn("ball", 9.0, spacing, axes, shift), grid(2.0), 20_000)
    assert there.volume_cc == pytest.approx(here.volume_cc, rel=1e-9)
    for metric in ("D0.03cc", "D1cc", "D50%", "Dmean"):
        moved = linear_metric(there, axes @ along, metric) - float(axes @ along @ np.asarray(shift))
        assert moved == pytest.approx(linear_metric(here, along, metric), abs=1e-6), metric


@settings(max_examples=20, deadline=None)
@given(angles)
@example((0.0, 1e-8, 1e-8))
@example((0.0, 1e-4, 0.0))
def test_turning_the_dose_alone_changes_a_ball_within_its_voxels(angle) -> None:
    structure = drawn("ball", 9.0, (1.0, 1.0, 1.0))
    along = turned(*angle)[0]
    samples = structure_samples(structure, grid(2.0))
    assert linear_metric(samples, along, "D1cc") == pytest.approx(exact(structure, along, 1.0), abs=0.05)


def test_how_far_the_grid_reaches_beyond_what_is_drawn_is_immaterial() -> None:
    structure = drawn("ball", 9.0, (1.0, 1.4, 2.5), turned(0.3, 0.1, 0.2))
    geometry = structure.geometry
    (first,) = geometry.to_lps(np.array([[-7.0, -3.0, -1.0]]))
    wider = Geometry(
        tuple(map(float, first)), geometry.spacing_mm, geometry.direction, tuple(np.add(geometry.size, (9, 4, 5)))
    )
    padded = LabelmapStructure("ball", np.pad(structure.mask, ((1, 4), (3, 1), (7, 2))), wider)
    here, there = structure_samples(structure, grid(2.0)), structure_samples(padded, grid(2.0))
    np.testing.assert_allclose(there.points_mm, here.points_mm, atol=1e-9)
    np.testing.assert_allclose(there.volumes_cc, here.volumes_cc)


def test_left_handed_grids_are_read_as_they_are() -> None:
    mask = np.zeros((4, 5, 6), dtype=bool)
    mask[3, 1, 2] = True
    mirrored = Geometry((0.0, 0.0, 30.0), (1.0, 1.0, 3.0), ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)), (6, 5, 4))
    samples = structure_samples(LabelmapStructure("voxel", mask, mirrored), grid(2.0))
    assert np.average(samples.points_mm, axis=0, weights=samples.volumes_cc) == pytest.approx([2.0, 1.0, 21.0], abs=0.02)


def test_the_mask_on_its_own_grid_is_what_was_drawn_and_on_another_its_nearest_voxels() -> None:
    structure = drawn("ball", 8.0, (1.0, 1.5, 2.5), turned(0.2, -0.4, 0.9), (5.0, -3.0, 2.0))
    assert np.array_equal(structure_mask(structure, grid(2.0), structure.geometry), structure.mask)
    fine = grid(0.9, 20.0)
    mask = structure_mask(structure, grid(2.0), fine)
    assert mask.sum() * fine.voxel_volume_cc == pytest.approx(voxels_cc(structure), rel=0.02)


def test_an_empty_labelmap_is_refused() -> None:
    structure = drawn("ball", 5.0, (1.0, 1.0, 1.0))
    with pytest.raises(DosimetryError, match="its labelmap is empty"):
        structure_samples(LabelmapStructure("nothing", np.zeros_like(structure.mask), structure.geometry), grid(2.0))


def test_a_mask_that_does_not_fit_its_grid_is_refused() -> None:
    with pytest.raises(GeometryError, match="shape"):
        LabelmapStructure("wrong", np.ones((3, 4, 5), dtype=bool), Geometry((0, 0, 0), (1, 1, 1), AXIAL, (3, 4, 5)))
    with pytest.raises(GeometryError, match="type uint8"):
        LabelmapStructure("labels", np.ones((5, 4, 3), dtype=np.uint8), Geometry((0, 0, 0), (1, 1, 1), AXIAL, (3, 4, 5)))


@pytest.mark.parametrize("spacing", [(np.nan, 1.0, 1.0), (np.inf, 1.0, 1.0), (0.0, 1.0, 1.0)])
def test_a_grid_that_is_not_finite_is_refused(spacing) -> None:
    with pytest.raises(GeometryError):
        LabelmapStructure("nowhere", np.ones((2, 2, 2), dtype=bool), Geometry((0, 0, 0), spacing, AXIAL, (2, 2, 2)))
