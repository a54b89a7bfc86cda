"""Wishes for planning that would give no number, or a wrong one: refused when the case is read, with the entry named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.errors import CaseError

REQUEST = {"structure": "spinal_cord", "limit_eqd2_gy": 50, "basis": "raw", "alpha_beta_gy": 2, "source": "test"}


def read(tmp_path: Path, demo_folder: Path, **changes: object) -> Case:
    values = json.loads((demo_folder / "case.json").read_text(encoding="utf-8"))
    (tmp_path / "case.json").write_text(json.dumps({**values, **changes}), encoding="utf-8")
    return read_case(tmp_path / "case.json")


@pytest.mark.parametrize("metric", ["D95%", "D50%[Gy]", "D2.1%", "D10cc", "D2.1cc"])
def test_p_is_not_read_by_a_metric_that_hot_tissue_does_not_raise(tmp_path: Path, demo_folder: Path, metric: str) -> None:
    """By D95% P would be about the minimum of the organ, and every limit far too high."""
    with pytest.raises(CaseError, match=r"optimization\[0\].metric: D.*, expected Dmax, or a D of at most 2 cc or 2 %"):
        read(tmp_path, demo_folder, optimization=[{**REQUEST, "metric": metric}])


@pytest.mark.parametrize("level", [float("nan"), float("inf"), 1e300, 10**400], ids=["nan", "inf", "1e300", "10^400"])
def test_levels_that_are_no_dose_are_refused_when_the_case_is_read(tmp_path: Path, demo_folder: Path, level: float) -> None:
    with pytest.raises(CaseError, match=r"optimization\[0\].levels_eqd2_gy: not understood"):
        read(tmp_path, demo_folder, optimization=[{**REQUEST, "levels_eqd2_gy": [level, 5]}])


def test_a_crop_margin_that_no_memory_holds_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    with pytest.raises(CaseError, match=r"optimization\[0\].crop_margin_mm: 500, expected at most 50 mm"):
        read(tmp_path, demo_folder, optimization=[{**REQUEST, "overlap": "crop", "crop_margin_mm": 500}])


def test_an_isodose_that_is_listed_twice_is_refused(tmp_path: Path, demo_folder: Path) -> None:
    """The second would be named ``Iso_course2_15Gy``, as if it were of another course."""
    lines = [{"course": "course1", "dose_gy": 15}, {"course": "course1", "dose_gy": 15.0}]
    with pytest.raises(CaseError, match="isodose_lines: the same isodose twice"):
        read(tmp_path, demo_folder, isodose_lines=lines)
