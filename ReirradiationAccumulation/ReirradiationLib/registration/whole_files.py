"""Whether a file is all there, for the formats of which ITK reads a part and makes up the rest."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

from ..model.errors import RegistrationError

REMEDY = "Copy or save the file again."
NIFTI_HEADER_BYTES = 348
CHUNK_BYTES = 1 << 22

LITTLE_ENDIAN = (0, 10)
BIG_ENDIAN = (1000, 1010)
"""Types of a MATLAB matrix: double and single precision."""


def require_whole_nifti(path: Path, least_bytes: int) -> None:
    """Refuse a NIfTI file that is shorter than its voxels: ITK gives zeros, no displacement, for what is missing.

    Parameters
    ----------
    path : Path
        ``.nii`` or ``.nii.gz``.
    least_bytes : int
        Of the voxels.

    Raises
    ------
    RegistrationError
        If voxels are missing, or the compressed file does not match its check sum.
    """
    found = 0
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                found += len(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise RegistrationError(str(path), f"a damaged file ({error})", REMEDY, "a whole NIfTI file") from error
    if found < least_bytes + NIFTI_HEADER_BYTES:
        raise _short(path, found, least_bytes + NIFTI_HEADER_BYTES)


def require_whole_matlab(path: Path) -> None:
    """Refuse a MATLAB (version 4) file that ends before its matrices do: ITK takes what is in memory for the rest.

    Every matrix has a header of five integers – type, rows, columns, imaginary part, length of the name – then the name and
    the numbers. The type's thousands digit is the byte order, its tens digit the precision.

    Raises
    ------
    RegistrationError
        If it is no such file, or not all of it.

    References
    ----------
    The MathWorks, MAT-File Format, "Level 4 MAT-files".
    """
    content = path.read_bytes()
    at = 0
    while at < len(content):
        if at + 20 > len(content):
            raise _short(path, len(content), at + 20)
        order = "<" if struct.unpack_from("<i", content, at)[0] in LITTLE_ENDIAN else ">"
        kind, rows, columns, imaginary, name = struct.unpack_from(f"{order}5i", content, at)
        if kind not in (*LITTLE_ENDIAN, *BIG_ENDIAN) or min(rows, columns, name) < 0 or imaginary not in (0, 1):
            raise RegistrationError(str(path), "no MATLAB file of version 4", REMEDY, "a transform saved by ITK or ANTs")
        at += 20 + name + rows * columns * (1 + imaginary) * (4 if kind % 1000 else 8)
    if at != len(content):
        raise _short(path, len(content), at)


def _short(path: Path, found: int, expected: int) -> RegistrationError:
    return RegistrationError(str(path), f"{found} bytes", REMEDY, f"{expected} bytes")
