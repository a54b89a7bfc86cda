"""Slice pictures show the right thing at the right place, and say why if there can be none."""

from __future__ import annotations

import ctypes.util
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
from ReirradiationLib.model.errors import OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.scene import DoseQuantity, Orientation, PictureRequest, SceneDose, SceneStructure
from ReirradiationLib.mrml.legend import ticks
from ReirradiationLib.mrml.marks import PANEL_SHARE
from ReirradiationLib.mrml.opengl import opengl_unavailable_because
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.mrml.slice_layers import isodose_line, outline
from ReirradiationLib.mrml.slice_plane import position_text, slice_plane
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
        "structures": (),
        "orientation": orientation,
        "point_mm": HOT_SPOT_MM,
        "isodoses_gy": (),
        "maximum_gy": 60.0,
    }
    return PictureRequest(**{**values, **changes})


def make_ball(centre: tuple[float, float, float]) -> SceneStructure:
    return SceneStructure("Ball", (0, 255, 0), distance_mm(CT, centre) < 20.0, CT)


def pixels(png: bytes) -> Any:
    """Red, green, blue of the slice without the legend, shape (height, width, 3), row 0 at the bottom."""
    reader = vtk.vtkPNGReader()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "picture.png")
        path.write_bytes(png)
        reader.SetFileName(str(path))
        reader.Update()
    width, height, _ = reader.GetOutput().GetDimensions()
    values = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(height, width, 3).astype(int)
    return values[:, : round(width * (1 - PANEL_SHARE)) - 2]


def test_picture_is_a_png_of_the_requested_size(maker: OffscreenPictureMaker) -> None:
    png = maker.draw(make_request(isodoses_gy=(20.0, 40.0), structures=(make_ball(HOT_SPOT_MM),)), WIDTH, HEIGHT)
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (WIDTH, HEIGHT)
    assert pixels(png).std() > 10


def test_the_same_request_gives_the_same_bytes(maker: OffscreenPictureMaker) -> None:
    request = make_request(isodoses_gy=(20.0, 40.0), structures=(make_ball(HOT_SPOT_MM),))
    assert maker.draw(request, WIDTH, HEIGHT) == maker.draw(request, WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("orientation", "right_half"),
    [(Orientation.AXIAL, True), (Orientation.CORONAL, True), (Orientation.SAGITTAL, False)],
)
def test_hot_spot_appears_where_a_radiologist_looks_for_it(
    maker: OffscreenPictureMaker, orientation: Orientation, right_half: bool
) -> None:
    picture = pixels(maker.draw(make_request(orientation), WIDTH, HEIGHT))
    height, width, _ = picture.shape
    rows, columns = np.nonzero(np.ptp(picture, axis=2) > 25)
    assert len(rows) > 100
    assert (columns.mean() > width / 2) == right_half
    assert rows.mean() > height / 2  # anterior or superior is up
    plane = slice_plane(make_request(orientation, point_mm=HOT_SPOT_MM), round(WIDTH * (1 - PANEL_SHARE)), HEIGHT)
    expected = plane.to_index(np.array([HOT_SPOT_MM]))[0]
    assert (columns.mean(), rows.mean()) == pytest.approx(expected[:2], abs=1.5)


def test_dose_below_a_tenth_of_the_maximum_is_not_coloured(maker: OffscreenPictureMaker) -> None:
    dose = SceneDose("low", np.full(DOSE_GRID.shape, 5.9, np.float32), DOSE_GRID, DoseQuantity.PHYSICAL, "")
    picture = pixels(maker.draw(make_request(dose=dose), WIDTH, HEIGHT))
    assert np.ptp(picture, axis=2).max() == 0


def test_a_structure_outside_the_slice_is_not_drawn(maker: OffscreenPictureMaker) -> None:
    far = (HOT_SPOT_MM[0], HOT_SPOT_MM[1], -35.0)
    without = maker.draw(make_request(), WIDTH, HEIGHT)
    assert maker.draw(make_request(structures=(make_ball(far),)), WIDTH, HEIGHT) == without
    assert maker.draw(make_request(structures=(make_ball(HOT_SPOT_MM),)), WIDTH, HEIGHT) != without


def test_too_many_structures_for_the_legend_and_a_point_outside_the_ct_are_drawn(maker: OffscreenPictureMaker) -> None:
    many = tuple(make_ball(HOT_SPOT_MM) for _ in range(40))
    assert maker.draw(make_request(structures=many), WIDTH, HEIGHT)
    assert maker.draw(make_request(point_mm=(0.0, 0.0, 999.0)), WIDTH, HEIGHT)


def test_requests_that_cannot_be_drawn_are_refused(maker: OffscreenPictureMaker) -> None:
    with pytest.raises(OutputError, match="at least 200"):
        maker.draw(make_request(), 100, 100)
    with pytest.raises(OutputError, match="above 0"):
        maker.draw(make_request(maximum_gy=0.0), WIDTH, HEIGHT)


def lps_of_lines(lines: Any, plane: Geometry) -> Any:
    points = vtk_to_numpy(lines.GetPoints().GetData()).astype(float)
    return plane.to_lps(points)


def test_isodose_line_lies_where_the_interpolated_dose_has_its_level() -> None:
    plane = slice_plane(make_request(Orientation.CORONAL, point_mm=(0.0, 3.0, 0.0)), 300, 300)
    i = np.arange(DOSE_GRID.size[0], dtype=np.float32)
    ramp = SceneDose("ramp", np.broadcast_to(i, DOSE_GRID.shape).copy(), DOSE_GRID, DoseQuantity.PHYSICAL, "")
    points = lps_of_lines(isodose_line(ramp, 12.3, plane), plane)
    np.testing.assert_allclose(points[:, 0], -97.0 + 5.0 * 12.3, atol=0.01)
    np.testing.assert_allclose(points[:, 1], 3.0, atol=1e-6)


def test_isodose_line_is_not_closed_along_the_end_of_the_dose_grid() -> None:
    plane = slice_plane(make_request(Orientation.AXIAL, point_mm=(0.0, 0.0, 0.0)), 300, 300)
    full = SceneDose("full", np.full(DOSE_GRID.shape, 50.0, np.float32), DOSE_GRID, DoseQuantity.PHYSICAL, "")
    assert isodose_line(full, 20.0, plane).GetNumberOfLines() == 0


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


@pytest.mark.parametrize("maximum", [0.03, 1.0, 7.5, 45.0, 66.6, 400.0])
def test_colour_scale_has_a_few_round_ticks(maximum: float) -> None:
    values = ticks(maximum)
    assert 3 <= len(values) <= 6
    assert max(values) <= maximum * (1 + 1e-6)


@pytest.mark.skipif(ctypes.util.find_library("OSMesa") is not None, reason="OSMesa is installed")
def test_missing_opengl_is_told_instead_of_crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "vtkOSOpenGLRenderWindow")
    reason = opengl_unavailable_because()
    assert reason is not None
    assert "libegl1" in reason
    with pytest.raises(OutputError, match="libosmesa6"):
        OffscreenPictureMaker().draw(make_request(), WIDTH, HEIGHT)


def test_importing_the_room_imports_no_slicer() -> None:
    code = (
        "import sys, ReirradiationLib.mrml.pictures, ReirradiationLib.mrml.scene_writer; assert 'slicer' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
