"""Transform files that Slicer's own storage nodes wrote are read as the nodes apply them, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ReirradiationLib.model.errors import RegistrationError
from ReirradiationLib.model.transform import Affine, DisplacementGrid
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.vtk_messages import vtk_messages_to_log
from ReirradiationLib.registration.transform_file import read_transform_file
from test_mrml_nodes import BOX, box_points, from_world, linear, node_of, vtk_grid, vtk_plate, vtk_spline


@pytest.fixture(scope="module")
def scene() -> Iterator[Any]:
    with HeadlessApplication() as application:
        yield application.scene


def saved(scene: Any, node: Any, path: Path) -> Path:
    with vtk_messages_to_log():
        storage = node.CreateDefaultStorageNode()
        scene.AddNode(storage)
        storage.SetFileName(str(path))
        assert storage.WriteData(node)
    return path


def linear_grid() -> Any:
    """ITK interpolates linearly, so that a grid is compared with one that does."""
    grid = vtk_grid()
    grid.SetInterpolationModeToLinear()
    return grid


def plain_spline() -> Any:
    spline = vtk_spline()
    spline.SetBulkTransformMatrix(None)
    return spline


def chain(*transforms: Any) -> Any:
    import vtk

    general = vtk.vtkGeneralTransform()
    general.PostMultiply()
    for transform in transforms:
        general.Concatenate(transform)
    return general


KINDS: dict[str, tuple[Any, list[type], float]] = {
    "linear": (linear, [Affine], 1e-6),
    "grid": (linear_grid, [DisplacementGrid], 1e-3),
    "B-spline": (plain_spline, [DisplacementGrid], 0.06),
    "grid then linear": (lambda: chain(linear_grid(), linear()), [DisplacementGrid, Affine], 1e-3),
    "linear then grid": (lambda: chain(linear(), linear_grid()), [Affine, DisplacementGrid], 1e-3),
}


@pytest.mark.parametrize("suffix", ["h5", "tfm"])
@pytest.mark.parametrize("kind", KINDS)
def test_slicer_s_files_hold_what_the_node_does(scene: Any, tmp_path: Path, kind: str, suffix: str) -> None:
    make, steps, tolerance_mm = KINDS[kind]
    node = node_of(scene, make())
    found = read_transform_file(saved(scene, node, tmp_path / f"t.{suffix}"), "1.1", "1.2", BOX)
    assert [type(step) for step in found.steps] == steps
    points = box_points()
    there = found.apply(points)
    known = np.isfinite(there).all(axis=1)
    assert known.mean() > 0.9
    np.testing.assert_array_less(np.linalg.norm(there - from_world(node, points), axis=1)[known], tolerance_mm)
    assert np.linalg.norm(there - points, axis=1)[known].max() > 2.0


def test_a_linear_node_set_the_other_way_round_is_saved_in_our_direction(scene: Any, tmp_path: Path) -> None:
    node = node_of(scene, linear(), inverse=True)
    found = read_transform_file(saved(scene, node, tmp_path / "t.h5"), "1.1", "1.2", BOX)
    np.testing.assert_allclose(found.apply(box_points()), from_world(node, box_points()), atol=1e-6)


@pytest.mark.parametrize("suffix", ["nrrd", "mha", "nii.gz"])
def test_grids_saved_as_images_are_read_exactly(scene: Any, tmp_path: Path, suffix: str) -> None:
    node = node_of(scene, linear_grid())
    found = read_transform_file(saved(scene, node, tmp_path / f"t.{suffix}"), "1.1", "1.2", BOX)
    np.testing.assert_allclose(found.apply(box_points()), from_world(node, box_points()), atol=1e-3)


@pytest.mark.parametrize("suffix", ["h5", "tfm", "nrrd"])
def test_a_grid_saved_in_the_other_direction_is_refused(scene: Any, tmp_path: Path, suffix: str) -> None:
    node = node_of(scene, linear_grid(), inverse=True)
    path = saved(scene, node, tmp_path / f"t.{suffix}")
    with pytest.raises(RegistrationError, match=r"InverseDisplacementField.*Convert|prior to current.*Convert"):
        read_transform_file(path, "1.1", "1.2", BOX)


def test_a_b_spline_with_a_bulk_matrix_is_refused_for_its_outdated_class(scene: Any, tmp_path: Path) -> None:
    path = saved(scene, node_of(scene, vtk_spline()), tmp_path / "t.h5")
    with pytest.raises(RegistrationError, match=r"BSplineDeformableTransform.*Convert"):
        read_transform_file(path, "1.1", "1.2", BOX)


def test_a_thin_plate_spline_is_refused_and_what_the_remedy_says_works(scene: Any, tmp_path: Path) -> None:
    import slicer

    node = node_of(scene, vtk_plate())
    with pytest.raises(RegistrationError, match=r"ThinPlateSpline.*Convert"):
        read_transform_file(saved(scene, node, tmp_path / "t.h5"), "1.1", "1.2", BOX)
    converted = _converted(scene, slicer, node)
    found = read_transform_file(saved(scene, converted, tmp_path / "converted.h5"), "1.1", "1.2", BOX)
    error = np.linalg.norm(found.apply(box_points()) - from_world(node, box_points()), axis=1)
    assert np.nanmax(error) < 0.3, "the grid of the conversion is 4 mm"
    assert np.isfinite(error).mean() > 0.8


def _converted(scene: Any, slicer: Any, node: Any) -> Any:
    """Transforms module, Convert."""
    from ReirradiationLib.model.geometry import Geometry
    from ReirradiationLib.model.image import Image, Patient
    from ReirradiationLib.mrml.volume_nodes import image_node

    size = tuple((count + 1) // 2 for count in BOX.size)
    grid = Geometry(BOX.origin_mm, (4.0, 4.0, 4.0), BOX.direction, size)
    patient = Patient("", "", "", "")
    ct = Image(np.zeros(grid.shape, np.float32), grid, "1.1", "", "", (), (), patient, "", "CT")
    logic = slicer.vtkSlicerTransformLogic()
    logic.SetMRMLScene(scene)
    return logic.ConvertToGridTransform(node, image_node(scene, ct))
