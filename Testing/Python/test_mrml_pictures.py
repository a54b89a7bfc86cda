"""Slice pictures show the right thing at the right place, and say why if there can be none."""

from __future__ import annotations

import ctypes.util
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
from ReirradiationLib.model.dose_colours import dose_colour
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.scene import (
    DoseQuantity,
    Orientation,
    Outline,
    OutlineRole,
    PictureRequest,
    SceneDose,
    SceneStructure,
)
from ReirradiationLib.mrml.opengl import opengl_unavailable_because
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.mrml.slice_layers import isodose_lines, outline
from ReirradiationLib.mrml.slice_plane import VIEWS, position_text, slice_plane
from ReirradiationLib.report.pictures import SIDE_PX
from vtk.util.numpy_support import vtk_to_numpy

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
CT = Geometry((-100.0, -90.0, -60.0), (4.0, 4.0, 5.0), AXIAL, (51, 46, 25))
DOSE_GRID = Geometry((-97.0, -88.0, -58.0), (5.0, 5.0, 4.0), AXIAL, (39, 36, 30))
HOT_SPOT_MM = (48.0, -38.0, 30.0)  # patient left, anterior, superior of the middle (0, 0, 0)
WIDTH, HEIGHT = 400, 320


@pytest.fixture(scope="module")
def maker() -> OffscreenPictureMaker:
    maker = OffscreenPictureMaker()
    reason = maker.unavailable_because()
    if reason is not None:
        pytest.skip(reason)
    return maker


def distance_mm(geometry: Geometry, centre: tuple[float, float, float]) -> Any:
    k, j, i = np.indices(geometry.shape)
    points = geometry.to_lps(np.stack([i.ravel(), j.ravel(), k.ravel()], axis=1).astype(float))
    return np.linalg.norm(points - np.array(centre), axis=1).reshape(geometry.shape)


def make_request(orientation: Orientation = Orientation.AXIAL, **changes: Any) -> PictureRequest:
    patient = Patient("P1", "Doe^Jane", "", "F")
    image = Image(np.full(CT.shape, 40, np.float32), CT, "1", "2", "3", (), (), patient, "", "CT")
    hot = np.clip(60.0 - 2.0 * distance_mm(DOSE_GRID, HOT_SPOT_MM), 0.0, None).astype(np.float32)
    dose = SceneDose("Sum", hot, DOSE_GRID, DoseQuantity.EQD2, "")
    values: dict[str, Any] = {
        "image": image,
        "dose": dose,
        "outlines": (),
        "orientation": orientation,
        "point_mm": HOT_SPOT_MM,
        "isodoses_gy": (),
        "maximum_gy": 60.0,
    }
    return PictureRequest(**{**values, **changes})


def make_ball(centre: tuple[float, float, float]) -> SceneStructure:
    return SceneStructure("Ball", (0, 255, 0), distance_mm(CT, centre) < 20.0, CT)


def ball_outline(centre: tuple[float, float, float], role: OutlineRole = OutlineRole.ORGAN, colour=(0, 255, 0)) -> Outline:
    return Outline(replace(make_ball(centre), colour=colour), role)


def draw(maker: OffscreenPictureMaker, request: PictureRequest) -> bytes:
    (picture,) = maker.draw_all([request], WIDTH, HEIGHT)
    return picture


def pixels(jpeg: bytes) -> Any:
    """Red, green, blue, shape (height, width, 3), row 0 at the bottom."""
    reader = vtk.vtkJPEGReader()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "picture.jpg")
        path.write_bytes(jpeg)
        reader.SetFileName(str(path))
        reader.Update()
    width, height, _ = reader.GetOutput().GetDimensions()
    return vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(height, width, 3).astype(int)


def test_pictures_are_jpegs_of_the_requested_size(maker: OffscreenPictureMaker) -> None:
    request = make_request(isodoses_gy=(20.0, 40.0), outlines=(ball_outline(HOT_SPOT_MM),))
    pictures = maker.draw_all([request, make_request()], WIDTH, HEIGHT)
    assert len(pictures) == 2
    for picture in pictures:
        assert picture.startswith(b"\xff\xd8\xff")
        assert pixels(picture).shape == (HEIGHT, WIDTH, 3)
        assert pixels(picture).std() > 10


