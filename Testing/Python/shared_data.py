"""Real DICOM-RT that lies beside the repository and is not part of it: where it is, or why a test is skipped."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

VARIABLE = "REIRRADIATION_SHARED_DATA"


def shared_data(name: str) -> Path:
    """A folder or file of the shared data; skips the test where it is absent.

    Looked for in the folder that the environment variable REIRRADIATION_SHARED_DATA names, else in ``shared/data``
    beside the repository.
    """
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get(VARIABLE, beside)) / name
    if not folder.exists():
        pytest.skip(f"shared data '{name}' are not here; {VARIABLE} may name their folder")
    return folder


def extracted(folder: Path, target: Path) -> Path:
    """The txz archives of a folder, each extracted to a folder of its own below ``target``."""
    for archive in sorted(folder.glob("*.txz")):
        with tarfile.open(archive) as content:
            content.extractall(target / archive.stem, filter="data")
    return target
