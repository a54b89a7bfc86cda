"""Reading an RTDOSE."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..model.arrays import Float32Array, FloatArray
from ..model.errors import DicomError
from ..model.image import Dose
from .planes import grid, row_and_column_directions
from .reader import READ_ERRORS, DicomReader, SopClass, open_dicom, read_patient

OFFSET_TOLERANCE_MM = 0.01
"""Largest deviation of a dose plane from even spacing."""

_ACCEPTED = {
    "DoseUnits": ("GY", "Export the dose in Gy (absolute) from the planning system."),
    "DoseType": ("PHYSICAL", "Export the physical dose; EFFECTIVE or ERROR doses cannot be converted to EQD2."),
    "DoseSummationType": ("PLAN", "Export the dose of the whole plan, not of a beam, a fraction or several plans."),
}


def read_dose(path: Path) -> Dose:
    """Read the physical dose of a whole plan.

    DoseGridScaling is applied in double precision. GridFrameOffsetVector may be relative or absolute, ascending or
    descending (PS3.3 C.8.8.3.2); the row, column and frame axes may point anywhere.

    Raises
    ------
    DicomError
        If the file is no RTDOSE, its units are not GY, its type not PHYSICAL, its summation not PLAN, it names no
        plan, its frames are unevenly spaced or fewer than two, it is all zero or has negative values.
    """
    reader = open_dicom(path, SopClass.RTDOSE)
    for keyword, (accepted, remedy) in _ACCEPTED.items():
        if reader.text(keyword) != accepted:
            raise reader.refuse(keyword, f"is '{reader.text(keyword)}'", remedy, f"'{accepted}'")
    plan = reader.only_item("ReferencedRTPlanSequence", "Export the dose of one plan together with the plan.")
    row, column = row_and_column_directions(reader)
    normal = np.cross(row, column)
    origin = reader.numbers("ImagePositionPatient", 3)
    step = _frame_step(reader, origin, normal)
    spacing_j, spacing_i = reader.numbers("PixelSpacing", 2)
    voxels = _voxels_gy(reader)
    return Dose(
        voxels_gy=voxels,
        geometry=grid(
            row,
            column,
            normal * np.sign(step),
            origin=origin,
            spacing=np.array([spacing_i, spacing_j, abs(step)]),
            size=np.array(voxels.shape[::-1]),
        ),
        frame_uid=reader.required_text("FrameOfReferenceUID"),
        sop_instance_uid=reader.required_text("SOPInstanceUID"),
        plan_uid=plan.required_text("ReferencedSOPInstanceUID"),
        patient=read_patient(reader),
        file=path,
    )


def _frame_step(reader: DicomReader, origin: FloatArray, normal: FloatArray) -> float:
    """Signed distance between frames along the normal, mm."""
    offsets = reader.numbers("GridFrameOffsetVector")
    frames = reader.whole("NumberOfFrames") if reader.has("NumberOfFrames") else 1
    if len(offsets) != frames or frames < 2:
        raise reader.refuse(
            "GridFrameOffsetVector", f"has {len(offsets)} values for {frames} frames", "Export a three-dimensional dose."
        )
    if abs(offsets[0]) > OFFSET_TOLERANCE_MM:
        # Absolute offsets are z coordinates and defined for axial planes only (PS3.3 C.8.8.3.2).
        axial = abs(abs(normal[2]) - 1.0) < OFFSET_TOLERANCE_MM
        if not axial or abs(offsets[0] - origin[2]) > OFFSET_TOLERANCE_MM:
            raise reader.refuse(
                "GridFrameOffsetVector", f"starts with {offsets[0]}", "Export the dose again.", f"0 or {origin[2]} (z)"
            )
        offsets = (offsets - offsets[0]) * np.sign(normal[2])
    step = float(offsets[-1] / (frames - 1))
    if abs(step) <= OFFSET_TOLERANCE_MM or np.abs(offsets - step * np.arange(frames)).max() > OFFSET_TOLERANCE_MM:
        raise reader.refuse(
            "GridFrameOffsetVector", "is unevenly spaced", "Export the dose on an even grid.", f"steps of {step:.3f} mm"
        )
    return step


def _voxels_gy(reader: DicomReader) -> Float32Array:
    bits = reader.whole("BitsAllocated")
    if reader.whole("BitsStored") != bits or reader.whole("HighBit") != bits - 1:
        raise reader.refuse("BitsStored", f"is {reader.text('BitsStored')} of {bits}", "Export the dose again.", f"{bits}")
    scaling = reader.number("DoseGridScaling")
    if scaling <= 0.0:
        raise reader.refuse("DoseGridScaling", f"is {scaling}", "Export the dose again.", "> 0")
    try:
        pixels = reader.dataset.pixel_array
    except READ_ERRORS as error:
        raise DicomError(reader.where, f"dose grid cannot be decoded ({error})", "Export it uncompressed.") from error
    frames, rows, columns = reader.whole("NumberOfFrames"), reader.whole("Rows"), reader.whole("Columns")
    if pixels.shape != (frames, rows, columns):
        raise reader.refuse("PixelData", f"has shape {pixels.shape}", "Export the dose again.", f"{(frames, rows, columns)}")
    if pixels.min() < 0:
        raise reader.refuse("PixelData", "holds negative doses", "Export the dose again.", "≥ 0 Gy")
    if not pixels.any():
        raise reader.refuse("PixelData", "is zero everywhere", "Check which dose was exported.", "a dose")
    return np.asarray(pixels.astype(np.float64) * scaling, dtype=np.float32)
