"""Transform files as ITK itself applies them, and files that hold no usable transform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from ReirradiationLib.model.displacement_sampling import TOLERANCE_MM, sample_displacements
from ReirradiationLib.model.errors import RegistrationError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.registration.bspline import BSplineGrid
from ReirradiationLib.registration.transform_file import read_transform_file
from scipy.spatial.transform import Rotation

TURNED = tuple(tuple(row) for row in Rotation.from_euler("xyz", (8, -5, 12), degrees=True).as_matrix().tolist())
CT = Geometry((-70.0, -60.0, -40.0), (2.0, 2.0, 3.0), TURNED, (61, 55, 31))
FIELD_CT = Geometry((-60.0, -55.0, -45.0), (6.0, 7.0, 9.0), TURNED, (19, 16, 11))


def points_of(geometry: Geometry, count: int = 800, seed: int = 0) -> np.ndarray:
    return geometry.to_lps(np.random.default_rng(seed).uniform(0, np.array(geometry.size) - 1, (count, 3)))


def itk(transform: Any, points: np.ndarray) -> np.ndarray:
    return np.array([transform.TransformPoint(point) for point in points.tolist()])


def euler() -> Any:
    return sitk.Euler3DTransform((5.0, -7.0, 11.0), 0.1, -0.2, 0.3, (12.0, 34.0, -56.0))


def versor() -> Any:
    return sitk.VersorRigid3DTransform((0.2, 0.3, 0.6), 0.4, (3.0, 2.0, -8.0), (1.0, 2.0, 3.0))


def similarity() -> Any:
    return sitk.Similarity3DTransform(1.02, (0.0, 0.0, 1.0), 0.2, (3.0, 2.0, -8.0), (1.0, 2.0, 3.0))


def translation() -> Any:
    return sitk.TranslationTransform(3, (1.5, -2.5, 30.0))


def sheared() -> Any:
    affine = sitk.AffineTransform(3)
    affine.SetMatrix((1.02, 0.03, 0.0, -0.01, 0.97, 0.02, 0.0, 0.04, 1.01))
    affine.SetTranslation((4.0, 5.0, -6.0))
    affine.SetCenter((10.0, 20.0, 30.0))
    return affine


def composite(*transforms: Any) -> Any:
    chain = sitk.CompositeTransform(3)
    for transform in transforms:
        chain.AddTransform(transform)
    return chain


LINEAR = {
    "euler": euler(),
    "versor": versor(),
    "similarity": similarity(),
    "translation": translation(),
    "affine": sheared(),
    "scale": sitk.ScaleTransform(3, (1.01, 0.98, 1.03)),
    "identity": sitk.Transform(3, sitk.sitkIdentity),
    "composite": composite(euler(), sheared(), translation()),
}

NOT_STORED_AS = {"mat": ("composite",), "xfm": ("composite", "translation", "scale", "identity")}


def vector_image(vectors: np.ndarray, geometry: Geometry) -> Any:
    image = sitk.GetImageFromArray(vectors, isVector=True)
    image.SetOrigin(geometry.origin_mm)
    image.SetSpacing(geometry.spacing_mm)
    image.SetDirection(np.array(geometry.direction).ravel().tolist())
    return image


def field_vectors(geometry: Geometry = FIELD_CT) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 2, (*geometry.shape, 3))


def field_transform() -> Any:
    return sitk.DisplacementFieldTransform(vector_image(field_vectors(), FIELD_CT))


def spline(geometry: Geometry = CT, order: int = 3, size_mm: float = 4.0, mesh: int = 4) -> Any:
    image = sitk.Image(geometry.size, sitk.sitkUInt8)
    image.SetOrigin(geometry.origin_mm)
    image.SetSpacing(geometry.spacing_mm)
    image.SetDirection(np.array(geometry.direction).ravel().tolist())
    transform = sitk.BSplineTransformInitializer(image, (mesh, mesh, mesh), order)
    count = len(transform.GetParameters())
    transform.SetParameters(np.random.default_rng(6).normal(0, size_mm, count).tolist())
    return transform


def written(transform: Any, folder: Path, name: str = "t.h5") -> Path:
    sitk.WriteTransform(transform, str(folder / name))
    return folder / name


def read(path: Path, on: Geometry = CT) -> SpatialTransform:
    return read_transform_file(path, "1.1", "1.2", on)


@pytest.mark.parametrize("suffix", ["tfm", "txt", "h5", "hdf5", "xfm", "mat"])
@pytest.mark.parametrize("name", LINEAR)
def test_linear_transforms_become_one_matrix_that_moves_points_as_itk_does(tmp_path: Path, name: str, suffix: str) -> None:
    if name in NOT_STORED_AS.get(suffix, ()):
        pytest.skip(f"ITK cannot store it as .{suffix}")
    found = read(written(LINEAR[name], tmp_path, f"t.{suffix}"))
    assert [type(step) for step in found.steps] == [Affine]
    assert (found.fixed_frame_uid, found.moving_frame_uid) == ("1.1", "1.2")
    assert found.source == f"transform file t.{suffix} (matrix)"
    points = points_of(CT)
    np.testing.assert_allclose(found.apply(points), itk(LINEAR[name], points), atol=1e-9)


@pytest.mark.parametrize("suffix", ["nrrd", "mha", "nii.gz", "mhd", "h5", "tfm"])
def test_displacement_fields_are_taken_over_on_their_own_grid(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"field.{suffix}"
    if suffix in ("h5", "tfm"):
        written(field_transform(), tmp_path, path.name)
    else:
        sitk.WriteImage(vector_image(field_vectors(), FIELD_CT), str(path))
    found = read(path)
    (step,) = found.steps
    assert isinstance(step, DisplacementGrid)
    assert step.geometry.size == FIELD_CT.size
    np.testing.assert_allclose(step.geometry.index_to_lps(), FIELD_CT.index_to_lps(), atol=1e-4)
    np.testing.assert_allclose(step.vectors_mm, field_vectors(), atol=1e-5)
    points = points_of(FIELD_CT)
    np.testing.assert_allclose(found.apply(points), itk(field_transform(), points), atol=1e-3)


def test_a_field_before_and_after_matrices_is_kept_exact(tmp_path: Path) -> None:
    """ANTs writes matrix and field as a composite; the one added last comes first."""
    for chain, kinds in (
        (composite(euler(), field_transform()), [DisplacementGrid, Affine]),
        (composite(sheared(), euler(), field_transform(), translation()), [Affine, DisplacementGrid, Affine]),
        (composite(field_transform(), field_transform()), [DisplacementGrid, DisplacementGrid]),
    ):
        found = read(written(chain, tmp_path))
        assert [type(step) for step in found.steps] == kinds
        points = points_of(FIELD_CT, 3000)
        there = found.apply(points)
        known = np.isfinite(there).all(axis=1)
        assert known.mean() > 0.3
        np.testing.assert_allclose(there[known], itk(chain, points[known]), atol=1e-4)


def test_outside_of_a_field_the_transform_is_undefined_where_itk_leaves_the_point(tmp_path: Path) -> None:
    found = read(written(field_transform(), tmp_path))
    outside = FIELD_CT.to_lps(np.array([[-1.0, 5, 5], [30, 5, 5], [5, 5, 11.2]]))
    np.testing.assert_array_equal(itk(field_transform(), outside), outside)
    assert np.isnan(found.apply(outside)).all()


def test_a_field_that_knows_not_every_displacement_stays_so(tmp_path: Path) -> None:
    vectors = field_vectors()
    vectors[5, 5, 5, 1] = np.nan
    sitk.WriteImage(vector_image(vectors, FIELD_CT), str(tmp_path / "f.nrrd"))
    found = read(tmp_path / "f.nrrd")
    assert np.isnan(found.apply(FIELD_CT.to_lps(np.array([[5.2, 5.2, 5.2]])))).all()
    assert np.isfinite(found.apply(FIELD_CT.to_lps(np.array([[7.0, 7.0, 7.0]])))).all()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_b_splines_of_any_order_are_evaluated_as_itk_does(order: int) -> None:
    transform = spline(order=order)
    images = transform.GetCoefficientImages()
    coefficients = np.stack([sitk.GetArrayFromImage(image) for image in images], axis=-1)
    axes = tuple(tuple(row) for row in np.array(images[0].GetDirection()).reshape(3, 3).tolist())
    geometry = Geometry(images[0].GetOrigin(), images[0].GetSpacing(), axes, images[0].GetSize())
    points = points_of(CT)
    np.testing.assert_allclose(BSplineGrid(geometry, coefficients, order).apply(points), itk(transform, points), atol=1e-9)


def test_a_b_spline_is_sampled_within_the_error_that_its_source_states(tmp_path: Path) -> None:
    transform = spline()
    found = read(written(transform, tmp_path))
    assert [type(step) for step in found.steps] == [DisplacementGrid]
    points = points_of(CT, 4000)
    error = np.linalg.norm(found.apply(points) - itk(transform, points), axis=1)
    assert np.isfinite(error).mean() > 0.99
    assert np.nanmax(error) <= TOLERANCE_MM
    assert float(found.source.split("largest error ")[1].split(" mm")[0]) >= np.nanmax(error) - 1e-3


def test_a_chain_is_sampled_up_to_the_last_b_spline_and_exact_behind_it(tmp_path: Path) -> None:
    chain = composite(euler(), spline(size_mm=2.0), translation())
    found = read(written(chain, tmp_path))
    assert [type(step) for step in found.steps] == [DisplacementGrid, Affine]
    points = points_of(CT, 4000)
    there = found.apply(points)
    known = np.isfinite(there).all(axis=1)
    assert 0.3 < known.mean() < 0.9, "the translation moves part of the CT out of the B-spline"
    np.testing.assert_array_less(np.linalg.norm(there - itk(chain, points), axis=1)[known], TOLERANCE_MM)
    assert f"defined at {found.source.split('defined at ')[1]}" in found.source


def test_outside_of_a_b_spline_the_transform_is_undefined_where_itk_leaves_the_point(tmp_path: Path) -> None:
    small = Geometry((-20.0, -20.0, -10.0), (2.0, 2.0, 2.0), TURNED, (21, 21, 11))
    transform = spline(small)
    found = read(written(transform, tmp_path))
    outside = small.to_lps(np.array([[-3.0, 5, 5], [24, 5, 5], [5, 5, 14]]))
    np.testing.assert_array_equal(itk(transform, outside), outside)
    assert np.isnan(found.apply(outside)).all()
    assert np.isfinite(found.apply(small.to_lps(np.array([[10.0, 10, 5]])))).all()


def test_a_b_spline_elsewhere_than_the_ct_is_refused(tmp_path: Path) -> None:
    far = Geometry((1000.0, 0.0, 0.0), (2.0, 2.0, 2.0), TURNED, (21, 21, 11))
    with pytest.raises(RegistrationError, match=r"t\.h5.*defined nowhere on the current CT"):
        read(written(spline(far), tmp_path))


def test_sampling_states_an_error_that_it_cannot_avoid() -> None:
    def steep(points: np.ndarray) -> np.ndarray:
        return points + 0.8 * np.abs(np.sin(points))

    sampled = sample_displacements(steep, CT, "steep")
    assert TOLERANCE_MM < sampled.largest_error_mm < 1.0
    assert "over the 0.05 mm aimed at" in sampled.in_words()


def test_sampling_refuses_what_a_grid_cannot_hold() -> None:
    with pytest.raises(RegistrationError, match=r"torn.*so rough"):
        sample_displacements(lambda points: points + 20 * (points > 0), CT, "torn")


def test_sampling_sees_an_error_that_cancels_in_the_middle_of_the_cells() -> None:
    """A harmonic displacement: the trilinear errors along x and y cancel at the centres of cells."""
    sampled = sample_displacements(
        lambda p: p + np.stack([(p[:, 0] ** 2 - p[:, 1] ** 2) / 100, 0 * p[:, 0], 0 * p[:, 0]], axis=1),
        Geometry((-20.0, -20.0, -20.0), (1.0, 1.0, 1.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)), (40, 40, 40)),
        "saddle",
    )
    spacing = sampled.grid.geometry.spacing_mm[0]
    assert sampled.largest_error_mm == pytest.approx(spacing**2 / 400, rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-0.2, 0.2), min_size=12, max_size=12))
def test_sampling_is_exact_for_affine_maps(values: list[float]) -> None:
    matrix = np.eye(4)
    matrix[:3] += np.array(values).reshape(3, 4)
    sampled = sample_displacements(Affine(matrix).apply, CT, "affine")
    points = points_of(CT, 200)
    np.testing.assert_allclose(sampled.grid.apply(points), Affine(matrix).apply(points), atol=1e-4)
    assert sampled.grid.geometry.spacing_mm == pytest.approx((4.0, 4.0, 4.0), abs=0.2)


TEXT = "#Insight Transform File V1.0\n#Transform 0\nTransform: {}\nParameters: {}\nFixedParameters: {}\n"
IDENTITY = "1 0 0 0 1 0 0 0 1 5 0 0"


def test_slicers_inverse_classes_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "t.tfm").write_text(TEXT.format("InverseDisplacementFieldTransform_double_3_3", "0", "0"))
    with pytest.raises(RegistrationError, match=r"t\.tfm: an InverseDisplacementFieldTransform.*Convert"):
        read(tmp_path / "t.tfm")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty file"),
        ("hello", "cannot be read"),
        (
            '(Direction 1 0 0)\n(Transform "EulerTransform")\n(TransformParameters 0 0 0 0 0 0)\n',
            "elastix parameter file.*-def",
        ),
        (TEXT.format("AffineTransform_double_3_3", "1 0 0", "0 0 0"), "cannot be read"),
        (TEXT.format("AffineTransform_double_3_3", IDENTITY.replace("5", "nan"), "0 0 0"), "cannot be read|not finite|nan"),
        (TEXT.format("AffineTransform_double_3_3", IDENTITY.replace("5", "inf"), "0 0 0"), "cannot be read|inf"),
        (TEXT.format("AffineTransform_double_3_3", "-" + IDENTITY, "0 0 0"), "does not mirror"),
        (TEXT.format("AffineTransform_double_3_3", "0 0 0 0 0 0 0 0 0 5 0 0", "0 0 0"), "does not mirror|cannot be read"),
        (TEXT.format("Euler2DTransform_double_2_2", "0.1 2 3", "0 0"), "2 dimensions"),
        (TEXT.format("ThinPlateSplineKernelTransform_double_3_3", "0", "0"), "an ThinPlateSplineKernelTransform.*Convert"),
        (
            TEXT.format("AffineTransform_double_3_3", IDENTITY, "0 0 0")
            + TEXT.format("AffineTransform_double_3_3", IDENTITY, "0 0 0").split("V1.0\n")[1],
            "several transforms",
        ),
    ],
)
def test_bad_text_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.tfm").write_text(text)
    with pytest.raises(RegistrationError, match=message):
        read(tmp_path / "t.tfm")


def test_missing_files_folders_and_other_types_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "t.docx").write_bytes(b"PK")
    for name, message in (("none.h5", "No such file"), ("folder.h5", "cannot be read"), ("t.docx", "one of .tfm")):
        with pytest.raises(RegistrationError, match=message):
            read(tmp_path / name)


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("suffix", ["h5", "tfm", "mat", "nrrd", "mha", "nii", "nii.gz"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str, keep: float) -> None:
    path = tmp_path / f"t.{suffix}"
    if suffix in ("nrrd", "mha", "nii", "nii.gz"):
        sitk.WriteImage(vector_image(field_vectors(), FIELD_CT), str(path))
    else:
        written(sheared() if suffix == "mat" else field_transform(), tmp_path, path.name)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(RegistrationError):
        read(path)


def test_damaged_gzip_and_matlab_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.nii.gz"
    sitk.WriteImage(vector_image(field_vectors(), FIELD_CT), str(path))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(RegistrationError, match=r"damaged file|cannot be read"):
        read(path)
    (tmp_path / "t.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    with pytest.raises(RegistrationError, match="version 4"):
        read(tmp_path / "t.mat")


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.full((*FIELD_CT.shape, 3), np.nan), "no known displacement"),
        (np.full((*FIELD_CT.shape, 3), np.inf), "no known displacement|infinite"),
        (np.full((*FIELD_CT.shape, 3), 5000.0), "up to 5000 mm"),
        (np.zeros((*FIELD_CT.shape, 2)), "2 components"),
        (np.zeros(FIELD_CT.shape), "1 components"),
        (np.zeros((*FIELD_CT.shape, 3), np.uint8), "8-bit unsigned"),
    ],
)
def test_images_that_are_no_displacement_field_are_refused(tmp_path: Path, vectors: np.ndarray, message: str) -> None:
    image = sitk.GetImageFromArray(vectors, isVector=vectors.ndim == 4)
    sitk.WriteImage(image, str(tmp_path / "f.nrrd"))
    with pytest.raises(RegistrationError, match=message):
        read(tmp_path / "f.nrrd")


def test_slicers_field_in_the_other_direction_is_refused(tmp_path: Path) -> None:
    """As Slicer writes a grid that is set as ToParent; the vectors alone would not show it."""
    image = vector_image(field_vectors(), FIELD_CT)
    for word in ("resampling", "modeling"):
        image.SetMetaData("displacement field type", word)
        sitk.WriteImage(image, str(tmp_path / f"{word}.nrrd"))
    assert len(read(tmp_path / "resampling.nrrd").steps) == 1
    with pytest.raises(RegistrationError, match=r"modeling\.nrrd: a field in the direction prior to current.*Convert"):
        read(tmp_path / "modeling.nrrd")


def test_two_dimensional_fields_are_refused(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((8, 9, 3)), isVector=True), str(tmp_path / "f.mha"))
    with pytest.raises(RegistrationError, match="2-dimensional"):
        read(tmp_path / "f.mha")


def test_a_field_of_positions_is_not_taken_for_displacements(tmp_path: Path) -> None:
    nodes = np.concatenate([FIELD_CT.plane_points(k) for k in range(FIELD_CT.size[2])]).reshape(*FIELD_CT.shape, 3)
    for vectors in (nodes, -2.0 * nodes):
        sitk.WriteImage(vector_image(vectors, FIELD_CT), str(tmp_path / "f.nrrd"))
        with pytest.raises(RegistrationError, match="positions rather than displacements"):
            read(tmp_path / "f.nrrd")


def test_a_huge_field_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "f.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 2000 2000 2000\nElementType = MET_FLOAT\nElementNumberOfChannels = 3\n"
        "ElementSpacing = 1 1 1\nElementDataFile = f.raw\n"
    )
    (tmp_path / "f.raw").write_bytes(b"")
    with pytest.raises(RegistrationError, match="8000 million vectors"):
        read(tmp_path / "f.mhd")


def test_a_b_spline_with_coefficients_that_are_no_numbers_is_refused(tmp_path: Path) -> None:
    transform = spline()
    parameters = list(transform.GetParameters())
    parameters[10] = float("nan")
    transform.SetParameters(parameters)
    with pytest.raises(RegistrationError, match="no numbers"):
        read(written(transform, tmp_path))


@pytest.mark.parametrize("suffix", ["tfm", "mat", "nrrd"])
def test_garbled_files_give_a_transform_or_a_refusal_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t.{suffix}"
    if suffix == "nrrd":
        sitk.WriteImage(vector_image(field_vectors(), FIELD_CT), str(path))
    else:
        written(sheared(), tmp_path, path.name)
    content, random = path.read_bytes(), np.random.default_rng(1)
    for _ in range(25):
        garbled = bytearray(content)
        for place in random.integers(0, min(len(garbled), 1200), 3):
            garbled[place] = random.integers(256)
        path.write_bytes(garbled)
        try:
            assert len(read(path).steps) == 1
        except RegistrationError as error:
            assert path.name in str(error)
