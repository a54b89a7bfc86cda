"""Making changed copies of DICOM files for tests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
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
    """Error lines of dciodvfy; skips where the validator is not installed.

    It aborts on 32-bit RTDOSE of any origin: of those, a copy with 16-bit pixels and the same header is looked at.
    """
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    with tempfile.TemporaryDirectory() as folder:
        if pydicom.dcmread(path, specific_tags=["BitsAllocated"]).get("BitsAllocated") == 32:
            path = changed(path, Path(folder) / path.name, _to_sixteen_bits)
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, timeout=60, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    assert done.returncode in (0, 1), f"dciodvfy did not finish: {lines}"
    return [line for line in lines if line.startswith("Error")]


def _to_sixteen_bits(dataset: Dataset) -> None:
    dataset.PixelData = (dataset.pixel_array >> 16).astype("<u2").tobytes()
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
