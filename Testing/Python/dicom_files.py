"""Making changed copies of DICOM files for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset


def changed(source: Path, target: Path, change: Callable[[Dataset], object]) -> Path:
    """A copy of a DICOM file with something changed."""
    dataset = pydicom.dcmread(source)
    change(dataset)
    target.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(target)
    return target


def validator_errors(path: Path) -> list[str]:
    """Error lines of dciodvfy; skips where the validator is not installed."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, timeout=60, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    assert done.returncode in (0, 1), f"dciodvfy did not finish: {lines}"
    return [line for line in lines if line.startswith("Error")]


def shared_data(relative: str) -> Path:
    """A file of the shared test data (beside the project, or REIRRADIATION_SHARED_DATA); skips where it is absent."""
    root = os.environ.get("REIRRADIATION_SHARED_DATA")
    folder = Path(root) if root else Path(__file__).resolve().parents[3] / "shared" / "data"
    if not (folder / relative).exists():
        pytest.skip(f"the shared test data have no {relative}")
    return folder / relative
