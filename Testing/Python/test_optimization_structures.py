"""Optimization structures against closed forms: given levels, crop, smoothing, names, and what another reader finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Polygon
from ReirradiationLib.dicom.structure_writer import write_structures
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.planning_choice import OptimizationRequest, TargetOverlap
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.planning.closing import closed_within
from ReirradiationLib.planning.levels import LevelState, OptimizationLevels, ShellLevel, optimization_levels
from ReirradiationLib.planning.limit_colours import SCALE, limit_colour
from ReirradiationLib.planning.limits import limit_of_request
from ReirradiationLib.planning.near_target import prior_near_target
from ReirradiationLib.planning.optimization_structures import Shell, ShellVariant, make_shells
from ReirradiationLib.planning.planned_organ import PlannedOrgan
from ReirradiationLib.planning.shell_naming import shell_name
from ReirradiationLib.planning.targets import PlannedTarget
from synthetic import AXIAL, course_of, cylinder, dose_of, grid

ALPHA_BETA = 2.0
FRACTIONS = 10
CT = Geometry((-40.0, -40.0, -40.0), (1.0, 1.0, 2.0), AXIAL, (81, 81, 41))
RADIUS, HEIGHT = 12.0, 40.0
ORGAN = cylinder(RADIUS, HEIGHT, 2.0, "organ")


def ramp(points: np.ndarray) -> np.ndarray:
    """20 Gy at x = 0, falling by 0.8 Gy per mm: trilinear interpolation of it is exact."""
    return 20.0 - 0.8 * points[:, 0]


RAMP = course_of(dose_of(ramp, grid(2.0, 40.0)), FRACTIONS)


def eqd2_of(dose: np.ndarray | float) -> np.ndarray:
    return np.asarray(dose * (dose / FRACTIONS + ALPHA_BETA) / (2.0 + ALPHA_BETA))


def place_of(level: float) -> float:
    """x at which the ramp reaches an EQD2, by the roots of the quadratic equation."""
    dose = max(np.roots([1.0 / FRACTIONS, ALPHA_BETA, -level * (2.0 + ALPHA_BETA)]))
    return float((20.0 - dose) / 0.8)


def disc_below(x: float, radius: float = RADIUS) -> float:
    """Area of the part of a disc below x."""
    x = float(np.clip(x, -radius, radius))
    return radius**2 * (np.pi - np.arccos(x / radius)) + x * np.sqrt(radius**2 - x**2)


def request(**changes) -> OptimizationRequest:
    metric = Metric.parse("Dmax")
    wanted = OptimizationRequest("organ", 50.0, Basis.RAW, ALPHA_BETA, metric, 3, None, 30.0, "made up for the test")
    return replace(wanted, **changes)


def cut(
    wanted: OptimizationRequest,
    organ: Structure = ORGAN,
    course=RAMP,
    geometry: Geometry = CT,
    targets=(),
    new=60.0,
    stem="organ",
) -> tuple[OptimizationLevels, tuple[Shell, ...]]:
    prior = structure_dose(structure_samples(organ, geometry), [course], [0.0])
    limit = limit_of_request(wanted, has_targets=False)
    near = prior_near_target(limit, prior, ())
    levels = optimization_levels(
        near.value_gy, new, wanted.limit_eqd2_gy, wanted.number, 5, ALPHA_BETA, wanted.levels_eqd2_gy
    )
    planned = PlannedOrgan(limit, (), 30.0, 5, prior, near)
    return levels, make_shells(planned, wanted, levels, organ, geometry, [course], [0.0], targets, (stem, 1))


def target(polygon: list[tuple[float, float]], heights: np.ndarray, name: str = "PTV") -> PlannedTarget:
    contours = tuple(np.column_stack([np.array(polygon), np.full(len(polygon), z)]) for z in heights)
    structure = Structure(name, 9, contours)
    return PlannedTarget(structure, 30.0, structure_samples(structure, CT))


def within(contours: list[np.ndarray], points: np.ndarray) -> np.ndarray:
    """Even–odd, by matplotlib."""
    count = np.zeros(len(points), dtype=int)
    for contour in contours:
        count += Polygon(contour).contains_points(points)
    return count % 2 == 1


def on_plane(shell: Shell, height: float) -> list[np.ndarray]:
    return [contour[:, :2] for contour in shell.structure.contours_mm if abs(contour[0, 2] - height) < 0.1]


def distance_to(contours: list[np.ndarray], points: np.ndarray) -> np.ndarray:
    """To the nearest edge of any contour."""
    nearest = np.full(len(points), np.inf)
    for contour in contours:
        start, along = contour, np.roll(contour, -1, axis=0) - contour
        offset = points[:, None] - start[None]
        share = np.clip((offset * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-12), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(offset - share[..., None] * along, axis=-1).min(axis=1))
    return nearest


# Levels


def test_given_levels_take_the_place_of_equal_steps() -> None:
    levels = optimization_levels(57.0, 60.0, 60.0, 3, 30, 2.0, (45.6, 34.2, 22.8, 11.4, 0.0))
    equal = optimization_levels(57.0, 60.0, 60.0, 5, 30, 2.0)
    assert [s.lower_eqd2_gy for s in levels.shells] == pytest.approx([s.lower_eqd2_gy for s in equal.shells])
    assert [s.limit_physical_gy for s in levels.shells] == pytest.approx([5.50, 21.26, 33.21, 43.24, 52.05], abs=0.01)
    assert levels.remark == "" and equal.remark == ""
    assert levels.are_given and not equal.are_given


def test_levels_not_below_p_are_empty_and_change_no_limit() -> None:
    plain = optimization_levels(40.0, 60.0, 60.0, 3, 30, 2.0, (30.0, 0.0))
    levels = optimization_levels(40.0, 60.0, 60.0, 3, 30, 2.0, (50.0, 40.0, 30.0, 0.0))
    assert [shell.is_above_prior for shell in levels.shells] == [True, True, False, False]
    assert [s.limit_eqd2_gy for s in levels.shells[2:]] == [s.limit_eqd2_gy for s in plain.shells] == [20.0, 30.0]
    assert levels.shells[2].upper_eqd2_gy is None
    assert all(shell.limit_eqd2_gy == 20.0 for shell in levels.shells[:2])


@pytest.mark.parametrize(("levels", "end"), [((30.0, 12.0), 12.0), ((30.0,), 30.0), ((50.0,), 40.0)])
def test_a_lowest_level_above_a_minus_r_is_told_with_what_the_prescription_would_exceed(levels, end) -> None:
    found = optimization_levels(40.0, 55.0, 60.0, 3, 30, 2.0, levels)
    assert found.uncovered_eqd2_gy == pytest.approx((5.0, end))
    assert f"5.00 to {end:.2f} Gy EQD2" in found.remark
    assert f"by up to {end + 55.0 - 60.0:.2f} Gy EQD2" in found.remark


def test_given_levels_are_not_needed_where_the_full_prescription_fits() -> None:
    found = optimization_levels(10.0, 40.0, 60.0, 3, 30, 2.0, (30.0, 20.0))
    assert found.state is LevelState.NOT_NEEDED
    assert found.shells == () and found.remark == ""


@pytest.mark.parametrize("levels", [(10.0, 20.0), (10.0, 10.0), (10.0, -1.0), (float("nan"),), (float("inf"), 3.0)])
def test_levels_that_do_not_fall_are_refused(levels) -> None:
    with pytest.raises(CaseError, match="falling isodoses"):
        optimization_levels(57.0, 60.0, 60.0, 3, 30, 2.0, levels)


def allowed(levels: OptimizationLevels, prior: float) -> float | None:
    return next((s.limit_eqd2_gy for s in levels.shells if not s.is_above_prior and prior >= s.lower_eqd2_gy), None)


@given(st.floats(1, 150), st.floats(1, 150), st.floats(1, 150), st.integers(1, 5), st.floats(0, 1))
def test_twice_as_many_structures_bring_limits_nearer_to_what_is_left_and_never_above_it(p, r, a, number, share) -> None:
    """Not: "more structures never raise a limit". S_k is limited by its hottest point, so finer steps waste less."""
    few, many = (optimization_levels(p, r, a, n, 5, 2.0) for n in (number, 2 * number))
    dose = share * p
    coarse, fine = allowed(few, dose), allowed(many, dose)
    if coarse is None or fine is None:
        return
    assert fine >= coarse - 1e-6
    if p < a:
        assert fine <= a - dose + 1e-6


@given(
    st.floats(1, 150),
    st.floats(1, 150),
    st.floats(1, 150),
    st.sets(st.integers(0, 150), min_size=1, max_size=9),
    st.floats(0, 1),
)
def test_at_any_prior_dose_given_levels_keep_the_sum_within_the_tolerance_or_say_where_not(p, r, a, doses, share) -> None:
    levels = optimization_levels(p, r, a, 3, 5, 2.0, tuple(float(level) for level in sorted(doses, reverse=True)))
    dose = share * p
    limit = allowed(levels, dose)
    if limit is not None:
        assert dose + limit <= max(a, p) + 1e-6
    elif dose + r > a + 1e-6:
        start, end = levels.uncovered_eqd2_gy or (np.inf, -np.inf)
        assert start - 1e-6 <= dose <= end


# Volumes in closed form


@pytest.mark.parametrize("levels", [(), (30.0, 22.0, 15.0, 4.0)])
def test_volumes_are_those_of_the_closed_form(levels) -> None:
    found, shells = cut(request(levels_eqd2_gy=levels, limit_eqd2_gy=40.0))
    for shell in shells:
        upper = shell.level.upper_eqd2_gy
        high = disc_below(place_of(shell.level.lower_eqd2_gy) if shell.level.lower_eqd2_gy > 0 else RADIUS)
        true_cc = HEIGHT * (high - (disc_below(place_of(upper)) if upper is not None else 0.0)) / 1000.0
        assert shell.volume_cc == pytest.approx(true_cc, rel=0.01, abs=CT.voxel_volume_cc)
        assert shell.level.limit_eqd2_gy + (upper or found.prior_eqd2_gy) == pytest.approx(max(40.0, found.prior_eqd2_gy))


def test_boundaries_lie_within_hundredths_of_a_millimetre_of_the_isodose() -> None:
    _, shells = cut(request(levels_eqd2_gy=(22.0, 15.0)))
    line = [contour[:, 0] for contour in shells[0].structure.contours_mm]
    for x in line:
        assert x.max() == pytest.approx(place_of(22.0), abs=0.05)


def test_a_level_above_p_is_listed_as_empty() -> None:
    levels, shells = cut(request(levels_eqd2_gy=(500.0, 20.0)))
    assert shells[0].is_empty and shells[0].volume_cc == 0.0
    assert "not below P" in shells[0].remarks[0] and "empty: listed, not exported" in shells[0].remarks
    assert not shells[1].is_empty
    assert shells[1].level.limit_eqd2_gy == pytest.approx(max(50.0 - levels.prior_eqd2_gy, 0.0))


def test_a_used_tolerance_and_a_clamped_isodose_are_remarked() -> None:
    _, shells = cut(request(limit_eqd2_gy=25.0))
    assert any("tolerance is already used" in remark for remark in shells[0].remarks)
    assert shells[0].level.limit_physical_gy == 0.0 and shells[0].structure.colour == SCALE[0]
    assert any(remark.startswith("A < R") for remark in shells[-1].remarks)


def test_a_shell_below_a_voxel_is_marked_and_kept_unless_it_is_a_crumb() -> None:
    coarse = replace(CT, spacing_mm=(2.0, 2.0, 2.0), size=(41, 41, 41))
    near_top = float(eqd2_of(ramp(np.array([[-RADIUS + 0.9, 0.0, 0.0]]))[0]))
    short = Structure("organ", 1, ORGAN.contours_mm[9:11])
    _, shells = cut(request(levels_eqd2_gy=(near_top, 0.0)), short, geometry=replace(coarse, spacing_mm=(2.0, 2.0, 8.0)))
    assert shells[0].is_sub_voxel and not shells[0].is_empty
    assert any("smaller than a voxel" in remark for remark in shells[0].remarks)
    crumb = float(eqd2_of(ramp(np.array([[-RADIUS + 0.2, 0.0, 0.0]]))[0]))
    _, shells = cut(request(levels_eqd2_gy=(crumb, 0.0)), short, geometry=coarse)
    assert shells[0].is_empty and not shells[0].is_sub_voxel
    assert "empty: listed, not exported" in shells[0].remarks


# Crop

SIDE = [(4.0, -30.0), (30.0, -30.0), (30.0, 30.0), (4.0, 30.0)]
TARGET = target(SIDE, np.arange(-9.0, 10.0, 2.0))  # slabs from −10 to 10 mm


@pytest.mark.parametrize("margin", [0.0, 3.2, 7.5])
def test_a_crop_stays_a_true_distance_away_from_the_slabs_of_a_target(margin: float) -> None:
    _, shells = cut(request(overlap=TargetOverlap.CROP, crop_margin_mm=margin, levels_eqd2_gy=(0.0,)), targets=[TARGET])
    true_cc = 0.0
    for contour in ORGAN.contours_mm:
        gap = max(abs(contour[0, 2]) - 10.0, 0.0)
        edge = 4.0 - np.sqrt(margin**2 - gap**2) if gap < margin or gap == 0.0 else RADIUS
        true_cc += 2.0 * disc_below(edge) / 1000.0
        loops = on_plane(shells[0], contour[0, 2])
        assert max(loop[:, 0].max() for loop in loops) == pytest.approx(edge, abs=0.05)
    assert shells[0].volume_cc == pytest.approx(true_cc, rel=0.01)


def test_both_variants_have_names_numbers_and_descriptions_of_their_own() -> None:
    wanted = request(overlap=TargetOverlap.BOTH, crop_margin_mm=3.0)
    far = target([(20.0, 20.0), (25.0, 20.0), (25.0, 25.0)], np.array([-1.0, 1.0]), "Far")
    _, shells = cut(wanted, targets=[TARGET, far])
    assert [shell.variant for shell in shells[:2]] == [ShellVariant.KEPT, ShellVariant.CROPPED]
    assert (
        len({shell.structure.name for shell in shells}) == len({shell.structure.number for shell in shells}) == len(shells)
    )
    for kept, cropped in zip(shells[::2], shells[1::2], strict=True):
        assert cropped.structure.name == kept.structure.name.replace(f"_S{kept.level.index}_", f"_S{kept.level.index}c_")
        assert cropped.volume_cc <= kept.volume_cc
        assert "cropped 3 mm from PTV, Far" in cropped.structure.description
        assert "cropped" not in kept.structure.description
        assert any("has no limit from this structure" in remark for remark in cropped.remarks)


def test_a_shell_wholly_in_the_target_is_listed_as_empty_when_cropped() -> None:
    everything = target([(-30.0, -30.0), (30.0, -30.0), (30.0, 30.0), (-30.0, 30.0)], np.arange(-25.0, 26.0, 2.0))
    _, shells = cut(request(overlap=TargetOverlap.BOTH, levels_eqd2_gy=(25.0, 15.0)), targets=[everything])
    assert all(shell.is_empty is (shell.variant is ShellVariant.CROPPED) for shell in shells)


def test_a_crop_without_targets_is_refused() -> None:
    with pytest.raises(CaseError, match="has no targets"):
        cut(request(overlap=TargetOverlap.CROP))


# Smoothing


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 2.0, 4.0]))
def test_smoothing_moves_points_into_hotter_structures_only_and_stays_in_the_organ(seed: int, radius: float) -> None:
    """A ragged dose; random points, not voxels. Points closer to a boundary than contours are exact are left out."""
    random = np.random.default_rng(seed)
    box = grid(4.0, 40.0)
    ragged = dose_of(lambda p: ramp(p) + random.uniform(-6.0, 6.0, len(p)), box)
    organ = Structure("organ", 1, ORGAN.contours_mm[8:12])
    fine = replace(CT, spacing_mm=(0.5, 0.5, 2.0), size=(161, 161, 41))  # so that no crumb is left out that would count
    course = course_of(ragged, FRACTIONS)
    wanted = request(levels_eqd2_gy=(30.0, 20.0, 12.0, 0.0))
    _, plain = cut(wanted, organ, course, fine)
    _, smooth = cut(replace(wanted, smoothing_mm=radius), organ, course, fine)
    assert sum(shell.volume_cc for shell in smooth) == pytest.approx(sum(shell.volume_cc for shell in plain), rel=2e-3)
    for contour in organ.contours_mm[1:3]:
        height = contour[0, 2]
        points = random.uniform(-RADIUS - 2, RADIUS + 2, (2500, 2))
        edges = [loop for shells in (plain, smooth) for shell in shells for loop in on_plane(shell, height)]
        points = points[distance_to([*edges, contour[:, :2]], points) > 0.1]
        rank = [
            np.argmax([*(within(on_plane(s, height), points) for s in shells), np.ones(len(points))], axis=0)
            for shells in (plain, smooth)
        ]
        inside = within([contour[:, :2]], points)
        # Structures thinner than a step of the raster may have gaps; there a point is in none, never in a cooler one.
        gaps = [(ranks == len(plain)) & inside for ranks in rank]
        assert max(gap.mean() for gap in gaps) < 0.01
        assert (rank[1] <= rank[0])[~gaps[1]].all()
        assert (rank[1][~inside] == len(plain)).all()


def test_smoothing_fills_a_notch_and_leaves_a_straight_boundary_and_a_disc_alone() -> None:
    v, u = np.mgrid[0:121, 0:121] * 0.5
    everywhere = np.full((1, 121, 121), 100.0, dtype=np.float32)
    straight = (30.2 - (0.8 * u + 0.6 * v) + 12.0).astype(np.float32)[None]
    closed = closed_within(straight, everywhere, 3.0, 0.5)
    np.testing.assert_allclose(closed[0, 20:100, 20:100], straight[0, 20:100, 20:100], atol=1e-4)
    disc = (15.3 - np.hypot(u - 30.1, v - 29.8)).astype(np.float32)[None]
    closed = closed_within(disc, everywhere, 3.0, 0.5)
    near = np.abs(disc) < 2.0
    assert np.abs(closed - disc)[near].max() < 0.1
    notched = np.maximum(15.0 - u, np.abs(v - 30.0) - 1.0).astype(np.float32)[None]
    notched = np.minimum(notched, (40.0 - u).astype(np.float32)[None])
    closed = closed_within(notched, everywhere, 3.0, 0.5)
    assert notched[0, 60, 50] < 0.0 < closed[0, 60, 50]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 4.0))
def test_closing_lies_between_the_field_and_what_it_may_fill_and_keeps_the_order_of_fields(seed, radius) -> None:
    random = np.random.default_rng(seed)
    room = random.normal(2.0, 3.0, (2, 30, 40)).astype(np.float32)
    cooler = np.minimum(random.normal(0.0, 3.0, room.shape).astype(np.float32), room)
    hotter = cooler - random.uniform(0.0, 2.0, room.shape).astype(np.float32)
    closed, closed_hotter = (closed_within(field, room, radius, 0.5) for field in (cooler, hotter))
    assert (closed >= cooler).all() and (closed <= room).all()
    assert (closed_hotter <= closed).all()


# Names and colours


def level_of(index: int, limit_gy: float) -> ShellLevel:
    return ShellLevel(index, 0.0, None, limit_gy, limit_gy)


@given(st.integers(1, 9), st.floats(0, 5000), st.text("abcdefgh", min_size=1, max_size=6), st.booleans())
def test_names_stay_within_sixteen_characters_whatever_the_limit(index, limit, stem, is_cropped) -> None:
    name = shell_name(stem, level_of(index, limit), is_cropped)
    assert len(name) <= 16
    assert name != shell_name(stem, level_of(index, limit), not is_cropped)
    if limit < 999.99:
        assert name.endswith(f"{round(100 * limit):04d}")


def test_names_are_as_documented() -> None:
    assert shell_name("Cord", level_of(2, 21.264)) == "zCord_S2_2126"
    assert shell_name("Cord", level_of(2, 21.264), is_cropped=True) == "zCord_S2c_2126"
    assert shell_name("spinal", level_of(2, 123.45)) == "zspinal_S2_12345"
    assert shell_name("spinal", level_of(2, 123.45), is_cropped=True) == "zspinal_S2c12345"


def test_colours_go_from_red_at_no_dose_to_teal_at_the_prescription() -> None:
    assert limit_colour(0.0, 30.0) == (204, 51, 17)
    assert limit_colour(30.0, 30.0) == limit_colour(90.0, 30.0) == (0, 153, 136)
    assert limit_colour(12.0, 30.0) == (238, 204, 102)
    assert len({limit_colour(3.0 * n, 30.0) for n in range(11)}) == 11


# What another reader finds


def test_the_description_says_all_that_a_limit_depends_on() -> None:
    _, shells = cut(request(smoothing_mm=2.0))
    for shell in shells:
        text = shell.structure.description
        limit = f"{shell.level.limit_physical_gy:.2f} Gy in 5 fx = {shell.level.limit_eqd2_gy:.2f} Gy EQD2"
        wanted = (
            "organ:",
            limit,
            "alpha/beta 2 Gy",
            "raw sum",
            "limit A 50 Gy EQD2: made up for the test",
            "P ",
            "whole organ",
        )
        assert all(part in text for part in (*wanted, "smoothed within 2 mm"))
        assert len(text) < 1024


def test_exported_shells_read_back_by_pydicom_fill_the_isodose_within_the_organ(
    tmp_path: Path, demo_folder: Path, current_ct: Image
) -> None:
    organ = read_structures(demo_folder / "course2" / "RS.dcm").find("spinal_cord")
    centre = np.concatenate(organ.contours_mm).mean(axis=0)
    # Constant across, falling along y: exact between the voxels of the dose.
    box = grid(2.0, 120.0, tuple(float(v) for v in centre))
    course = course_of(
        dose_of(lambda p: np.maximum(20.0 - 0.9 * (p[:, 1] - centre[1]), 0.0), box, current_ct.frame_uid), FRACTIONS
    )
    wanted = request(structure="spinal_cord", levels_eqd2_gy=(22.0, 19.0, 15.0))
    levels, shells = cut(wanted, organ, course, current_ct.geometry)
    path = tmp_path / "shells.dcm"
    write_structures(path, [shell.structure for shell in shells if not shell.is_empty], current_ct, "TEST")
    dataset = pydicom.dcmread(path)
    by_number = {item.ReferencedROINumber: item.ContourSequence for item in dataset.ROIContourSequence}
    masks, whole, cells = {shell.structure.number: 0 for shell in shells}, 0, {}
    thickness = current_ct.geometry.spacing_mm[2]
    union = overlap = wrong = 0
    for plane in organ.contours_mm:
        low, high = plane[:, :2].min(axis=0) - 1.0371, plane[:, :2].max(axis=0) + 1
        x, y = np.meshgrid(np.arange(low[0], high[0], 0.2), np.arange(low[1], high[1], 0.2))
        points = np.column_stack([x.ravel(), y.ravel()])
        inside = within([p[:, :2] for p in organ.contours_mm if abs(p[0, 2] - plane[0, 2]) < 0.1], points)
        dose = eqd2_of(np.maximum(20.0 - 0.9 * (points[:, 1] - centre[1]), 0.0))
        true = inside & (dose >= levels.shells[-1].lower_eqd2_gy)
        count = np.zeros(len(points), dtype=int)
        for number, items in by_number.items():
            loops = [np.array(item.ContourData, dtype=float).reshape(-1, 3) for item in items]
            held = within([loop[:, :2] for loop in loops if abs(loop[0, 2] - plane[0, 2]) < 0.01], points)
            masks[number] += int(held.sum())
            count += held
            cells[number] = cells.get(number, 0) + int((inside & _between(dose, shells[number - 1].level)).sum())
        union, overlap = union + int((count > 0).sum()), overlap + int((count > 1).sum())
        whole, wrong = whole + int(true.sum()), wrong + int(((count > 0) != true).sum())
    cell_cc = 0.2 * 0.2 * thickness / 1000.0
    voxel_cc = current_ct.geometry.voxel_volume_cc
    for shell in shells:
        assert masks[shell.structure.number] * cell_cc == pytest.approx(shell.volume_cc, rel=0.01, abs=voxel_cc)
        assert masks[shell.structure.number] * cell_cc == pytest.approx(
            cells[shell.structure.number] * cell_cc, rel=0.01, abs=voxel_cc
        )
    assert union == pytest.approx(whole, rel=0.01)
    assert wrong < 0.02 * whole
    assert overlap < 0.002 * whole


def _between(dose: np.ndarray, level: ShellLevel) -> np.ndarray:
    upper = np.inf if level.upper_eqd2_gy is None else level.upper_eqd2_gy
    return (dose >= level.lower_eqd2_gy) & (dose < upper)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(list(TargetOverlap)))
def test_at_random_points_of_every_structure_prior_and_limit_stay_within_the_tolerance(seed, overlap) -> None:
    """Against the Gaussian itself, on a dose grid so fine that interpolation in it is wrong by 0.1 Gy at most."""
    random = np.random.default_rng(seed)
    centre, width = random.uniform(-8, 8, 3), random.uniform(14, 24)
    course = course_of(
        dose_of(lambda p: 28.0 * np.exp(-np.sum((p - centre) ** 2, axis=1) / (2 * width**2)), grid(1.0, 40.0)), FRACTIONS
    )
    wanted = request(overlap=overlap, crop_margin_mm=2.0, limit_eqd2_gy=60.0, number=4)
    levels, shells = cut(wanted, course=course, targets=[TARGET])
    for contour in ORGAN.contours_mm[::5]:
        points = random.uniform(-RADIUS, RADIUS, (3000, 2))
        local = np.column_stack([points, np.full(len(points), contour[0, 2])])
        dose = eqd2_of(28.0 * np.exp(-np.sum((local - centre) ** 2, axis=1) / (2 * width**2)))
        by_variant = {variant: np.zeros(len(points), dtype=int) for variant in ShellVariant}
        for shell in shells:
            loops = on_plane(shell, contour[0, 2])
            held = within(loops, points) & (distance_to(loops, points) > 0.2)
            by_variant[shell.variant] += held
            assert (dose[held] + shell.level.limit_eqd2_gy <= levels.limit_eqd2_gy + 0.35).all()
        assert all((count <= 1).all() for count in by_variant.values())