def test_the_same_request_gives_the_same_bytes(maker: OffscreenPictureMaker) -> None:
    request = make_request(isodoses_gy=(20.0, 40.0), outlines=(ball_outline(HOT_SPOT_MM),), title="Prior EQD2")
    other = make_request(Orientation.SAGITTAL, maximum_gy=30.0)
    assert draw(maker, request) == draw(maker, request)
    # Nor does it matter what was drawn before in the same scene and window.
    assert maker.draw_all([other, request, other], WIDTH, HEIGHT)[1] == draw(maker, request)


@pytest.mark.parametrize(
    ("orientation", "right_half"),
    [(Orientation.AXIAL, True), (Orientation.CORONAL, True), (Orientation.SAGITTAL, False)],
)
def test_hot_spot_appears_where_a_radiologist_looks_for_it(
    maker: OffscreenPictureMaker, orientation: Orientation, right_half: bool
) -> None:
    picture = pixels(draw(maker, make_request(orientation)))
    height, width, _ = picture.shape
    rows, columns = np.nonzero(np.ptp(picture, axis=2) > 25)
    assert len(rows) > 100
    assert (columns.mean() > width / 2) == right_half
    assert rows.mean() > height / 2  # anterior or superior is up
    plane = slice_plane(make_request(orientation, point_mm=HOT_SPOT_MM), WIDTH, HEIGHT)
    expected = plane.to_index(np.array([HOT_SPOT_MM]))[0]
    assert (columns.mean(), rows.mean()) == pytest.approx(expected[:2], abs=1.5)


def test_dose_below_a_tenth_of_the_maximum_is_not_coloured(maker: OffscreenPictureMaker) -> None:
    dose = SceneDose("low", np.full(DOSE_GRID.shape, 5.9, np.float32), DOSE_GRID, DoseQuantity.PHYSICAL, "")
    picture = pixels(draw(maker, make_request(dose=dose)))
    assert np.ptp(picture, axis=2).max() == 0


def test_a_structure_outside_the_slice_is_not_drawn(maker: OffscreenPictureMaker) -> None:
    far = (HOT_SPOT_MM[0], HOT_SPOT_MM[1], -35.0)
    without = draw(maker, make_request())
    assert draw(maker, make_request(outlines=(ball_outline(far),))) == without
    assert draw(maker, make_request(outlines=(ball_outline(HOT_SPOT_MM),))) != without


def test_a_point_outside_the_ct_is_drawn(maker: OffscreenPictureMaker) -> None:
    assert draw(maker, make_request(point_mm=(0.0, 0.0, 999.0), isodoses_gy=(20.0,)))


def test_targets_are_thick_lines_of_their_colour_with_a_white_edge(maker: OffscreenPictureMaker) -> None:
    cold = SceneDose("cold", np.zeros(DOSE_GRID.shape, np.float32), DOSE_GRID, DoseQuantity.EQD2, "")
    target = ball_outline(HOT_SPOT_MM, OutlineRole.TARGET, (255, 0, 160))
    request = make_request(dose=cold, outlines=(target,), field_of_view_mm=100.0)
    (drawn,) = maker.draw_all([request], SIDE_PX, SIDE_PX)  # the size of the report: JPEG halves the resolution of hues
    picture = pixels(drawn)
    plane = slice_plane(request, SIDE_PX, SIDE_PX)
    row, column = np.indices(picture.shape[:2])
    radius_px = 20.0 / plane.spacing_mm[0]
    from_line = np.abs(np.hypot(column - SIDE_PX / 2, row - SIDE_PX / 2) - radius_px)
    is_magenta = (picture[..., 0] > 190) & (picture[..., 1] < 110) & (picture[..., 2] > 90)
    assert is_magenta.sum() > 2 * np.pi * radius_px  # more than one pixel wide all around
    assert (from_line[is_magenta] < 4.5 / plane.spacing_mm[0]).all()  # voxels of 4 mm
    light = picture @ np.array([0.2126, 0.7152, 0.0722]) > 180  # the line has 66, the CT 127
    assert (light & (from_line < 4.5 / plane.spacing_mm[0])).sum() > 2 * np.pi * radius_px


