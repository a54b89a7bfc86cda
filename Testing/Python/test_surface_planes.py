"""Closed surfaces as bodies, against the solids that they bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import vtk
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.bodies import body_of
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.dosimetry.occupancy import WANTED_SAMPLES, body_samples, structure_samples
from ReirradiationLib.dosimetry.refinement import refined
from ReirradiationLib.dosimetry.surface_planes import surface_contours
from ReirradiationLib.model.errors import DosimetryError
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.segment import SurfaceStructure
from ReirradiationLib.model.structure import EndCaps
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation
from solid_truth import ball_dose_at, linear_metric
from synthetic import course_of, dose_of, grid, voxel_points
from vtk.util.numpy_support import vtk_to_numpy

CT = grid(2.0, 60.0)


def surface_of(source: Any, axes: np.ndarray | None = None, shift=(0.0, 0.0, 0.0)) -> SurfaceStructure:
    source.SetOutputPointsPrecision(vtk.vtkAlgorithm.DOUBLE_PRECISION)
    triangulate = vtk.vtkTriangleFilter()
    triangulate.SetInputConnection(source.GetOutputPort())
    triangulate.Update()
    data = triangulate.GetOutput()
    points = vtk_to_numpy(data.GetPoints().GetData()).astype(float)
    triangles = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).astype(np.int64).reshape(-1, 3)
    return SurfaceStructure("surface", points @ (np.eye(3) if axes is None else axes).T + shift, triangles)


def sphere(radius_mm: float, axes: np.ndarray | None = None, shift=(0.0, 0.0, 0.0), detail: int = 256) -> SurfaceStructure:
    source = vtk.vtkSphereSource()
    source.SetRadius(radius_mm)
    source.SetThetaResolution(detail)
    source.SetPhiResolution(detail)
    return surface_of(source, axes, shift)


def cylinder(radius_mm: float, height_mm: float, axes: np.ndarray) -> SurfaceStructure:
    """Along y before it is turned; its rims are stored twice, as its normals are."""
    source = vtk.vtkCylinderSource()
    source.SetRadius(radius_mm)
    source.SetHeight(height_mm)
    source.SetResolution(512)
    return surface_of(source, axes)


def turned(*rotation_vector: float) -> np.ndarray:
    return Rotation.from_rotvec(rotation_vector).as_matrix()


def volume_cc(radius_mm: float) -> float:
    return 4.0 / 3.0 * np.pi * radius_mm**3 / 1000.0


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.3, -7.1, 0.37)])
@pytest.mark.parametrize("radius_mm", [6.2, 12.0, 20.0])
def test_a_sphere_has_its_volume_and_dvh(radius_mm: float, shift) -> None:
    samples = structure_samples(sphere(radius_mm, shift=shift), CT)
    assert samples.volume_cc == pytest.approx(volume_cc(radius_mm), rel=0.003)
    for direction in (*np.eye(3), *-np.eye(3), np.array([0.0, 0.6, 0.8])):
        for metric, at_cc in {"D0.03cc": 0.03, "D0.5cc": 0.5, "D95%": 0.95 * volume_cc(radius_mm)}.items():
            expected = ball_dose_at(radius_mm, at_cc) + float(direction @ shift)
            assert linear_metric(samples, direction, metric) == pytest.approx(expected, abs=0.1), metric


@pytest.mark.parametrize("radius_mm", [0.9, 1.5, 3.0])
def test_tiny_spheres_have_their_volume(radius_mm: float) -> None:
    assert structure_samples(sphere(radius_mm), CT).volume_cc == pytest.approx(volume_cc(radius_mm), rel=0.02)


def test_a_sphere_that_is_too_small_for_planes_is_refused() -> None:
    with pytest.raises(DosimetryError, match=r"only 1\.4 mm high"):
        structure_samples(sphere(0.7), CT)


@pytest.mark.parametrize("direction", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.6, 0.8)])
def test_refinement_finds_the_small_volume_of_a_large_sphere(direction) -> None:
    body = body_of(sphere(40.0), CT, EndCaps.HALF_SLICE, WANTED_SAMPLES)
    course = course_of(dose_of(lambda points: 60.0 + points @ np.asarray(direction), CT), 1)
    dose = refined(structure_dose(body_samples(body), [course], [0.0]), body, [lambda dose: dose.courses[0].dose_gy])
    dvh = cumulative_dvh(dose.courses[0].dose_gy, dose.samples.volumes_cc)
    assert dvh.value(Metric.parse("D0.03cc")) == pytest.approx(60.0 + ball_dose_at(40.0, 0.03), abs=0.1)


@pytest.mark.parametrize("axes", [turned(np.pi / 2, 0, 0), turned(1.1, 0, 0), turned(0.3, 0.2, 0.9)])
def test_a_cylinder_has_its_volume_and_dvh_whether_its_ends_are_parallel_to_the_planes_or_not(axes: np.ndarray) -> None:
    radius, height = 10.0, 40.0
    samples = structure_samples(cylinder(radius, height, axes), CT)
    area = np.pi * radius**2
    assert samples.volume_cc == pytest.approx(area * height / 1000.0, rel=0.003)

    def segment_excess(depth: float) -> float:
        chord = (radius - depth) * np.sqrt(2 * radius * depth - depth**2)
        return float(height * (radius**2 * np.arccos(1 - depth / radius) - chord) / 1000.0 - 0.03)

    expected = {"along": height / 2 - 30.0 / area, "across": radius - float(brentq(segment_excess, 1e-9, 5.0))}
    assert linear_metric(samples, axes[:, 1], "D0.03cc") == pytest.approx(expected["along"], abs=0.1)
    assert linear_metric(samples, axes[:, 0], "D0.03cc") == pytest.approx(expected["across"], abs=0.1)
    assert linear_metric(samples, axes[:, 1], "D50%") == pytest.approx(0.0, abs=0.02)


def test_a_surface_within_a_surface_is_a_cavity() -> None:
    outer, inner = sphere(15.0), sphere(9.0)
    both = SurfaceStructure(
        "shell",
        np.concatenate([outer.points_mm, inner.points_mm]),
        np.concatenate([outer.triangles, inner.triangles[:, ::-1] + len(outer.points_mm)]),
    )
    assert structure_samples(both, CT).volume_cc == pytest.approx(volume_cc(15.0) - volume_cc(9.0), rel=0.005)


def test_a_surface_of_loose_triangles_is_closed_if_their_corners_coincide() -> None:
    whole = sphere(12.0, detail=64)
    soup = SurfaceStructure(
        "soup", whole.points_mm[whole.triangles].reshape(-1, 3), np.arange(whole.triangles.size).reshape(-1, 3)
    )
    assert structure_samples(soup, CT).volume_cc == pytest.approx(structure_samples(whole, CT).volume_cc, rel=1e-6)


def test_which_side_is_called_the_outside_does_not_matter() -> None:
    whole = sphere(12.0, detail=64)
    there = structure_samples(SurfaceStructure("inside out", whole.points_mm, whole.triangles[:, ::-1]), CT)
    assert there.volume_cc == pytest.approx(structure_samples(whole, CT).volume_cc, rel=2e-4)


def test_triangles_that_are_not_turned_alike_are_refused() -> None:
    whole = sphere(12.0, detail=64)
    flipped = np.concatenate([whole.triangles[:7], whole.triangles[7:8, ::-1], whole.triangles[8:]])
    with pytest.raises(DosimetryError, match="inside and outside change places at 3 edges"):
        structure_samples(SurfaceStructure("flipped", whole.points_mm, flipped), CT)


def test_a_surface_that_crosses_itself_or_whose_cavity_is_turned_inside_out_is_refused() -> None:
    """By even–odd the overlap would be a hole: a sausage bent beyond a full turn, so that its ends meet; two balls."""
    unit = sphere(1.0, detail=96)
    x, y, z = unit.points_mm.T
    radius, angle = 12.0 + 4.0 * x, 45.0 / 12.0 * z
    bent = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), 4.0 * y])
    with pytest.raises(DosimetryError, match=r"it crosses itself"):
        structure_samples(SurfaceStructure("bent", bent, unit.triangles), CT)
    open_ring = np.column_stack([radius * np.cos(0.7 * angle), radius * np.sin(0.7 * angle), 4.0 * y])
    assert structure_samples(SurfaceStructure("open", open_ring, unit.triangles), CT).volume_cc > 2.0
    outer, inner = sphere(15.0, detail=64), sphere(9.0, detail=64)
    points = np.concatenate([outer.points_mm, inner.points_mm])
    alike = np.concatenate([outer.triangles, inner.triangles + len(outer.points_mm)])
    with pytest.raises(DosimetryError, match=r"bounds 17\.\d+ cc, its contours 11\.\d+ cc"):
        structure_samples(SurfaceStructure("ambiguous", points, alike), CT)


def test_planes_are_at_most_half_a_millimetre_apart_and_each_loop_lies_on_one() -> None:
    contours = surface_contours(sphere(12.0, detail=64), CT).contours_mm
    heights = np.array([loop[:, 2].mean() for loop in contours])
    assert np.diff(np.unique(heights.round(6))).max() <= 0.5 + 1e-6
    assert max(np.ptp(loop[:, 2]) for loop in contours) < 1e-9
    assert heights.min() == pytest.approx(-heights.max(), abs=1e-6)


def test_the_mask_holds_the_voxel_centres_within_the_surface() -> None:
    geometry = grid(1.0, 20.0)
    mask = structure_mask(sphere(12.3), CT, geometry).ravel()
    radius = np.linalg.norm(voxel_points(geometry), axis=1)
    assert mask[radius < 12.1].all()
    assert not mask[radius > 12.5].any()


@settings(max_examples=10, deadline=None)
@given(st.tuples(*[st.floats(-3.0, 3.0)] * 3), st.tuples(*[st.floats(-30.0, 30.0)] * 3))
def test_turning_and_shifting_leaves_an_ellipsoid_as_it_is(angle, shift) -> None:
    unit = sphere(1.0, detail=96)
    axes, along = turned(*angle), np.array([0.48, 0.6, 0.64])
    drawn = unit.points_mm * (8.0, 12.0, 15.0)
    here = structure_samples(SurfaceStructure("here", drawn, unit.triangles), CT)
    there = structure_samples(SurfaceStructure("there", drawn @ axes.T + shift, unit.triangles), CT)
    assert there.volume_cc == pytest.approx(here.volume_cc, rel=0.002)
    for metric in ("D0.03cc", "D1cc", "D50%"):
        dose = linear_metric(there, axes @ along, metric) - float(axes @ along @ np.asarray(shift))
        assert dose == pytest.approx(linear_metric(here, along, metric), abs=0.1), metric


@pytest.mark.parametrize("thickness_mm", [1.5, 3.0])
def test_a_thin_shell_is_resolved(thickness_mm: float) -> None:
    outer, inner = sphere(25.0), sphere(25.0 - thickness_mm)
    points = np.concatenate([outer.points_mm, inner.points_mm])
    triangles = np.concatenate([outer.triangles, inner.triangles[:, ::-1] + len(outer.points_mm)])
    expected = volume_cc(25.0) - volume_cc(25.0 - thickness_mm)
    assert structure_samples(SurfaceStructure("shell", points, triangles), CT).volume_cc == pytest.approx(expected, rel=0.02)


def test_an_open_surface_is_refused() -> None:
    whole = sphere(12.0, detail=32)
    with pytest.raises(DosimetryError, match="its surface is open: 3 edges"):
        structure_samples(SurfaceStructure("open", whole.points_mm, whole.triangles[1:]), CT)


@pytest.mark.parametrize(
    ("points", "triangles", "message"),
    [
        (np.empty((0, 3)), np.empty((0, 3), dtype=np.int64), "its surface is empty"),
        (np.zeros((4, 3)), np.array([[0, 1, 2]]), "its surface is empty"),
        (np.full((4, 3), np.nan), np.array([[0, 1, 2]]), "not all finite"),
        (np.eye(3), np.array([[0, 1, 3]]), "corners that do not exist"),
        (np.eye(3), np.array([[0, 1, -1]]), "corners that do not exist"),
        (np.eye(3), np.array([[0, 1]]), "triangles of shape"),
        (3.0 * np.eye(3), np.array([[0, 1, 2], [0, 2, 1]]), "encloses no volume"),
        (np.eye(3) * (1.0, 1.0, 0.0), np.array([[0, 1, 2], [0, 2, 1]]), "only 0 mm high"),
    ],
)
def test_surfaces_that_bound_nothing_are_refused(points: np.ndarray, triangles: np.ndarray, message: str) -> None:
    with pytest.raises(DosimetryError, match=message):
        structure_samples(SurfaceStructure("nothing", points, triangles), CT)


def test_surfaces_that_cross_each_other_or_leave_the_ct_are_refused() -> None:
    one, other = sphere(12.0, detail=48), sphere(12.0, shift=(8.0, 0.0, 0.0), detail=48)
    both = SurfaceStructure(
        "crossing",
        np.concatenate([one.points_mm, other.points_mm]),
        np.concatenate([one.triangles, other.triangles + len(one.points_mm)]),
    )
    with pytest.raises(DosimetryError, match="crosses itself"):
        structure_samples(both, CT)
    with pytest.raises(DosimetryError, match="within the current CT"):
        structure_samples(sphere(12.0, shift=(55.0, 0.0, 0.0)), CT)
