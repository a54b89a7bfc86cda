"""Pictures of a registration show agreement where there is some, the right sign where there is none, and never more."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.model.errors import Cancelled, GeometryError, OutputError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.registration_picture import RegistrationPictureRequest, RegistrationPictureStyle, WarpedCt
from ReirradiationLib.model.scene import Orientation, SceneStructure
from ReirradiationLib.model.transform import SpatialTransform
from ReirradiationLib.mrml.comparison import SQUARE_MM, compared_plane, prior_squares
from ReirradiationLib.mrml.deformed_grid import deformed_lines, volume_change
from ReirradiationLib.mrml.line_dashes import dashed, polylines
from ReirradiationLib.mrml.marks import side_panel
from ReirradiationLib.mrml.palette import DIVERGING, FOLDED, HATCH_DARK, HATCH_LIGHT
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.mrml.slice_plane import slice_plane
from ReirradiationLib.registration.warped_image import warped_image
from ReirradiationLib.report import registration_pictures
from ReirradiationLib.report.registration_html import registration_pictures_section
from ReirradiationLib.report.registration_pictures import draw_registration_pictures, organs_of_concern
from ReirradiationLib.report.results import CaseResults
from synthetic import AXIAL, PATIENT
from vtk.util.numpy_support import vtk_to_numpy

Style = RegistrationPictureStyle
CT = Geometry((-100.0, -100.0, -60.0), (2.0, 2.0, 3.0), AXIAL, (101, 101, 41))
WIDTH, HEIGHT = 420, 360
PANE = round(side_panel(WIDTH, HEIGHT).left)
VIEW_MM = 150.0
HOSTILE = ("", "a\nb", "$x^2_{", "\u202egnp.exe", "<b>&amp;", "x" * 400, "%s|%n", "脊髄 α/β 😀", "\x00\x07")


@pytest.fixture(scope="module")
def maker() -> OffscreenPictureMaker:
    maker = OffscreenPictureMaker()
    reason = maker.unavailable_because()
    if reason is not None:
        pytest.skip(reason)
    return maker


def points_of(geometry: Geometry) -> np.ndarray:
    k, j, i = np.indices(geometry.shape)
    return geometry.to_lps(np.stack([i.ravel(), j.ravel(), k.ravel()], axis=1).astype(float))


def tissue() -> np.ndarray:
    """Texture within the soft tissue window."""
    return np.random.default_rng(7).uniform(-60.0, 140.0, CT.shape).astype(np.float32)


def ball(centre: tuple[float, float, float], radius: float = 20.0) -> np.ndarray:
    return (np.linalg.norm(points_of(CT) - np.array(centre), axis=1) < radius).reshape(CT.shape)


def image_of(voxels: np.ndarray) -> Image:
    return Image(voxels.astype(np.float32), CT, "1", "2", "3", (), (), PATIENT, "", "CT")


def still(points: np.ndarray) -> np.ndarray:
    return np.zeros_like(points)


def make_request(style: Style, current: np.ndarray, prior: np.ndarray, **changes: Any) -> RegistrationPictureRequest:
    values: dict[str, Any] = {
        "image": image_of(current),
        "warped": WarpedCt(prior.astype(np.float32), CT),
        "style": style,
        "orientation": Orientation.AXIAL,
        "point_mm": (0.0, 0.0, 0.0),
        "displacement_mm": still,
        "field_of_view_mm": VIEW_MM,
    }
    return RegistrationPictureRequest(**{**values, **changes})


def decoded(png: bytes) -> np.ndarray:
    """Red, green, blue, shape (height, width, 3), row 0 at the bottom."""
    reader = vtk.vtkPNGReader()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "picture.png")
        path.write_bytes(png)
        reader.SetFileName(str(path))
        reader.Update()
    width, height, _ = reader.GetOutput().GetDimensions()
    return vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(height, width, 3).astype(int)


def slice_of(picture: np.ndarray) -> np.ndarray:
    """The slice without the legend, the letters of the edges and the ruler."""
    return picture[44 : HEIGHT - 26, 22 : PANE - 22]


@pytest.fixture(scope="module")
def draw(maker: OffscreenPictureMaker) -> Callable[[RegistrationPictureRequest], np.ndarray]:
    return lambda request: decoded(maker.draw_registration(request, WIDTH, HEIGHT))


Draw = Callable[[RegistrationPictureRequest], np.ndarray]


def pixel_of(request: RegistrationPictureRequest, point: tuple[float, float, float]) -> tuple[int, int]:
    """Row and column of an LPS point in the whole picture."""
    column, row, _ = slice_plane(request, PANE, HEIGHT).to_index(np.array([point]))[0]
    return round(row), round(column)


def at(picture: np.ndarray, request: RegistrationPictureRequest, point: tuple[float, float, float]) -> np.ndarray:
    """The mean colour of 5×5 pixels around a point."""
    row, column = pixel_of(request, point)
    return picture[row - 2 : row + 3, column - 2 : column + 3].reshape(-1, 3).mean(axis=0)


def is_orange(colour: np.ndarray) -> bool:
    return bool(colour[0] > colour[2] + 40 and colour[0] > colour[1])


def is_blue(colour: np.ndarray) -> bool:
    return bool(colour[2] > colour[0] + 40 and colour[2] > colour[1])


def of_colours(picture: np.ndarray, *colours: tuple[float, float, float]) -> np.ndarray:
    """Which pixels have one of the colours, up to rounding."""
    known = [np.abs(picture - np.round(255 * np.array(colour))).max(axis=2) <= 1 for colour in colours]
    return np.logical_or.reduce(known)


# Agreement


def test_identical_cts_differ_nowhere(draw: Draw) -> None:
    picture = slice_of(draw(make_request(Style.DIFFERENCE, tissue(), tissue())))
    assert of_colours(picture, DIVERGING[len(DIVERGING) // 2]).all()


def test_identical_cts_are_grey_in_the_overlay(draw: Draw) -> None:
    picture = slice_of(draw(make_request(Style.OVERLAY, tissue(), tissue())))
    assert np.ptp(picture, axis=2).max() <= 1
    assert picture.std() > 10


def test_identical_cts_show_no_squares_but_the_marks(draw: Draw) -> None:
    plain = slice_of(draw(make_request(Style.OVERLAY, tissue(), tissue())))
    squares = slice_of(draw(make_request(Style.CHECKERBOARD, tissue(), tissue())))
    marked = np.abs(squares - plain).max(axis=2) > 1
    assert 0.001 < marked.mean() < 0.04
    # The marks lie in the upper left corners of the squares and nowhere else.
    request = make_request(Style.CHECKERBOARD, tissue(), tissue())
    plane = slice_plane(request, PANE, HEIGHT)
    rows, columns = np.nonzero(marked)
    index = np.column_stack([columns + 22, rows + 44, np.zeros(len(rows))]).astype(float)
    # Right of and below a corner (y runs downwards), less the dark rim of a line.
    from_corner = (plane.to_lps(index)[:, :2] + 0.5) % SQUARE_MM
    assert from_corner.max() < 5.0


def test_no_motion_gives_a_regular_grid_on_the_plain_ct(draw: Draw) -> None:
    picture = slice_of(draw(make_request(Style.GRID, tissue(), tissue())))
    plain = slice_of(draw(make_request(Style.OVERLAY, tissue(), tissue())))
    unchanged = np.abs(picture - plain).max(axis=2) <= 1
    assert 0.5 < unchanged.mean() < 0.95  # the rest are the lines and their rims
    assert (~unchanged).mean(axis=0).max() > 0.99  # upright
    assert (~unchanged).mean(axis=1).max() > 0.99


# Disagreement


@pytest.mark.parametrize(("added", "judge"), [(150.0, is_orange), (-150.0, is_blue)])
def test_a_denser_current_ct_is_orange_and_a_denser_prior_one_blue(
    draw: Draw, added: float, judge: Callable[[np.ndarray], bool]
) -> None:
    flat = np.zeros(CT.shape)
    for style in (Style.DIFFERENCE, Style.OVERLAY):
        request = make_request(style, flat + added, flat)
        assert judge(at(draw(request), request, (20.0, 20.0, 0.0)))


@pytest.mark.parametrize("orientation", list(Orientation))
def test_a_shifted_organ_is_orange_where_it_is_and_blue_where_it_was(draw: Draw, orientation: Orientation) -> None:
    now, before = (24.0, -24.0, 24.0), (-24.0, 24.0, -24.0)
    axis = {Orientation.AXIAL: 2, Orientation.SAGITTAL: 0, Orientation.CORONAL: 1}[orientation]
    point = tuple(now[n] if n == axis else 0.0 for n in range(3))
    was = tuple(now[n] if n == axis else before[n] for n in range(3))
    for style in (Style.DIFFERENCE, Style.OVERLAY):
        request = make_request(style, 160.0 * ball(now), 160.0 * ball(was), orientation=orientation, point_mm=point)
        picture = draw(request)
        assert is_orange(at(picture, request, now))
        assert is_blue(at(picture, request, was))


def test_difference_is_told_in_even_steps_up_to_300_hu(draw: Draw) -> None:
    flat = np.zeros(CT.shape)
    seen = []
    for added in (0.0, 100.0, 200.0, 300.0, 900.0):
        request = make_request(Style.DIFFERENCE, flat + added, flat)
        seen.append(at(draw(request), request, (20.0, 20.0, 0.0)))
    for colour, stop in zip(seen, (*DIVERGING[3:], DIVERGING[-1]), strict=True):
        np.testing.assert_allclose(colour, 255 * np.array(stop), atol=1.5)


def test_squares_show_the_two_cts_in_turn_and_meet_in_the_point(draw: Draw) -> None:
    point = (10.0, -6.0, 3.0)
    request = make_request(Style.CHECKERBOARD, np.full(CT.shape, -200.0), np.full(CT.shape, 300.0), point_mm=point)
    picture = draw(request)
    for n in range(-3, 3):
        for m in range(-3, 3):
            middle = (point[0] + (n + 0.5) * SQUARE_MM, point[1] - (m + 0.5) * SQUARE_MM, point[2])
            expected = 255 if (n + m) % 2 == 0 else 0
            assert at(picture, request, middle).mean() == pytest.approx(expected, abs=1)


# What is not known


@pytest.mark.parametrize("style", list(Style))
def test_where_the_prior_ct_is_not_known_it_is_hatched_and_the_legend_says_so(draw: Draw, style: Style) -> None:
    known = tissue()
    half = np.where(np.arange(101) < 50, np.nan, known)  # patient right: left of the picture
    picture = draw(make_request(style, known, half))
    hatching = of_colours(picture, HATCH_DARK, HATCH_LIGHT)
    left, right = hatching[44:-26, 22 : PANE // 2 - 6], hatching[44:-26, PANE // 2 + 6 : PANE - 22]
    assert right.mean() < 0.02
    if style is Style.CHECKERBOARD:
        plane = slice_plane(make_request(style, known, half), PANE, HEIGHT)
        squares = prior_squares(plane, (0.0, 0.0, 0.0))[44:-26, 22 : PANE // 2 - 6]
        assert left[squares].mean() > 0.9
        assert left[~squares].mean() < 0.02
    else:
        lines = 0.35 if style is Style.GRID else 0.0
        assert left.mean() > 0.99 - lines
    whole = draw(make_request(style, known, known))
    assert not np.array_equal(picture[:, PANE + 2 :], whole[:, PANE + 2 :])


@pytest.mark.parametrize("style", list(Style))
def test_what_was_not_warped_counts_as_not_known(draw: Draw, style: Style) -> None:
    part = replace(CT, size=(51, 101, 41))
    request = make_request(style, tissue(), tissue(), warped=WarpedCt(tissue()[:, :, :51], part))
    picture = draw(request)
    hatching = of_colours(picture, HATCH_DARK, HATCH_LIGHT)
    assert hatching[44:-26, PANE // 2 + 6 : PANE - 22].mean() > 0.3
    assert hatching[44:-26, 22 : PANE // 2 - 6].mean() < 0.02


def test_an_undefined_deformation_is_hatched(draw: Draw) -> None:
    def right_only(points: np.ndarray) -> np.ndarray:
        return np.where(points[:, :1] > 0.0, np.nan, 0.0) * np.ones(3)

    picture = draw(make_request(Style.GRID, tissue(), tissue(), displacement_mm=right_only))
    hatching = of_colours(picture, HATCH_DARK, HATCH_LIGHT)[44:-26]
    assert hatching[:, PANE // 2 + 6 : PANE - 22].mean() > 0.9  # and no line
    assert hatching[:, 22 : PANE // 2 - 6].mean() < 0.02


@pytest.mark.parametrize("style", list(Style))
def test_beyond_the_current_ct_there_is_nothing(draw: Draw, style: Style) -> None:
    request = make_request(style, tissue(), tissue(), point_mm=(0.0, 0.0, 200.0))
    picture = slice_of(draw(request))
    assert picture.max() == 0


# The warped grid


@pytest.mark.parametrize(("factor", "judge"), [(1.1, is_orange), (0.9, is_blue)])
def test_tissue_that_was_larger_is_orange_and_that_was_smaller_blue(
    draw: Draw, factor: float, judge: Callable[[np.ndarray], bool]
) -> None:
    request = make_request(
        Style.GRID, np.zeros(CT.shape), np.zeros(CT.shape), displacement_mm=lambda points: (factor - 1.0) * points
    )
    picture = slice_of(draw(request))
    assert judge(np.median(picture.reshape(-1, 3), axis=0))
    ratio = volume_change(lambda points: (factor - 1.0) * points, slice_plane(request, PANE, HEIGHT))
    np.testing.assert_allclose(ratio, factor**3, rtol=1e-9)


def test_folded_tissue_is_red_and_no_other(draw: Draw) -> None:
    def fold(points: np.ndarray) -> np.ndarray:
        """x ↦ x − 1.6·20·tanh(x/20): turned inside out for |x| < 20·artanh(√0.375) = 14.3 mm."""
        return np.column_stack([-32.0 * np.tanh(points[:, 0] / 20.0), 0 * points[:, 1], 0 * points[:, 2]])

    flat = np.zeros(CT.shape)
    request = make_request(Style.GRID, flat, flat, displacement_mm=fold)
    picture = draw(request)
    red = (picture[..., 0] > 180) & (picture[..., 1:].max(axis=2) < 90)
    columns = np.flatnonzero(red[44:-26, :PANE].mean(axis=0) > 0.3)
    plane = slice_plane(request, PANE, HEIGHT)
    edge = 20.0 * np.arctanh(np.sqrt(0.375))
    ends = plane.to_lps(np.array([(columns[0], 0.0, 0.0), (columns[-1], 0.0, 0.0)]))[:, 0]
    np.testing.assert_allclose(ends, (-edge, edge), atol=2.0)
    assert red[:, PANE:].any()  # in the legend
    regular = draw(make_request(Style.GRID, flat, flat))
    assert not ((regular[..., 0] > 180) & (regular[..., 1:].max(axis=2) < 90)).any()
    assert FOLDED[0] > 0.9


def test_lines_are_ten_millimetres_apart_and_move_with_the_displacement() -> None:
    plane = slice_plane(make_request(Style.GRID, tissue(), tissue(), point_mm=(3.0, 0.0, 0.0)), 300, 300)
    lines = deformed_lines(lambda points: np.tile((4.0, 0.0, 7.0), (len(points), 1)), plane, (3.0, 0.0, 0.0))
    upright = [line for line in lines if np.ptp(line[:, 0]) < 1e-6]
    level = [line for line in lines if np.ptp(line[:, 1]) < 1e-6]
    assert len(upright) + len(level) == len(lines)
    x = np.sort([plane.to_lps(np.append(line[0], 0.0)[None])[0, 0] for line in upright])
    np.testing.assert_allclose(np.diff(x), 10.0)
    np.testing.assert_allclose((x - 7.0) % 10.0 % 10.0, 0.0, atol=1e-6)
    assert all((line >= 0).all() and (line <= 299).all() for line in lines)
    # They run through the whole picture, though the displacement carries them in from the left.
    assert min(line[:, 0].min() for line in level) < 1.0
    assert len(upright) == 15


def test_lines_end_where_the_deformation_is_undefined() -> None:
    plane = slice_plane(make_request(Style.GRID, tissue(), tissue()), 300, 300)
    lines = deformed_lines(lambda points: np.where(points[:, 1:2] > 0, np.nan, 0.0) * np.ones(3), plane, (0.0, 0.0, 0.0))
    assert lines
    assert all(plane.to_lps(np.column_stack([line, 0 * line[:, 0]]))[:, 1].max() <= 1e-6 for line in lines)


# Outlines, names, refusals


def test_prior_outlines_are_dashed_and_both_are_drawn(draw: Draw) -> None:
    flat = np.zeros(CT.shape)
    current = SceneStructure("organ", (0, 255, 0), ball((-25.0, 0.0, 0.0)), CT)
    prior = SceneStructure("organ", (0, 255, 0), ball((25.0, 0.0, 0.0)), CT)
    request = make_request(Style.OVERLAY, flat, flat, structures=(current,), prior_structures=(prior,))
    picture = draw(request)
    green = picture[..., 1] - picture[..., 0] > 40
    left, right = green[44:-26, 22 : PANE // 2].sum(), green[44:-26, PANE // 2 : PANE - 22].sum()
    assert 0.2 * left < right < 0.7 * left


def test_dashes_keep_to_the_line_and_to_their_lengths() -> None:
    angle = np.linspace(0.0, 2 * np.pi, 721)
    circle = 50.0 + 20.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    dashes = dashed(polylines([circle]), 6.0, 4.0)
    points = vtk_to_numpy(dashes.GetPoints().GetData())[:, :2]
    np.testing.assert_allclose(np.linalg.norm(points - 50.0, axis=1), 20.0, atol=1e-3)
    assert dashes.GetNumberOfLines() == round(2 * np.pi * 20.0 / 10.0)
    assert dashes.GetLength() > 0
    assert dashed(vtk.vtkPolyData(), 6.0, 4.0).GetNumberOfLines() == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_drawn_within_the_legend(draw: Draw, name: str) -> None:
    organ = SceneStructure(name, (255, 0, 0), ball((0.0, 0.0, 0.0)), CT)
    plain = draw(make_request(Style.OVERLAY, tissue(), tissue(), structures=(replace(organ, name="cord"),)))
    picture = draw(
        make_request(
            Style.OVERLAY, tissue(), tissue(), structures=(organ,), prior_structures=(replace(organ, name="p"),) * 0
        )
    )
    assert np.array_equal(picture[:, : PANE - 1], plain[:, : PANE - 1])


def named(*names: str) -> list[RegistrationPictureRequest]:
    organ = SceneStructure("", (255, 0, 0), ball((0.0, 0.0, 0.0)), CT)
    return [make_request(Style.OVERLAY, tissue(), tissue(), structures=(replace(organ, name=name),)) for name in names]


@pytest.mark.parametrize(("name", "shown_as"), [("a\nb", "a b"), ("a\t\u202eb", "a  b")])
def test_control_characters_of_names_are_blanks(draw: Draw, name: str, shown_as: str) -> None:
    one, two = named(name, shown_as)
    assert np.array_equal(draw(one), draw(two))


@pytest.mark.parametrize("name", ["a|b", "$x$", "^_{$|"])
def test_no_letter_of_a_name_is_taken_for_a_command(draw: Draw, name: str) -> None:
    """VTK reads $…$ as a formula and | as the end of a table cell, and would drop them."""
    swallowed, broken_bar = name.translate(str.maketrans("", "", "$|")), name.replace("|", "¦")
    whole, part, same = (draw(request)[:, PANE + 2 :] for request in named(name, swallowed, broken_bar))
    assert not np.array_equal(whole, part)
    assert np.array_equal(whole, same)


@pytest.mark.parametrize("style", list(Style))
def test_the_same_request_gives_the_same_bytes(maker: OffscreenPictureMaker, style: Style) -> None:
    organ = SceneStructure("organ", (255, 0, 0), ball((0.0, 0.0, 0.0)), CT)
    request = make_request(style, tissue(), tissue()[::-1], structures=(organ,), prior_structures=(organ,))
    assert maker.draw_registration(request, 640, 520) == maker.draw_registration(request, 640, 520)


def test_requests_that_cannot_be_drawn_are_refused(maker: OffscreenPictureMaker) -> None:
    request = make_request(Style.GRID, tissue(), tissue(), displacement_mm=None)
    with pytest.raises(OutputError, match="without displacements"):
        maker.draw_registration(request, WIDTH, HEIGHT)
    with pytest.raises(OutputError, match="at least 200"):
        maker.draw_registration(replace(request, displacement_mm=still), 199, 400)
    with pytest.raises(GeometryError, match="Warped prior CT"):
        WarpedCt(np.zeros((2, 2, 2), np.float32), CT)


# The demo case


@pytest.fixture(scope="module")
def transforms(current_ct: Image, prior_ct: Image, demo_folder: Path) -> dict[str, SpatialTransform]:
    frames = current_ct.frame_uid, prior_ct.frame_uid
    files = {name: demo_folder / "course2" / f"REG_{name}.dcm" for name in ("deform", "rigid")}
    given = {name: read_registration(file, *frames) for name, file in files.items()}
    return {**given, "identity": SpatialTransform(*frames, (), "identity")}


def test_the_better_the_registration_of_the_demo_the_less_is_left_in_the_pictures(
    current_ct: Image, prior_ct: Image, transforms: dict[str, SpatialTransform]
) -> None:
    left = {}
    for name, transform in transforms.items():
        warped = WarpedCt(warped_image(prior_ct, transform, current_ct.geometry), current_ct.geometry)
        request = RegistrationPictureRequest(
            current_ct, warped, Style.DIFFERENCE, Orientation.AXIAL, (4.0, -113.0, 69.0), field_of_view_mm=160.0
        )
        compared = compared_plane(request, slice_plane(request, PANE, HEIGHT))
        left[name] = float(np.nanmean(np.abs(compared.current_hu - compared.prior_hu)))
    assert left["deform"] < 0.8 * left["rigid"]
    assert left["rigid"] < 0.6 * left["identity"]


class RecordingMaker:
    def __init__(self) -> None:
        self.requests: list[RegistrationPictureRequest] = []
        self.sizes: set[tuple[int, int]] = set()

    def unavailable_because(self) -> str | None:
        return None

    def draw_all(self, requests: Any, width: int, height: int) -> tuple[bytes, ...]:
        raise AssertionError("no dose picture was asked for")

    def draw_registration(self, request: RegistrationPictureRequest, width: int, height: int) -> bytes:
        self.requests.append(request)
        self.sizes.add((width, height))
        return b"\x89PNG"


def nothing(detail: str) -> None:
    pass


def test_every_organ_of_concern_of_the_demo_is_shown_in_every_style(demo_results: CaseResults) -> None:
    assert [organ.choice.name for organ in organs_of_concern(demo_results)] == ["spinal_cord", "small_bowel", "colon"]
    recorder = RecordingMaker()
    drawn = draw_registration_pictures(demo_results, recorder, nothing)
    assert [organ.organ for organ in drawn.organs] == ["spinal_cord", "small_bowel", "colon"]
    assert drawn.missing == ()
    for organ in drawn.organs:
        shown = [(one.style, one.orientation) for one in organ.pictures]
        assert shown == [(style, plane) for style in Style for plane in (Orientation.AXIAL, Orientation.SAGITTAL)]
        for one in organ.pictures:
            for part in (
                "L2 30 Gy/10 fx 2019",
                "REG_deform.dcm",
                organ.organ,
                one.style.value,
                one.orientation.value,
                "LPS (",
            ):
                assert part in one.picture.caption


def test_the_slices_go_through_the_maximum_of_the_course_in_the_organ(demo_results: CaseResults) -> None:
    recorder = RecordingMaker()
    draw_registration_pictures(demo_results, recorder, nothing)
    cord = next(result for result in demo_results.structures if result.choice.name == "spinal_cord")
    (course, *_) = demo_results.prior_courses
    there = course.transform.apply(np.array([recorder.requests[0].point_mm]))
    index = course.dose.geometry.to_index(there)[0]
    i, j, k = np.round(index).astype(int)
    part = cord.prior.courses[0]
    assert float(part.dose_gy.max()) == pytest.approx(float(course.dose.voxels_gy[k, j, i]), abs=1.0)


def test_the_part_that_is_warped_shows_the_same_as_the_whole(demo_results: CaseResults) -> None:
    recorder = RecordingMaker()
    draw_registration_pictures(demo_results, recorder, nothing)
    ct, prior = demo_results.records.ct, demo_results.records.prior[0].ct
    assert prior is not None
    voxels = warped_image(prior, demo_results.prior_courses[0].transform, ct.geometry)
    ((width, height),) = recorder.sizes
    for request in recorder.requests[:: len(Style)]:
        plane = slice_plane(request, round(side_panel(width, height).left), height)
        part = compared_plane(request, plane).prior_hu
        whole = compared_plane(replace(request, warped=WarpedCt(voxels, ct.geometry)), plane).prior_hu
        np.testing.assert_array_equal(np.isnan(part), np.isnan(whole))
        np.testing.assert_allclose(part, whole, atol=0.05)


def test_a_course_without_ct_and_a_door_without_pictures_are_told(demo_results: CaseResults) -> None:
    records = replace(demo_results.records, prior=tuple(replace(record, ct=None) for record in demo_results.records.prior))
    without = draw_registration_pictures(replace(demo_results, records=records), RecordingMaker(), nothing)
    assert without.organs == ()
    assert "L2 30 Gy/10 fx 2019" in without.missing[0]
    none = draw_registration_pictures(demo_results, None, nothing)
    assert none.missing == ("this way of running draws no pictures",)
    assert "draws no pictures" in registration_pictures_section(none)


def test_an_organ_the_dose_does_not_reach_is_shown_through_its_middle(demo_results: CaseResults) -> None:
    cord = demo_results.structures[0]
    part = cord.prior.courses[0]
    unknown = replace(part, dose_gy=np.zeros_like(part.dose_gy), known=np.zeros_like(part.known))
    prior = replace(cord.prior, courses=(unknown,))
    point, place = registration_pictures._point_of_concern(replace(cord, prior=prior), demo_results.prior_courses[0])
    middle = np.average(prior.samples.points_mm, axis=0, weights=prior.samples.volumes_cc)
    assert place == "middle"
    assert np.linalg.norm(np.array(point) - middle) < 10.0
    assert (prior.samples.points_mm == np.array(point)).all(axis=1).any()


def test_a_transform_undefined_around_the_organ_leaves_out_the_warped_grid(demo_results: CaseResults) -> None:
    course = demo_results.prior_courses[0]
    grid = course.transform.steps[0]
    nowhere = replace(course.transform, steps=(replace(grid, vectors_mm=np.full_like(grid.vectors_mm, np.nan)),))
    results = replace(demo_results, prior_courses=(replace(course, transform=nowhere),))
    drawn = draw_registration_pictures(results, RecordingMaker(), nothing)
    assert {one.style for one in drawn.organs[0].pictures} == set(Style) - {Style.GRID}
    assert "No warped grid: undefined" in registration_pictures_section(drawn)


def test_cancel_stops_between_pictures(demo_results: CaseResults) -> None:
    recorder = RecordingMaker()

    def check(detail: str) -> None:
        if len(recorder.requests) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        draw_registration_pictures(demo_results, recorder, check)
    assert len(recorder.requests) == 3


def test_hostile_texts_stay_text_in_the_section(demo_results: CaseResults) -> None:
    hostile = '"><script>alert(1)</script>'
    drawn = draw_registration_pictures(demo_results, RecordingMaker(), nothing)
    organ = drawn.organs[0]
    caption = replace(organ.pictures[0], picture=replace(organ.pictures[0].picture, caption=hostile))
    spoilt = replace(
        organ, course=hostile, source=hostile, organ=hostile, where=hostile, remark=hostile, pictures=(caption,)
    )
    html = registration_pictures_section(replace(drawn, organs=(spoilt,), missing=(hostile,)))
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 8  # the caption is alt and title
    assert len(re.findall("<img ", html)) == 1
    assert len(re.findall("<img ", registration_pictures_section(drawn))) == 24
