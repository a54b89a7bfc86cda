"""A case written as .mrb is read back the same, or not written at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.scene import DoseQuantity, SceneContent, SceneDose, SceneRegistration, SceneStructure
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.scene_writer import MrbSceneWriter, read_scene, read_volumes
from ReirradiationLib.mrml.segmentation_node import segment_mask
from ReirradiationLib.mrml.transform_nodes import transform_from_node

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
TILTED = ((1.0, 0.0, 0.0), (0.0, 0.8, -0.6), (0.0, 0.6, 0.8))


def make_content() -> SceneContent:
    random = np.random.default_rng(5)
    ct = Geometry((-31.5, 12.25, -140.0), (1.5, 2.0, 3.0), TILTED, (12, 11, 10))
    grid = Geometry((-30.0, 14.0, -138.0), (4.0, 4.0, 3.0), AXIAL, (6, 7, 8))
    patient = Patient("P1", "Doe^Jane", "", "F")
    uids = tuple(f"1.2.{k}" for k in range(10))
    voxels = random.normal(0, 300, ct.shape).astype(np.float32)
    image = Image(voxels, ct, "1.9", "1.8", "1.7", uids, (), patient, "20240101", "planning CT")
    doses = (
        SceneDose(
            "Course 1 → current", (random.random(grid.shape) * 50).astype(np.float32), grid, DoseQuantity.PHYSICAL, "a"
        ),
        SceneDose("Sum", (random.random(grid.shape) * 70).astype(np.float32), grid, DoseQuantity.EQD2, "b"),
    )
    structures = (
        SceneStructure("Cord", (255, 0, 0), random.random(ct.shape) > 0.8, ct),
        SceneStructure("PTV", (0, 0, 255), random.random(ct.shape) > 0.6, ct),
    )
    matrix = np.eye(4)
    matrix[:3, 3] = (4.0, -7.0, 11.0)
    vectors = random.normal(0, 2, (*grid.shape, 3)).astype(np.float32)
    steps = (DisplacementGrid(grid, vectors), Affine(matrix))
    transform = SpatialTransform("1.9", "1.10", steps, "REG of course 1")
    return SceneContent(image, doses, structures, structures[:1], (SceneRegistration("course1", "Course 1", transform),))


@pytest.fixture(scope="module")
def content() -> SceneContent:
    return make_content()


@pytest.fixture(scope="module")
def bundle(content: SceneContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scene") / "case 1.mrb"
    MrbSceneWriter().write(content, path)
    return path


@pytest.fixture(scope="module")
def loaded(bundle: Path) -> Iterator[Any]:
    with HeadlessApplication() as application:
        read_scene(application, bundle)
        yield application.scene


def test_volumes_come_back_with_voxels_and_geometry(bundle: Path, content: SceneContent) -> None:
    volumes = read_volumes(bundle)
    expected = {
        "planning CT": (content.image.voxels_hu, content.image.geometry),
        "Course 1 → current [Gy]": (content.doses[0].voxels_gy, content.doses[0].geometry),
        "Sum [Gy EQD2]": (content.doses[1].voxels_gy, content.doses[1].geometry),
    }
    assert volumes.keys() == expected.keys()
    for name, (voxels, geometry) in expected.items():
        np.testing.assert_allclose(volumes[name][0], voxels, atol=1e-5)
        np.testing.assert_allclose(volumes[name][1].index_to_lps(), geometry.index_to_lps(), atol=1e-5)


def test_only_the_finished_file_is_left_in_the_folder(bundle: Path) -> None:
    assert [entry.name for entry in bundle.parent.iterdir()] == ["case 1.mrb"]


def test_segments_come_back(loaded: Any, content: SceneContent) -> None:
    node = loaded.GetFirstNodeByName("Structures")
    segmentation = node.GetSegmentation()
    for index, structure in enumerate(content.structures):
        assert segmentation.GetNthSegment(index).GetName() == structure.name
        mask = segment_mask(node, segmentation.GetNthSegmentID(index), structure.geometry)
        np.testing.assert_array_equal(mask, structure.mask)
    assert loaded.GetFirstNodeByName("Optimization structures").GetSegmentation().GetNumberOfSegments() == 1


def test_transform_comes_back(loaded: Any, content: SceneContent) -> None:
    transform = content.registrations[0].transform
    back = transform_from_node(loaded.GetFirstNodeByName("Registration of Course 1"), "1.9", "1.10")
    points = np.random.default_rng(6).uniform((-29, 15, -137), (-11, 37, -118), (200, 3))
    np.testing.assert_allclose(back.apply(points), transform.apply(points), atol=1e-3)
    assert np.isfinite(transform.apply(points)).all()


def test_doses_stand_below_a_study_that_knows_the_unit(loaded: Any) -> None:
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(loaded)
    item = hierarchy.GetItemByDataNode(loaded.GetFirstNodeByName("Sum [Gy EQD2]"))
    assert hierarchy.GetItemAttribute(item, "DICOM.Modality") == "RTDOSE"
    assert hierarchy.GetAttributeFromItemAncestor(item, "DicomRtImport.DoseUnitName", "Study") == "GY"
    assert hierarchy.GetItemName(hierarchy.GetItemAncestorAtLevel(item, "Patient")) == "Doe^Jane"


def test_slice_views_show_the_ct_and_the_last_dose(loaded: Any) -> None:
    composite = loaded.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert loaded.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode") == 3
    assert loaded.GetNodeByID(composite.GetBackgroundVolumeID()).GetName() == "planning CT"
    assert loaded.GetNodeByID(composite.GetForegroundVolumeID()).GetName() == "Sum [Gy EQD2]"


def test_an_existing_scene_is_replaced(content: SceneContent, tmp_path: Path) -> None:
    path = tmp_path / "case.mrb"
    path.write_bytes(b"old")
    MrbSceneWriter().write(content, path)
    assert "planning CT" in read_volumes(path)


def test_writing_into_a_folder_that_does_not_exist_is_an_output_error(content: SceneContent, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Choose a folder"):
        MrbSceneWriter().write(content, tmp_path / "nowhere" / "case.mrb")


def test_another_suffix_is_refused(content: SceneContent, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"expected '\.mrb'"):
        MrbSceneWriter().write(content, tmp_path / "case.mrml")


def test_reading_a_damaged_file_is_an_output_error(tmp_path: Path) -> None:
    path = tmp_path / "case.mrb"
    path.write_bytes(b"not a zip file")
    before = Path.cwd()
    with pytest.raises(OutputError, match="cannot be read"):
        read_volumes(path)
    assert Path.cwd() == before  # MRML leaves the process in a folder that it removes
