"""Contours in planes that are not the slices of the CT: oblique, sagittal; and those that no planes hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dicom_files import changed
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.dosimetry.contour_frame import contour_frame, tilt_degrees
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.dosimetry.plane_stack import contour_planes
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.errors import DosimetryError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.interlock import Interlock
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.workflow import compute
from scipy.spatial.transform import Rotation
from solid_truth import ball_dose_at, linear_metric
from synthetic import ball, cylinder, grid, voxel_points

SAGITTAL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

POLE_MM = 12.8
"""Farthest corner of the half slice (to 12.5 mm) beyond the last contour of a ball of 12.3 mm, of radius 2.7 mm at 12 mm."""


def turned(*rotation_vector: float) -> np.ndarray:
    return Rotation.from_rotvec(rotation_vector).as_matrix()


def moved(structure: Structure, axes: np.ndarray, shift=(0.0, 0.0, 0.0)) -> Structure:
    return replace(structure, contours_mm=tuple(contour @ axes.T + shift for contour in structure.contours_mm))


def moved_grid(geometry: Geometry, axes: np.ndarray, shift) -> Geometry:
    direction = tuple(tuple(float(v) for v in row) for row in axes @ np.asarray(geometry.direction))
    origin = tuple(float(v) for v in axes @ np.asarray(geometry.origin_mm) + shift)
    return replace(geometry, origin_mm=origin, direction=direction)


angles = st.tuples(*[st.floats(-3.0, 3.0)] * 3)


def test_contours_on_the_slices_keep_the_grid_of_the_ct() -> None:
    geometry = grid(2.0)
    assert contour_frame(ball(12.0, 2.0), geometry) is geometry


@pytest.mark.parametrize("axes", [SAGITTAL, turned(0.3, 0.0, 0.0), turned(0.2, -0.7, 1.1)])
def test_a_ball_contoured_obliquely_has_its_volume_and_dvh(axes: np.ndarray) -> None:
    samples = structure_samples(moved(ball(12.0, 1.0), axes, (3.0, -4.0, 5.0)), grid(2.0))
    assert samples.volume_cc == pytest.approx(4.0 / 3.0 * np.pi * 1.728, rel=0.005)
    for direction in np.eye(3):
        middle = float(direction @ (3.0, -4.0, 5.0))
        for metric, volume_cc in {"D0.03cc": 0.03, "D0.5cc": 0.5, "D50%": samples.volume_cc / 2.0}.items():
            expected = middle + ball_dose_at(12.0, volume_cc)
            assert linear_metric(samples, direction, metric) == pytest.approx(expected, abs=0.1), metric


@settings(max_examples=15, deadline=None)
@given(angles)
def test_a_cylinder_has_its_volume_however_its_planes_are_turned(angle) -> None:
    samples = structure_samples(moved(cylinder(9.0, 30.0, 3.0), turned(*angle)), grid(2.0))
    assert samples.volume_cc == pytest.approx(np.pi * 81.0 * 30.0 / 1000.0, rel=0.003)


@settings(max_examples=10, deadline=None)
@given(angles, st.tuples(*[st.floats(-200.0, 200.0)] * 3))
def test_turning_and_shifting_patient_and_ct_changes_nothing(angle, shift) -> None:
    axes, along = turned(*angle), np.array([0.48, 0.6, 0.64])
    drawn, geometry = moved(ball(10.0, 2.0), turned(0.5, 0.1, 0.2)), grid(2.0)
    here = structure_samples(drawn, geometry, 20_000)
    there = structure_samples(moved(drawn, axes, shift), moved_grid(geometry, axes, shift), 20_000)
    assert there.volume_cc == pytest.approx(here.volume_cc, rel=1e-3)
    for metric in ("D0.03cc", "D1cc", "D50%"):
        dose = linear_metric(there, axes @ along, metric) - float(axes @ along @ np.asarray(shift))
        assert dose == pytest.approx(linear_metric(here, along, metric), abs=0.02), metric


def test_planes_are_the_contours_own_with_their_own_distance() -> None:
    drawn = moved(cylinder(9.0, 30.0, 2.5), turned(0.4, 0.0, 0.0))
    frame = contour_frame(drawn, grid(1.0))
    assert tilt_degrees(frame, grid(1.0)) == pytest.approx(np.degrees(0.4), abs=0.01)
    assert [plane.thickness_mm for plane in contour_planes(drawn, frame)] == pytest.approx([2.5] * 12, abs=1e-6)


@pytest.mark.parametrize("step_mm", [12.0, 25.0])
def test_oblique_contours_that_are_far_apart_are_refused_like_others(step_mm: float) -> None:
    with pytest.raises(DosimetryError, match="mm apart"):
        structure_samples(moved(ball(30.0, step_mm), SAGITTAL), grid(2.0))


def test_the_mask_of_oblique_contours_holds_the_voxel_centres_within_the_ball() -> None:
    geometry = grid(1.0, 20.0)
    mask = structure_mask(moved(ball(12.3, 1.0), turned(0.4, 0.2, 0.0)), geometry, geometry).ravel()
    radius = np.linalg.norm(voxel_points(geometry), axis=1)
    assert mask[radius < 12.1].all()
    assert not mask[radius > POLE_MM].any()


def test_the_mask_on_a_turned_grid_holds_the_voxel_centres_within_the_ball() -> None:
    turned_grid = moved_grid(grid(1.0, 20.0), turned(0.4, 0.2, 0.9), (1.0, 2.0, 3.0))
    mask = structure_mask(ball(12.3, 1.0), grid(2.0), turned_grid).ravel()
    radius = np.linalg.norm(voxel_points(turned_grid), axis=1)
    assert mask[radius < 12.1].all()
    assert not mask[radius > POLE_MM].any()


def test_the_mask_on_a_grid_elsewhere_is_empty() -> None:
    elsewhere = moved_grid(grid(1.0, 5.0), turned(0.4, 0.2, 0.9), (300.0, 0.0, 0.0))
    assert not structure_mask(ball(12.3, 1.0), grid(2.0), elsewhere).any()


def refused(structure: Structure, message: str) -> None:
    with pytest.raises(DosimetryError, match=message) as caught:
        structure_samples(structure, grid(2.0))
    assert caught.value.interlock is Interlock.STRUCTURE_OBLIQUE


def test_contours_of_different_normals_are_refused() -> None:
    whole = cylinder(10.0, 30.0, 3.0)
    one_tilted = (*whole.contours_mm[:-1], whole.contours_mm[-1] @ turned(0.1, 0.0, 0.0).T)
    refused(replace(whole, contours_mm=one_tilted), r"not parallel to each other: one is turned by \d+\.\d° against")
    refused(replace(whole, contours_mm=(*whole.contours_mm, *moved(whole, SAGITTAL).contours_mm)), "not parallel")


def test_a_contour_that_lies_in_no_plane_is_refused() -> None:
    whole = cylinder(10.0, 30.0, 3.0)
    bent = whole.contours_mm[4].copy()
    bent[100:200, 2] += 2.0
    refused(replace(whole, contours_mm=(*whole.contours_mm[:4], bent)), r"not planar: its points span \d\.\d\d mm")


def test_a_single_oblique_contour_is_refused_because_its_thickness_is_not_known() -> None:
    refused(Structure("tilted", 1, (moved(ball(9.0, 2.0), SAGITTAL).contours_mm[4],)), "its thickness is not known")


def test_oblique_contours_outside_the_ct_or_without_area_are_refused() -> None:
    with pytest.raises(DosimetryError, match="within the current CT"):
        structure_samples(moved(ball(9.0, 2.0), SAGITTAL, (90.0, 0.0, 0.0)), grid(2.0))
    line = np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 5.0], [10.0, 0.0, 10.0]])
    with pytest.raises(DosimetryError, match="enclose no area"):
        structure_samples(Structure("line", 1, (line, line + np.array([0.0, 2.0, 0.0]))), grid(2.0))


TILT = turned(0.15, 0.0, 0.0)


def tilted_cord(dataset) -> None:
    """The spinal cord's contours turned about their common centre, as if drawn on an oblique series."""
    (number,) = [roi.ROINumber for roi in dataset.StructureSetROISequence if roi.ROIName == "spinal_cord"]
    (roi,) = [roi for roi in dataset.ROIContourSequence if roi.ReferencedROINumber == number]
    points = [np.array(contour.ContourData, dtype=float).reshape(-1, 3) for contour in roi.ContourSequence]
    centre = np.concatenate(points).mean(axis=0)
    for contour, loop in zip(roi.ContourSequence, points, strict=True):
        contour.ContourData = [f"{value:.4f}" for value in ((loop - centre) @ TILT.T + centre).ravel()]
        if "ContourImageSequence" in contour:
            del contour.ContourImageSequence


def test_a_case_with_an_oblique_organ_is_computed_and_says_so(demo_case: Case, tmp_path: Path) -> None:
    case = replace(
        demo_case,
        structures=tuple(choice for choice in demo_case.structures if choice.name == "spinal_cord"),
        constraints=demo_case.constraints[:1],
        optimization=(),
    )
    upright = compute(case, Monitor()).structures[0].final.samples.volume_cc
    structures = changed(case.current.structures, tmp_path / "RS.dcm", tilted_cord)
    results = compute(replace(case, current=replace(case.current, structures=structures)), Monitor())
    assert results.structures[0].final.samples.volume_cc == pytest.approx(upright, rel=0.002)
    (finding,) = [f for f in results.findings if f.interlock is Interlock.STRUCTURE_OFF_SLICE]
    assert "planes turned by 8.6° against the slices of the CT" in finding.found
