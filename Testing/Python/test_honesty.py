"""No output ever states a limit without basis, α/β, number of fractions and source."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.planning_choice import TargetOverlap
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.summary import evaluation_summary
from ReirradiationLib.workflow import Services, run_case

ORGANS = ("spinal_cord", "small_bowel", "colon", "PTV2_L1")
SOURCES = ("Demo limit, 50 Gy EQD2", "Nieder 2006", "Slevin", "Demo: coverage")
LIMIT_KEYS = re.compile(r"^(limit|limit_\w+_gy|cumulative_limit_eqd2_gy|maximum_physical_gy)$")
NEEDED = ("basis", "alpha_beta_gy", "fractions", "source")


@pytest.fixture(scope="module")
def output(demo_case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo before the new plan, with every aid asked for."""
    (request,) = demo_case.optimization
    case = replace(
        demo_case,
        structures=tuple(choice for choice in demo_case.structures if choice.name in ORGANS),
        optimization=(replace(request, overlap=TargetOverlap.BOTH, crop_margin_mm=2.0),),
    )
    folder = tmp_path_factory.mktemp("honesty") / "out"
    evaluation = run_case(case, folder, Services(), Monitor())
    (folder / "summary.txt").write_text(evaluation_summary(evaluation), encoding="utf-8")
    return folder


def walk(value: Any, above: frozenset[str] = frozenset()) -> Iterator[tuple[frozenset[str], str]]:
    """Every key that states a limit, with the keys that stand beside it or above it."""
    if isinstance(value, dict):
        keys = above | {key for key, item in value.items() if item not in (None, "")}
        for key, item in value.items():
            if LIMIT_KEYS.match(key) and isinstance(item, (int, float)):
                yield keys, key
            yield from walk(item, keys)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, above)


@pytest.mark.parametrize("name", ["evaluation.json", "constraint_sheet.json"])
def test_every_limit_in_json_has_its_basis_alpha_beta_fractions_and_source(output: Path, name: str) -> None:
    content = json.loads((output / name).read_text(encoding="utf-8"))
    content.pop("registrations", None)  # their limits are of measures of quality, not of dose
    found = list(walk(content))
    assert len(found) > 5
    for keys, key in found:
        assert set(NEEDED) <= keys, f"{name}: {key} beside {sorted(keys)}"


def test_every_row_of_the_tables_for_spreadsheets_has_them(output: Path) -> None:
    with (output / "constraint_sheet.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 6  # kept and cropped
    assert all(row[column] for row in rows for column in NEEDED)
    with (output / "point_worksheet.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    assert all(row[column] for row in rows for column in ("basis", "alpha_beta_gy", "limit_source", "limit_eqd2_gy"))
    assert all(row["new_fractions"] for row in rows if row["row"] == "sum" and row["remaining_dose_gy"])


def test_every_optimization_structure_says_them_in_its_description(output: Path) -> None:
    dataset = dcmread(output / "optimization_structures.dcm")
    shells = [roi for roi in dataset.StructureSetROISequence if roi.ROIName.startswith("z")]
    assert len(shells) >= 4
    for roi in shells:
        text = roi.ROIDescription
        assert re.search(r"at most [\d.]+ Gy in 5 fx = [\d.]+ Gy EQD2 \(alpha/beta 2 Gy, raw sum, limit A 50 Gy EQD2", text)
        assert "Demo limit, 50 Gy EQD2" in text
        limit = re.search(r"at most ([\d.]+) Gy", text)
        assert limit is not None and f"_{round(100.0 * float(limit[1])):04d}" in roi.ROIName


def test_the_remaining_dose_says_every_limit_that_it_is_made_of(output: Path) -> None:
    dataset = dcmread(output / "remaining_dose.dcm")
    lines = [line for line in dataset.ImageComments.splitlines() if "Gy EQD2 in all courses" in line]
    assert len(lines) == 4
    for line in lines:
        assert re.search(r"(raw|recovered) sum, alpha/beta [\d.]+ Gy, new course in 5 fx, .*; source: \S", line)


@pytest.mark.parametrize("name", ["report.html", "constraint_sheet.txt", "summary.txt"])
def test_whoever_reads_a_limit_reads_its_source_nearby(output: Path, name: str) -> None:
    """Every block that says 'at most' or '≤' some Gy names basis, α/β and source in the same table, section or organ."""
    text = (output / name).read_text(encoding="utf-8")
    blocks = re.findall(r"<section>.*?</section>", text, re.DOTALL) if name.endswith("html") else text.split("\n\n")
    stating = [block for block in blocks if re.search(r"(at most|≤) *[\d.]+ *(;|,|Gy)", re.sub(r"<[^>]+>", " ", block))]
    assert stating
    for block in stating:
        assert "raw" in block, block[:300]
        assert re.search(r"α/β|alpha/beta", block), block[:300]
        assert any(source in block for source in SOURCES), block[:300]
