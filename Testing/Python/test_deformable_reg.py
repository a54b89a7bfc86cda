"""A deformable REG of an analytic map: the library and the Slicer runtime take points where the map takes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.model.errors import RegistrationError
from rtdose_files import as_a_file

CURRENT, PRIOR = "1.2.3.10", "1.2.3.20"
STEP_MM = 5.0
COUNT = (25, 23, 21)  # i, j, k
AMPLITUDE_MM, WAVE_MM = 6.0, 60.0
AXES = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])  # columns: i, j, k of an oblique grid, LPS
ORIGIN = -0.5 * STEP_MM * (np.array(COUNT) - 1) @ AXES.T
PRE = np.array([[1.0, 0, 0, 3.0], [0, 1, 0, -2.0], [0, 0, 1, 1.0], [0, 0, 0, 1]])
POST = np.array([[0.0, -1, 0, 12.0], [1, 0, 0, -7.0], [0, 0, 1, 4.0], [0, 0, 0, 1]])

LARGEST_ERROR_MM = 3 * STEP_MM**2 / 8 * AMPLITUDE_MM * (2 * np.pi / WAVE_MM) ** 2
"""Of linear interpolation along three axes: h²/8 times the second derivative of the waves, each axis."""


def waves(points: np.ndarray) -> np.ndarray:
    """A smooth displacement with another wave along each axis."""
    x, y, z = (2 * np.pi / WAVE_MM * points).T
    return AMPLITUDE_MM * np.stack([np.sin(y), np.cos(z), np.sin(x)], axis=1)


def analytic(points: np.ndarray) -> np.ndarray:
    """PS3.3 C.20.3.1.1: pre-matrix, plus the vector found at the registered point, then post-matrix."""
    moved = points @ PRE[:3, :3].T + PRE[:3, 3] + waves(points)
    return moved @ POST[:3, :3].T + POST[:3, 3]


def matrix_item(matrix: np.ndarray) -> Dataset:
    item = Dataset()
    item.FrameOfReferenceTransformationMatrix = [float(v) for v in matrix.ravel()]
    item.FrameOfReferenceTransformationMatrixType = "RIGID"
    return item


@pytest.fixture(scope="module")
def reg_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map as a planning system would store it, with the grid oblique to the patient."""
    i, j, k = COUNT
    index = np.stack(np.meshgrid(np.arange(k), np.arange(j), np.arange(i), indexing="ij")[::-1], axis=-1).reshape(-1, 3)
    nodes = ORIGIN + STEP_MM * index @ AXES.T
    grid = Dataset()
    grid.ImageOrientationPatient = [float(v) for v in (*AXES[:, 0], *AXES[:, 1])]
    grid.ImagePositionPatient = [float(f"{v:.8f}") for v in ORIGIN]
    grid.GridDimensions, grid.GridResolution = list(COUNT), [STEP_MM] * 3
    grid.VectorGridData = waves(nodes).astype("<f4").tobytes()
    item = Dataset()
    item.SourceFrameOfReferenceUID = PRIOR
    item.DeformableRegistrationGridSequence = [grid]
    item.PreDeformationMatrixRegistrationSequence = [matrix_item(PRE)]
    item.PostDeformationMatrixRegistrationSequence = [matrix_item(POST)]
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66.3", "1.2.3.30"
    dataset.Modality, dataset.FrameOfReferenceUID = "REG", CURRENT
    dataset.DeformableRegistrationSequence = [item]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    path = tmp_path_factory.mktemp("reg") / "REG.dcm"
    dataset.save_as(path, **as_a_file())
    return path


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """Points well within the grid."""
    inside = np.random.default_rng(8).uniform(0.05, 0.95, (2000, 3)) * (np.array(COUNT) - 1)
    return ORIGIN + STEP_MM * inside @ AXES.T


def through_slicer(path: Path, points_lps: np.ndarray) -> np.ndarray:
    """The same points through the MRML transform node, one by one."""
    import slicer
    import vtk
    from ReirradiationLib.mrml.transform_nodes import transform_node

    node = transform_node(slicer.vtkMRMLScene(), read_registration(path, CURRENT, PRIOR), "REG")
    general = vtk.vtkGeneralTransform()
    node.GetTransformFromWorld(general)
    flip = np.array([-1.0, -1.0, 1.0])
    return np.array([general.TransformPoint(*(point * flip)) for point in points_lps]) * flip


def test_the_library_takes_points_where_the_analytic_map_takes_them(reg_file: Path, points: np.ndarray) -> None:
    found = read_registration(reg_file, CURRENT, PRIOR).apply(points)
    error = np.linalg.norm(found - analytic(points), axis=1)
    assert error.max() <= LARGEST_ERROR_MM
    assert error.mean() > 0.0  # of interpolation: not the same code twice


def test_at_the_nodes_of_the_grid_the_map_is_exact(reg_file: Path) -> None:
    index = np.random.default_rng(9).integers(1, np.array(COUNT) - 1, (500, 3))
    nodes = ORIGIN + STEP_MM * index @ AXES.T
    np.testing.assert_allclose(read_registration(reg_file, CURRENT, PRIOR).apply(nodes), analytic(nodes), atol=1e-5)


def test_the_slicer_runtime_takes_points_where_the_analytic_map_takes_them(reg_file: Path, points: np.ndarray) -> None:
    pytest.importorskip("slicer")
    error = np.linalg.norm(through_slicer(reg_file, points[:300]) - analytic(points[:300]), axis=1)
    assert error.max() <= LARGEST_ERROR_MM


def test_the_wrong_direction_is_far_off_and_refused(reg_file: Path, points: np.ndarray) -> None:
    """What this file's tolerance could hide is no map in the wrong direction: that one misses by centimetres."""
    wrong = points @ np.linalg.inv(POST)[:3, :3].T + np.linalg.inv(POST)[:3, 3]
    wrong = wrong - waves(wrong) - PRE[:3, 3]
    assert np.linalg.norm(wrong - analytic(points), axis=1).mean() > 10.0 * LARGEST_ERROR_MM
    with pytest.raises(RegistrationError, match=r"registration\.unconnected"):
        read_registration(reg_file, PRIOR, CURRENT)


def test_beyond_the_grid_the_map_is_not_known(reg_file: Path) -> None:
    assert np.isnan(read_registration(reg_file, CURRENT, PRIOR).apply(np.array([[500.0, 0.0, 0.0]]))).all()
