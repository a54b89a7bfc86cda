"""Reading an RTDOSE."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..model.arrays import Float32Array
from ..model.dates import dicom_moment
from ..model.errors import DicomError
from ..model.geometry import Geometry
from ..model.image import Dose, DoseSummation, DoseType, SourceObject
from ..model.interlock import Interlock
from .dose_planes import even_planes, plane_positions
from .planes import grid_of, row_and_column_directions
from .reader import DicomReader, SopClass, open_dicom, read_errors, read_patient, read_system, referenced_uid

LARGEST_GRID_BYTES = 2**31
"""A dose grid beyond 2 GiB is no patient's; a header that claims one is refused before memory is asked for."""

SINGLE = tuple(float(limit) for limit in (np.finfo(np.float32).tiny, np.finfo(np.float32).max))
"""Smallest and largest dose in Gy that single precision holds in full."""


WITH_RADIOBIOLOGY = "121377"
"""Composed with radiobiological effects (PS3.16 CID 7220): no dose of a course, whatever its type."""

CLIPPED_SHARE = 0.05
"""Dose on the border of a grid, as a share of the maximum, beyond which the grid cuts off dose that matters."""


def read_dose(path: Path) -> Dose:
    """Read one RTDOSE as it is, in Gy.

    DoseGridScaling is applied in double precision. GridFrameOffsetVector may be relative or absolute, ascending or
    descending, and unevenly spaced where planes can be added exactly (PS3.3 C.8.8.3.2); the row, column and frame axes
    may point anywhere. What the dose may be used for is decided in :mod:`.course_dose`.

    Raises
    ------
    DicomError
        If the file is no RTDOSE, its units are not GY, its type is neither PHYSICAL nor EFFECTIVE, it says that it was
        composed with radiobiological effects, its summation is neither PLAN, BEAM nor FRACTION, it does not name one plan,
        its planes cannot be placed, its pixels do not fit its header, or it is all zero or has negative values.
    """
    reader = open_dicom(path, SopClass.RTDOSE)
    units = reader.text("DoseUnits")
    if units != "GY":
        raise reader.refuse("DoseUnits", f"is '{units}'", "", "'GY'", Interlock.DOSE_UNITS)
    dose_type, summation = _dose_type(reader), _summation(reader)
    _require_no_response(reader)
    plan = _only_plan(reader)
    voxels, geometry, added = read_grid(reader)
    if not voxels.any():
        raise reader.refuse("PixelData", "is zero everywhere", "", "a dose", Interlock.DOSE_ZERO)
    return Dose(
        voxels_gy=voxels,
        geometry=geometry,
        frame_uid=reader.required_text("FrameOfReferenceUID"),
        plan_uid=plan.required_text("ReferencedSOPInstanceUID"),
        patient=read_patient(reader),
        sources=(SourceObject(path, reader.required_text("SOPInstanceUID")),),
        dose_type=dose_type,
        summation=summation,
        beams=_beams(plan),
        created=dicom_moment(reader.text("InstanceCreationDate"), reader.text("InstanceCreationTime")),
        planes_added=added,
        structure_set_uid=referenced_uid(reader, "ReferencedStructureSetSequence"),
        system=read_system(reader),
    )


def border_share(voxels: Float32Array) -> float:
    """Highest dose on the six faces of a grid, shape (nk, nj, ni), as a share of its maximum; 0 without any dose."""
    faces = [voxels.take(end, axis) for axis in range(3) if voxels.shape[axis] > 1 for end in (0, -1)]
    maximum = float(voxels.max())
    return max((float(face.max()) for face in faces), default=0.0) / maximum if maximum > 0.0 else 0.0


def _dose_type(reader: DicomReader) -> DoseType:
    try:
        return DoseType(reader.text("DoseType"))
    except ValueError as error:
        found = f"is '{reader.text('DoseType')}'"
        raise reader.refuse("DoseType", found, "", "'PHYSICAL'", Interlock.DOSE_TYPE) from error


def _require_no_response(reader: DicomReader) -> None:
    """Refuse an EQD2, or what is left of a limit: beside a proton plan its type EFFECTIVE would be taken for an RBE."""
    codes = [code.text("CodeValue") for code in reader.items("DerivationCodeSequence")]
    if WITH_RADIOBIOLOGY in codes:
        found = "is composed with radiobiological effects (DerivationCodeSequence)"
        raise reader.refuse("The dose", found, "", "the dose of a plan", Interlock.DOSE_TYPE)


def _summation(reader: DicomReader) -> DoseSummation:
    try:
        return DoseSummation(reader.text("DoseSummationType"))
    except ValueError as error:
        found = f"is '{reader.text('DoseSummationType')}'"
        raise reader.refuse("DoseSummationType", found, "", "'PLAN'", Interlock.DOSE_SUMMATION) from error