def test_the_ring_is_around_the_point(maker: OffscreenPictureMaker) -> None:
    cold = SceneDose("cold", np.zeros(DOSE_GRID.shape, np.float32), DOSE_GRID, DoseQuantity.EQD2, "")
    for orientation in Orientation:
        request = make_request(orientation, dose=cold)
        picture = pixels(draw(maker, request)).min(axis=2)
        x, y, _ = slice_plane(request, WIDTH, HEIGHT).to_index(np.array([HOT_SPOT_MM]))[0]
        row, column = np.indices(picture.shape)
        near = np.hypot(column - x, row - y) < 20
        bright = near & (picture > 165)
        assert bright.sum() > 30
        middle = [(where[bright].min() + where[bright].max()) / 2 for where in (column, row)]
        assert middle == pytest.approx((x, y), abs=1.0)
        # The point itself is not covered: it has the grey of the CT.
        assert abs(int(picture[round(y), round(x)]) - 128) < 12


@pytest.mark.parametrize("orientation", list(Orientation))
def test_letters_of_the_edges_name_the_sides_of_the_patient(maker: OffscreenPictureMaker, orientation: Orientation) -> None:
    plane = slice_plane(make_request(orientation), WIDTH, HEIGHT)
    names = {(1, 0, 0): "L", (-1, 0, 0): "R", (0, 1, 0): "P", (0, -1, 0): "A", (0, 0, 1): "S", (0, 0, -1): "I"}
    middle, to_right, to_top = plane.to_lps(np.array([(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]))
    across, up = (np.sign(np.round(end - middle, 6)).astype(int) for end in (to_right, to_top))
    letters = tuple(names[tuple(side.tolist())] for side in (-across, across, up, -up))
    assert VIEWS[orientation].letters == letters
    picture = pixels(draw(maker, make_request(orientation))).min(axis=2) > 200
    places = [picture[HEIGHT // 2 - 12 : HEIGHT // 2 + 12, :30], picture[HEIGHT // 2 - 12 : HEIGHT // 2 + 12, -30:]]
    places += [picture[-30:, WIDTH // 2 - 12 : WIDTH // 2 + 12], picture[:30, WIDTH // 2 - 12 : WIDTH // 2 + 12]]
    assert all(place.sum() > 15 for place in places)


def lightness(colour: tuple[float, float, float]) -> float:
    """CIE L* of an sRGB colour."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116.0 * float(np.cbrt(luminance)) - 16.0


def test_the_colours_of_dose_get_ever_lighter_so_that_grey_keeps_their_order(maker: OffscreenPictureMaker) -> None:
    values = [lightness(dose_colour(fraction)) for fraction in np.linspace(0.0, 1.0, 101)]
    assert (np.diff(values) > 0.1).all()
    assert values[-1] - values[10] > 50
    # In a picture too, blended with the CT: a ramp of dose rises in grey.
    ramp = np.broadcast_to(np.linspace(0, 60, DOSE_GRID.size[0], dtype=np.float32), DOSE_GRID.shape).copy()
    dose = SceneDose("ramp", ramp, DOSE_GRID, DoseQuantity.EQD2, "")
    request = make_request(dose=dose, point_mm=(0.0, 0.0, 0.0))
    picture = pixels(draw(maker, request))
    line = picture[HEIGHT // 2 + 60] @ np.array([0.2126, 0.7152, 0.0722])
    coloured = np.flatnonzero(np.ptp(picture[HEIGHT // 2 + 60], axis=1) > 30)
    seen = line[coloured[5] : coloured[-5] : 10]
    assert len(seen) > 15
    assert (np.diff(seen) > -2.0).all()
    assert seen[-1] - seen[0] > 50


def test_the_same_dose_has_the_same_colour_in_both_rows(maker: OffscreenPictureMaker) -> None:
    prior = SceneDose("prior", np.full(DOSE_GRID.shape, 30.0, np.float32), DOSE_GRID, DoseQuantity.EQD2, "")
    hot = prior.voxels_gy.copy()
    hot[:4] = 90.0
    cumulative = SceneDose("cumulative", hot, DOSE_GRID, DoseQuantity.EQD2, "")
    requests = [make_request(dose=dose) for dose in (prior, cumulative)]
    one, two = (pixels(picture) for picture in maker.draw_all(requests, WIDTH, HEIGHT))
    np.testing.assert_array_equal(one, two)


def test_requests_that_cannot_be_drawn_are_refused(maker: OffscreenPictureMaker) -> None:
    with pytest.raises(OutputError, match="at least 200"):
        maker.draw_all([make_request()], 100, 100)
    with pytest.raises(OutputError, match="above 0"):
        draw(maker, make_request(maximum_gy=0.0))


def lps_of_lines(lines: Any, plane: Geometry) -> Any:
    points = vtk_to_numpy(lines.GetPoints().GetData()).astype(float)
    return plane.to_lps(points)


def test_isodose_line_lies_where_the_interpolated_dose_has_its_level() -> None:
    plane = slice_plane(make_request(Orientation.CORONAL, point_mm=(0.0, 3.0, 0.0)), 300, 300)
    i = np.arange(DOSE_GRID.size[0], dtype=np.float32)
    ramp = SceneDose("ramp", np.broadcast_to(i, DOSE_GRID.shape).copy(), DOSE_GRID, DoseQuantity.PHYSICAL, "")
    points = lps_of_lines(isodose_lines(ramp, [12.3], plane)[0], plane)
    np.testing.assert_allclose(points[:, 0], -97.0 + 5.0 * 12.3, atol=0.01)
    np.testing.assert_allclose(points[:, 1], 3.0, atol=1e-6)


def test_isodose_line_is_not_closed_along_the_end_of_the_dose_grid() -> None:
    plane = slice_plane(make_request(Orientation.AXIAL, point_mm=(0.0, 0.0, 0.0)), 300, 300)
    full = SceneDose("full", np.full(DOSE_GRID.shape, 50.0, np.float32), DOSE_GRID, DoseQuantity.PHYSICAL, "")
    assert isodose_lines(full, [20.0], plane)[0].GetNumberOfLines() == 0


def test_outline_has_the_size_of_the_structure_and_is_closed_at_the_end_of_its_grid() -> None:
    plane = slice_plane(make_request(Orientation.SAGITTAL, point_mm=HOT_SPOT_MM), 300, 300)
    points = lps_of_lines(outline(make_ball(HOT_SPOT_MM), plane), plane)
    radius = np.linalg.norm(points - np.array(HOT_SPOT_MM), axis=1)
    assert radius.mean() == pytest.approx(20.0, abs=1.5)
    whole = SceneStructure("all", (1, 1, 1), np.ones(CT.shape, bool), CT)
    ends = lps_of_lines(outline(whole, plane), plane)
    assert ends[:, 1].min() == pytest.approx(-92.0, abs=0.1)
    assert ends[:, 2].max() == pytest.approx(62.5, abs=0.1)


def test_field_of_view_is_centred_on_the_point_and_as_wide_as_asked() -> None:
    plane = slice_plane(make_request(Orientation.CORONAL, field_of_view_mm=120.0), 400, 300)
    middle = plane.to_lps(np.array([[200.0, 150.0, 0.0]]))[0]
    np.testing.assert_allclose(middle, HOT_SPOT_MM, atol=1e-9)
    assert plane.spacing_mm[0] * 300 == pytest.approx(120.0)


def test_position_is_told_with_the_letter_of_its_side() -> None:
    assert position_text(Orientation.AXIAL, (1.0, 2.0, -3.04)) == "axial, I 3.0 mm"
    assert position_text(Orientation.SAGITTAL, (1.0, 2.0, 3.0)) == "sagittal, L 1.0 mm"
    assert position_text(Orientation.CORONAL, (1.0, -2.0, 3.0)) == "coronal, A 2.0 mm"


@pytest.mark.skipif(ctypes.util.find_library("OSMesa") is not None, reason="OSMesa is installed")
def test_missing_opengl_is_told_instead_of_crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "vtkOSOpenGLRenderWindow")
    reason = opengl_unavailable_because()
    assert reason is not None
    assert "libegl1" in reason
    with pytest.raises(OutputError, match="libosmesa6"):
        draw(OffscreenPictureMaker(), make_request())


def test_importing_the_room_imports_no_slicer() -> None:
    code = (
        "import sys, ReirradiationLib.mrml.pictures, ReirradiationLib.mrml.scene_writer; assert 'slicer' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
