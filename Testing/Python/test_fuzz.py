"""Random changes of valid objects end in our own errors or in what the file says; see ``Testing/faults/fuzz.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTING = Path(__file__).resolve().parents[1]
COUNT = int(os.environ.get("REIRRADIATION_FUZZ", "2000"))
SEED = int(os.environ.get("REIRRADIATION_FUZZ_SEED", "1"))
KINDS = 11

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process as Linux does")


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(TESTING), str(TESTING.parent / "ReirradiationAccumulation"), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-m", "faults", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_changed_object_is_refused_in_our_own_words_or_read_as_it_is() -> None:
    done = fuzz("--count", str(COUNT), "--seed", str(SEED))
    last = done.stderr.strip().splitlines()[-1:]
    assert done.returncode == 0, f"the process ended with {done.returncode} after {last}:\n{done.stderr[-3000:]}"
    result = json.loads(done.stdout)
    again = 'Repeat with: python -m faults --only "<kind:seed>"'
    assert not result["failures"], "\n".join([*result["failures"], again])
    assert len(result["outcomes"]) == KINDS
    assert sum(sum(outcomes.values()) for outcomes in result["outcomes"].values()) == COUNT
    for kind, outcomes in result["outcomes"].items():
        # A test that only ever sees refusals, or none, would not test anything.
        assert outcomes.get("read", 0) > 0.05 * COUNT / KINDS, f"{kind}: hardly one was read: {outcomes}"
        assert len(outcomes) >= 3, f"{kind}: hardly one was refused: {outcomes}"


def test_every_object_is_read_as_long_as_nothing_is_changed() -> None:
    done = fuzz("--unchanged")
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes = json.loads(done.stdout)["outcomes"]
    assert len(outcomes) == KINDS
    assert all(outcome == {"read": 1} for outcome in outcomes.values()), outcomes


@pytest.mark.parametrize("fault", ["doubled", "shifted", "negative"])
def test_the_second_opinion_sees_a_wrong_dose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.syspath_prepend(str(TESTING))
    from dataclasses import replace

    from faults.elements import encode_file
    from faults.independent_dose import disagreement
    from faults.tiny_objects import tiny_objects
    from ReirradiationLib.dicom.dose import read_dose

    for tiny in (one for one in tiny_objects() if one.reader == "dose"):
        path = tmp_path / "RD.dcm"
        path.write_bytes(encode_file(tiny.elements, tiny.syntax))
        dose = read_dose(path)
        assert disagreement(path, dose) == ""
        x, y, z = dose.geometry.origin_mm
        wrong = {
            "doubled": dose.scaled(2.0),
            "negative": dose.scaled(-1.0),
            "shifted": replace(dose, geometry=replace(dose.geometry, origin_mm=(x, y, z + 0.5))),
        }
        assert disagreement(path, wrong[fault]) != ""