def _only_plan(reader: DicomReader) -> DicomReader:
    plans = reader.items("ReferencedRTPlanSequence")
    if len(plans) != 1:
        found = f"names {len(plans)} plans"
        raise reader.refuse("ReferencedRTPlanSequence", found, "", "exactly one", Interlock.DOSE_OTHER_PLAN)
    return plans[0]


def _beams(plan: DicomReader) -> frozenset[int]:
    return frozenset(
        beam.whole("ReferencedBeamNumber")
        for group in plan.items("ReferencedFractionGroupSequence")
        for beam in group.items("ReferencedBeamSequence")
    )


def read_grid(reader: DicomReader) -> tuple[Float32Array, Geometry, int]:
    """Voxels of a dose object in its DoseUnits on an even grid, the grid, and how many planes were added to make it even.

    Returns
    -------
    voxels : array, shape (nk, nj, ni)
    geometry : Geometry
        LPS.
    added : int

    Raises
    ------
    DicomError
        If its planes cannot be placed, or its pixels do not fit its header, are negative or cannot be decoded.
    GeometryError
        If a spacing is not positive.
    """
    row, column = row_and_column_directions(reader)
    normal = np.cross(row, column)
    origin = reader.numbers("ImagePositionPatient", 3)
    positions = plane_positions(reader, origin, normal)
    spacing_j, spacing_i = reader.numbers("PixelSpacing", 2)
    voxels = _voxels(reader, len(positions))
    added = 0
    if len(positions) > 1:
        voxels, step, added = even_planes(reader, voxels, positions)
    else:
        # One plane tells the dose on that plane only; its thickness is needed for a grid and never widens the dose.
        step = reader.number("SliceThickness") if reader.has("SliceThickness") else float(min(spacing_i, spacing_j))
    geometry = grid_of(
        reader,
        (row, column, normal * np.sign(step)),
        origin=origin,
        spacing=np.array([spacing_i, spacing_j, abs(step)]),
        size=np.array(voxels.shape[::-1]),
    )
    return voxels, geometry, added


def _voxels(reader: DicomReader, frames: int) -> Float32Array:
    scaling = reader.number("DoseGridScaling")
    if scaling <= 0.0:
        raise reader.refuse("DoseGridScaling", f"is {scaling}", "", "> 0", Interlock.DOSE_VALUES)
    shape = (frames, reader.whole("Rows"), reader.whole("Columns"))
    _require_plausible_pixels(reader, shape)
    try:
        pixels = reader.dataset.pixel_array
    except read_errors() as error:
        raise DicomError(
            reader.where,
            f"dose grid cannot be decoded ({error!s:.200})",
            "Export it uncompressed.",
            interlock=Interlock.DOSE_VALUES,
        ) from error
    if pixels.ndim == 2:
        pixels = pixels[np.newaxis]
    if pixels.shape != shape:
        raise reader.refuse("PixelData", f"has shape {pixels.shape}", "", f"{shape}", Interlock.DOSE_VALUES)
    if pixels.min() < 0:
        raise reader.refuse("PixelData", "holds negative doses", "", "≥ 0 Gy", Interlock.DOSE_VALUES)
    # Beyond what single precision holds a dose would become infinite, or zero everywhere.
    if pixels.any() and not SINGLE[0] <= float(pixels.max()) * scaling <= SINGLE[1]:
        raise reader.refuse("DoseGridScaling", f"is {scaling}", "", "a dose in Gy", Interlock.DOSE_VALUES)
    return np.asarray(pixels.astype(np.float64) * scaling, dtype=np.float32)


def _require_plausible_pixels(reader: DicomReader, shape: tuple[int, int, int]) -> None:
    """Refuse a header that does not fit its pixel data, before any memory is asked for."""
    bits = reader.whole("BitsAllocated")
    if bits not in (8, 16, 32) or reader.whole("BitsStored") != bits or reader.whole("HighBit") != bits - 1:
        found = f"is {reader.text('BitsStored')} of {bits}"
        raise reader.refuse("BitsStored", found, "", "16 of 16, or 32 of 32", Interlock.DOSE_VALUES)
    if min(shape) < 1 or (reader.has("SamplesPerPixel") and reader.whole("SamplesPerPixel") != 1):
        raise reader.refuse("Rows", f"claims a grid of {shape}", "", "one value per voxel", Interlock.DOSE_VALUES)
    claimed = shape[0] * shape[1] * shape[2] * bits // 8
    if claimed > LARGEST_GRID_BYTES:
        found = f"claims a grid of {shape}, {claimed / 1e9:.1f} GB"
        raise reader.refuse("Rows", found, "", "at most 2 GB", Interlock.FILE_TOO_LARGE)
    length = len(reader.raw("PixelData"))
    if length == 0 or (not reader.is_compressed() and not claimed <= length <= claimed + 1):
        raise reader.refuse("PixelData", f"has {length} bytes", "", f"{claimed} bytes", Interlock.DOSE_VALUES)
