"""The files that something was read from, by which a result is known again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..model.image import Image


@dataclass(frozen=True)
class InputFile:
    """A file that was read.

    Parameters
    ----------
    path : Path
    role : str
        What it was read for, such as ``current CT``.
    sop_instance_uid : str
        Empty if it is no DICOM.
    """

    path: Path
    role: str
    sop_instance_uid: str = ""


def ct_files(image: Image, role: str) -> list[InputFile]:
    """Every slice of a CT."""
    return [InputFile(path, role, uid) for path, uid in zip(image.files, image.slice_uids, strict=True)]
