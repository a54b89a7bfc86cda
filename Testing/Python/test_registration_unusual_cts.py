"""CTs that are not the usual trunk on a couch: thin walls, two legs, few slices, other storage orders, short priors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from judged_pairs import found
from registration_pairs import QUIET, RIGID, image, make_pair, named_pair
from registration_sources import demo_source
from ReirradiationLib.model.errors import RegistrationError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.registration import RegistrationKind
from ReirradiationLib.registration.body import body_mask
from ReirradiationLib.registration.sitk_images import even_geometry, sitk_image
from synthetic import AXIAL

GRID = Geometry((-248.0, -198.0, 0.0), (4.0, 4.0, 4.0), AXIAL, (125, 100, 30))


@pytest.fixture(scope="module")
def points() -> tuple[np.ndarray, np.ndarray]:
    """x and y of every voxel."""
    at = np.concatenate([GRID.plane_points(k) for k in range(GRID.size[2])])
    return at[:, 0].reshape(GRID.shape), at[:, 1].reshape(GRID.shape)


def body_of(hu: np.ndarray) -> np.ndarray:
    return body_mask(sitk_image(image(hu, GRID, "1.2.3", "phantom")), "Current CT")


def ellipse(x: np.ndarray, y: np.ndarray, a_mm: float, b_mm: float) -> np.ndarray:
    return (x / a_mm) ** 2 + (y / b_mm) ** 2 < 1.0


@pytest.mark.parametrize("wall_mm", [16.0, 22.0, 30.0])
def test_a_thin_chest_wall_and_the_lungs_belong_to_the_patient_and_a_hollow_couch_does_not(points, wall_mm: float) -> None:
    x, y = points
    patient = ellipse(x, y, 170.0, 110.0)
    hu = np.where(patient, 40.0, -1000.0)
    hu[ellipse(x, y, 170.0 - wall_mm, 110.0 - wall_mm) & (np.abs(x) > 30.0)] = -800.0
    couch = (np.abs(x) < 240.0) & (y > 111.0) & (y < 165.0) & ~patient
    shell = couch & ((y < 117.0) | (y > 158.0) | (np.abs(x) > 233.0))
    hu[couch] = -950.0
    hu[shell] = -100.0
    body = body_of(hu)
    assert body[patient].mean() > 0.99
    assert body[couch].mean() < 0.1


def test_both_legs_are_patient_and_a_phantom_beside_the_patient_is_not(points) -> None:
    x, y = points
    left, right = ellipse(x - 90.0, y, 70.0, 75.0), ellipse(x + 90.0, y, 72.0, 75.0)
    body = body_of(np.where(left | right, 40.0, -1000.0))
    assert body[left].mean() > 0.99
    assert body[right].mean() > 0.99
    patient, phantom = ellipse(x + 60.0, y, 150.0, 110.0), ellipse(x - 170.0, y, 40.0, 40.0)
    body = body_of(np.where(patient | phantom, 40.0, -1000.0))
    assert body[patient].mean() > 0.99
    assert body[phantom].mean() < 0.01


@pytest.mark.parametrize("spacing_mm", [0.7, 3.0, 7.0, 500.0])
def test_an_inner_grid_has_no_point_beyond_the_ct_and_an_outer_one_covers_it(spacing_mm: float) -> None:
    ends = np.array([[0.0, 0.0, 0.0], np.asarray(GRID.size) - 1.0])
    inner, outer = (even_geometry(GRID, spacing_mm, inside=inside) for inside in (True, False))
    index = GRID.to_index(inner.to_lps(np.array([[0.0, 0.0, 0.0], np.asarray(inner.size) - 1.0])))
    assert (index >= ends[0] - 1e-6).all()
    assert (index <= ends[1] + 1e-6).all()
    index = outer.to_index(GRID.to_lps(ends))
    assert (index >= -1e-6).all()
    assert (index <= np.asarray(outer.size) - 1 + 1e-6).all()


def slices(ct: Image, first: int, count: int) -> Image:
    x, y, z = ct.geometry.to_lps(np.array([[0.0, 0.0, float(first)]]))[0]
    geometry = replace(ct.geometry, origin_mm=(x, y, z), size=(*ct.geometry.size[:2], count))
    part = slice(first, first + count)
    return replace(ct, voxels_hu=ct.voxels_hu[part], geometry=geometry, slice_uids=ct.slice_uids[part])


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_prior_ct_of_a_few_slices_is_refused_in_words(count: int) -> None:
    pair = named_pair("same")
    with pytest.raises(RegistrationError, match=r"agree in no position|cover only"):
        found(pair.fixed, slices(pair.moving, 22, count), RegistrationKind.RIGID)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_current_ct_of_a_few_slices_is_not_deformed(count: int) -> None:
    pair = named_pair("same")
    thin = slices(pair.fixed, 22, count)
    rigid = found(thin, pair.moving, RegistrationKind.RIGID)
    assert np.nanmean(pair.errors_mm(rigid)) < 1.0
    with pytest.raises(RegistrationError, match="thick"):
        found(thin, pair.moving, RegistrationKind.DEFORMABLE, rigid.steps[0])


def test_slices_stored_from_head_to_foot_are_the_same_ct() -> None:
    """A left-handed grid: the same voxels at the same places."""
    pair = named_pair("rigid")
    grid = pair.moving.geometry
    last = grid.to_lps(np.array([[0.0, 0.0, grid.size[2] - 1.0]]))[0]
    axes = np.asarray(grid.direction) * (1.0, 1.0, -1.0)
    geometry = replace(grid, origin_mm=tuple(last.tolist()), direction=tuple(tuple(row) for row in axes.tolist()))
    downwards = replace(pair.moving, voxels_hu=pair.moving.voxels_hu[::-1].copy(), geometry=geometry)
    assert np.linalg.det(axes) < 0.0
    assert pair.errors_mm(found(pair.fixed, downwards, RegistrationKind.RIGID)).mean() < 0.3


@pytest.mark.parametrize("aside_mm", [0.0, 40.0])
def test_a_prior_ct_of_a_tenth_of_the_length_is_found_in_a_long_current_one(aside_mm: float) -> None:
    long = replace(QUIET, extent_mm=(366.0, 303.0, 390.0))
    short = replace(QUIET, extent_mm=(366.0, 303.0, 45.0), offset_mm=(0.0, 0.0, aside_mm))
    pair = make_pair(demo_source(), RIGID, long, short)
    assert pair.errors_mm(found(pair.fixed, pair.moving, RegistrationKind.RIGID)).mean() < 0.4
