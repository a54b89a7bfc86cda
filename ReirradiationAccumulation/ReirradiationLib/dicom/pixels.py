"""Decoding the pixels of a CT slice, compressed or not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import Float32Array
from ..model.errors import DicomError
from ..model.interlock import Interlock
from .reader import DicomReader, read_errors

LARGEST_SIDE = 4096
"""Rows or columns beyond this are no CT's; a header that claims more is refused before memory is asked for."""


def hounsfield(reader: DicomReader) -> Float32Array:
    """Pixels of one CT slice in HU, shape (rows, columns).

    pydicom decodes what it has decoders for; other compressed slices (JPEG 2000, JPEG-LS, JPEG lossless) go through
    SimpleITK, which Slicer bundles.

    Raises
    ------
    DicomError
        If the pixels cannot be decoded, or do not fit the header.
    """
    shape = (reader.whole("Rows"), reader.whole("Columns"))
    slope, intercept = reader.number("RescaleSlope"), reader.number("RescaleIntercept")
    if not 0 < min(shape) <= max(shape) <= LARGEST_SIDE:
        expected = f"at most {LARGEST_SIDE} × {LARGEST_SIDE}"
        raise reader.refuse("Rows", f"claims a slice of {shape}", "", expected, Interlock.FILE_TOO_LARGE)
    _require_one_frame(reader, shape)
    try:
        voxels = _rescaled(reader.dataset.pixel_array, slope, intercept)
    except read_errors() as error:
        if not reader.is_compressed():
            raise reader.refuse("PixelData", f"cannot be decoded ({error})") from error
        voxels = _by_simpleitk(reader, error)
    if not np.isfinite(voxels).all():
        raise reader.refuse("RescaleSlope", f"{slope:g} and intercept {intercept:g} give no Hounsfield units")
    if voxels.shape != shape:
        raise reader.refuse("PixelData", f"has shape {voxels.shape}", "Export single-frame CT slices.", f"{shape}")
    return voxels


def _rescaled(pixels: NDArray[Any], slope: float, intercept: float) -> Float32Array:
    """Pixels times slope plus intercept; whole numbers of a CT's size stay exact in single precision, else in double."""
    is_whole = slope.is_integer() and intercept.is_integer()
    if is_whole and pixels.dtype.itemsize <= 2 and 2**16 * abs(slope) + abs(intercept) < 2**24:
        voxels = pixels.astype(np.float32)
        voxels *= np.float32(slope)
        voxels += np.float32(intercept)
        return voxels
    return np.asarray(pixels * slope + intercept, dtype=np.float32)


def _require_one_frame(reader: DicomReader, shape: tuple[int, int]) -> None:
    """Refuse what pydicom would decode as further frames, to whatever size; a few bytes of padding do no harm."""
    if reader.has("NumberOfFrames") and reader.whole("NumberOfFrames") != 1:
        raise reader.refuse("NumberOfFrames", f"is {reader.text('NumberOfFrames')}", "Export single-frame CT slices.", "1")
    length, claimed = len(reader.raw("PixelData")), shape[0] * shape[1] * reader.whole("BitsAllocated") // 8
    if not reader.is_compressed() and not claimed <= length < 2 * claimed:
        raise reader.refuse("PixelData", f"has {length} bytes", "", f"{claimed} bytes")


def _by_simpleitk(reader: DicomReader, cause: Exception) -> Float32Array:
    """Decoded and rescaled by GDCM within SimpleITK."""
    try:
        import SimpleITK as sitk

        return np.asarray(sitk.GetArrayFromImage(sitk.ReadImage(reader.where, sitk.sitkFloat32))[0], dtype=np.float32)
    except read_errors() as error:
        raise DicomError(
            reader.where,
            f"compressed pixels cannot be decoded ({cause})",
            Interlock.CT_COMPRESSED.advice,
            "uncompressed pixels, or SimpleITK or one of pylibjpeg, gdcm and pillow installed",
            Interlock.CT_COMPRESSED,
        ) from error
