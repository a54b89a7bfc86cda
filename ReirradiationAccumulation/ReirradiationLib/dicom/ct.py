"""Reading a CT series from a folder."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import DicomError
from ..model.image import Image
from ..model.interlock import Interlock
from .pixels import hounsfield
from .planes import grid_of, row_and_column_directions
from .reader import DicomReader, SopClass, open_dicom, read_patient

SPACING_TOLERANCE = 0.01
"""Largest deviation of a slice distance from the usual one, relative to it."""

LARGEST_SLICE_BYTES = 2**27
"""A file beyond 128 MiB is no CT slice."""

_log = logging.getLogger(__name__)


def read_ct(folder: Path, series_uid: str = "") -> Image:
    """Read the only CT series of a folder, or the one named.

    Slices are sorted by ImagePositionPatient along the normal, never by file name or InstanceNumber.

    Parameters
    ----------
    folder : Path
        Holds the CT series; objects of other SOP Classes and files that are no DICOM are passed over.
    series_uid : str
        SeriesInstanceUID, needed where the folder holds several CT series.

    Returns
    -------
    Image
        Voxels in HU, ``[k, j, i]``, LPS geometry with k along the slice normal.

    Raises
    ------
    DicomError
        If there is no series or more than one, fewer than two slices, a damaged or missing slice, one UID on different
        slices, tilted or unevenly spaced slices, or differing patient, frame of reference, rows, columns, spacing or
        orientation.
    """
    slices = _without_copies(_one_series(folder, _ct_slices(folder), series_uid))
    first = slices[0]
    row, column = row_and_column_directions(first)
    normal = np.cross(row, column)
    positions = np.array([reader.numbers("ImagePositionPatient", 3) for reader in slices])
    order = np.argsort(positions @ normal, kind="stable")
    slices = [slices[n] for n in order]
    positions = positions[order]
    for reader in slices:
        _require_same_plane(reader, first)
    spacing_k = _slice_spacing(folder, positions, normal)
    spacing_j, spacing_i = first.numbers("PixelSpacing", 2)
    geometry = grid_of(
        first,
        (row, column, normal),
        origin=positions[0],
        spacing=np.array([spacing_i, spacing_j, spacing_k]),
        size=np.array([first.whole("Columns"), first.whole("Rows"), len(slices)]),
    )
    # The first slice is decoded before memory for all is asked for: a header that claims too much is refused there.
    lowest = hounsfield(slices[0])
    voxels = np.empty(geometry.shape, dtype=np.float32)
    voxels[0] = lowest
    for n, reader in enumerate(slices[1:], start=1):
        voxels[n] = hounsfield(reader)
    return Image(
        voxels_hu=voxels,
        geometry=geometry,
        frame_uid=first.required_text("FrameOfReferenceUID"),
        study_uid=first.required_text("StudyInstanceUID"),
        series_uid=first.required_text("SeriesInstanceUID"),
        slice_uids=tuple(reader.required_text("SOPInstanceUID") for reader in slices),
        files=tuple(Path(reader.where) for reader in slices),
        patient=read_patient(first),
        study_date=first.text("StudyDate"),
        description=first.text("SeriesDescription"),
    )


def _ct_slices(folder: Path) -> list[DicomReader]:
    try:
        if not folder.is_dir():
            raise DicomError(str(folder), "no such folder", "Name the folder that holds the CT slices.", "a folder")
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise DicomError(str(folder), f"cannot be read ({error.strerror or error})", "Check its permissions.") from error
    slices = []
    for path in paths:
        try:
            # Without its pixels a slice that is too large is refused later; a large dose beside the slices is passed over.
            slices.append(open_dicom(path, SopClass.CT, pixels=path.stat().st_size <= LARGEST_SLICE_BYTES))
        except (DicomError, OSError) as error:
            # A folder exported by a planning system often holds RTSTRUCT, RTDOSE and text files beside the slices;
            # a CT slice lost to damage is caught below as a gap or by the structure set's references.
            _log.info("passed over in the CT folder: %s", error)
    return slices


def _one_series(folder: Path, slices: list[DicomReader], series_uid: str) -> list[DicomReader]:
    by_series: dict[str, list[DicomReader]] = {}
    for reader in slices:
        by_series.setdefault(reader.text("SeriesInstanceUID"), []).append(reader)
    if not series_uid and len(by_series) > 1:
        found = f"{len(by_series)} CT series: {', '.join(f'{uid} ({len(by_series[uid])} slices)' for uid in by_series)}"
        raise _refuse(folder, found, "one series, or its UID as 'ct_series'", Interlock.CT_SEVERAL)
    wanted = by_series.get(series_uid, []) if series_uid else slices
    if len(wanted) < 2:
        expected = f"the series {series_uid}" if series_uid else "a CT series"
        raise _refuse(folder, f"{len(wanted) or 'no'} CT slice", expected, Interlock.CT_MISSING)
    return wanted


def _without_copies(slices: list[DicomReader]) -> list[DicomReader]:
    """Every slice once: archives and exports often hold the same object twice."""
    by_uid: dict[str, DicomReader] = {}
    for reader in slices:
        former = by_uid.setdefault(reader.required_text("SOPInstanceUID"), reader)
        if former is not reader and not _same_slice(former, reader):
            found = f"the SOPInstanceUID of {former.where} on another slice"
            raise _refuse(Path(reader.where), found, "one UID for one slice", Interlock.UID_REUSED)
    return list(by_uid.values())


def _same_slice(one: DicomReader, other: DicomReader) -> bool:
    placed = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept")
    if any(one.text(keyword) != other.text(keyword) for keyword in placed):
        return False
    same_syntax = one.transfer_syntax() == other.transfer_syntax()
    if same_syntax and one.raw("PixelData") == other.raw("PixelData") != b"":
        return True
    return bool(np.array_equal(hounsfield(one), hounsfield(other)))


def _refuse(subject: Path, found: str, expected: str, interlock: Interlock) -> DicomError:
    return DicomError(str(subject), found, interlock.advice, expected, interlock)


def _require_same_plane(reader: DicomReader, first: DicomReader) -> None:
    for keyword in ("PatientID", "FrameOfReferenceUID", "Rows", "Columns", "PixelSpacing", "ImageOrientationPatient"):
        if keyword in ("PatientID", "FrameOfReferenceUID"):
            same = reader.text(keyword) == first.text(keyword)
        else:
            ours, theirs = reader.numbers(keyword), first.numbers(keyword)
            same = ours.shape == theirs.shape and bool(np.allclose(ours, theirs, atol=1e-4))
        if not same:
            found, expected = f"is {reader.text(keyword)}", f"{first.text(keyword)} as in {first.where}"
            raise reader.refuse(keyword, found, "", expected, Interlock.CT_MIXED)


def _slice_spacing(folder: Path, positions: FloatArray, normal: FloatArray) -> float:
    along = positions @ normal
    steps = np.diff(along)
    mean = float(np.mean(steps))
    sideways = positions - positions[0] - np.outer(along - along[0], normal)
    if np.abs(sideways).max() > SPACING_TOLERANCE * max(mean, 1.0):
        raise _refuse(folder, "slices shift sideways", "slices above each other", Interlock.CT_TILTED)
    usual = float(np.median(steps))
    uneven = np.flatnonzero(np.abs(steps - usual) > SPACING_TOLERANCE * max(usual, 1e-6))
    if usual <= 0.0 or uneven.size:
        n = int(uneven[0]) if uneven.size else 0
        found = f"slices {n} and {n + 1} are {steps[n]:.3f} mm apart, usually {usual:.3f} mm"
        raise _refuse(folder, found, "even spacing", Interlock.CT_UNEVEN)
    return mean
