"""The constraint sheet: complete, the same every time, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.planning_choice import TargetOverlap
from ReirradiationLib.planning.levels import optimization_levels
from ReirradiationLib.planning.limits import limit_of_request
from ReirradiationLib.planning.near_target import prior_near_target
from ReirradiationLib.report.constraint_sheet import constraint_csv, constraint_json, constraint_text
from ReirradiationLib.report.results import CaseResults, OptimizationResult
from ReirradiationLib.report.sheet_notes import NOT_RELIABLE, SheetNotes, sheet_notes
from test_optimization_structures import CT, ORGAN, RAMP, TARGET, cut, request


def result(**changes) -> OptimizationResult:
    wanted = request(**changes)
    samples = structure_samples(ORGAN, CT)
    near = prior_near_target(limit_of_request(wanted, has_targets=False), structure_dose(samples, [RAMP], [0.0]), ())
    levels, shells = cut(wanted, targets=[TARGET])
    return OptimizationResult(wanted, near, levels, shells)


@pytest.fixture(scope="module")
def results() -> list[OptimizationResult]:
    both = result(overlap=TargetOverlap.BOTH, crop_margin_mm=3.0)
    partly = result(levels_eqd2_gy=(500.0, 20.0), source="=HYPERLINK(1)", structure="@organ, left")
    unneeded = replace(result(), levels=optimization_levels(10.0, 20.0, 50.0, 3, 5, 2.0), shells=())
    return [both, partly, unneeded]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_structure_has_a_row_and_an_organ_that_needs_none_has_one_too(results) -> None:
    rows = rows_of(constraint_csv(results))
    shells = [shell for one in results for shell in one.shells]
    assert [row["name"] for row in rows] == [*(shell.structure.name for shell in shells), ""]
    for row, shell in zip(rows, shells, strict=False):
        assert float(row["maximum_physical_gy"]) == pytest.approx(shell.level.limit_physical_gy, abs=0.005)
        assert float(row["volume_cc"]) == pytest.approx(shell.volume_cc, abs=0.0005)
        assert row["exported"] == ("no" if shell.is_empty else "yes")
    assert rows[-1]["maximum_physical_gy"] == "" and rows[-1]["state"].startswith("none needed")
    assert {row["variant"] for row in rows[:6]} == {"kept", "cropped 3 mm from the targets"}


def test_no_row_states_a_limit_without_basis_alpha_beta_fractions_and_source(results) -> None:
    rows = [*rows_of(constraint_csv(results)), *json.loads(constraint_json(results))["structures"]]
    for row in rows:
        assert all(row[key] not in ("", None) for key in ("basis", "alpha_beta_gy", "fractions", "source", "organ"))
    for line in constraint_text(results).splitlines():
        if "at most" in line:
            assert all(part in line for part in ("fractions", "alpha/beta 2 Gy", "raw sum")), line
            assert "made up for the test" in line or "HYPERLINK" in line


def test_nothing_is_taken_for_a_formula(results) -> None:
    for row in csv.reader(io.StringIO(constraint_csv(results), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    rows = rows_of(constraint_csv(results))
    assert rows[-2]["source"] == "'=HYPERLINK(1)" and rows[-2]["organ"] == "'@organ, left"


def test_the_same_results_give_the_same_bytes(results) -> None:
    for make in (constraint_csv, constraint_json, constraint_text):
        assert make(results).encode() == make(list(results)).encode()


def test_what_is_left_open_or_must_not_be_relied_on_stands_in_every_row(results) -> None:
    notes = SheetNotes({"@organ, left": [NOT_RELIABLE.format("course 1")]})
    text = constraint_csv([results[1]], notes)
    for row in rows_of(text):
        assert "NOT RELIABLE: the registration of course 1" in row["remarks"]
        assert "outside all structures" in row["remarks"]
    assert "empty: listed, not exported" in rows_of(text)[0]["remarks"]
    assert "NOT RELIABLE" in constraint_text([results[1]], notes)


def test_no_results_make_a_sheet_with_a_head_only() -> None:
    assert rows_of(constraint_csv([])) == []
    assert json.loads(constraint_json([]))["structures"] == []


def test_a_stricter_limit_of_the_same_organ_is_noted_where_it_is_stricter(demo_results: CaseResults) -> None:
    """Nieder: at most 49 Gy EQD2 in one course, 67.75 in all. Beside A = 50 it is nowhere stricter; A = 90 it undercuts."""
    (result,) = demo_results.optimization
    assert not any(sheet_notes(demo_results).structures.values())
    levels = optimization_levels(37.57, 80.0, 90.0, 3, 5, 2.0)
    shells = tuple(replace(shell, level=level) for shell, level in zip(result.shells, levels.shells, strict=True))
    lenient = replace(result, levels=levels, shells=shells)
    results = replace(demo_results, planning=replace(demo_results.planning, optimization=(lenient,)))
    notes = [sheet_notes(results).structures[shell.structure.name] for shell in shells]
    # Highest prior doses 37.58, 28.38 and 19.19 Gy EQD2 leave 30.17, 39.37 and 48.56: D (D / 5 + 2) / 4 solved for D.
    assert [note[0][:53] for note in notes] == [
        "another limit of the case allows only 20.07 Gy in 5 f",
        "another limit of the case allows only 23.50 Gy in 5 f",
        "another limit of the case allows only 26.56 Gy in 5 f",
    ]
