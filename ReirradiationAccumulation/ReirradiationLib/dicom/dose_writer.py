"""Writing a summed EQD2 as an RTDOSE of type EFFECTIVE."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..model.arrays import Float32Array
from ..model.errors import OutputError
from ..model.image import Image
from .reader import SopClass
from .writing import decimal, limited, new_object, reference_item, save_object

BITS = 16
"""Bits per voxel. dciodvfy (dicom3tools 2022) aborts on 32-bit dose grids of any origin; 16 keep the file checkable."""

LARGEST = 2**BITS - 1
SERIES_NUMBER = 902


def write_effective_dose(
    path: Path, voxels_gy: Float32Array, reference: Image, plan_uids: Sequence[str], description: str, comment: str
) -> None:
    """Write EQD2 voxels on the grid of the current CT.

    Unsigned, scaled to the maximum: at 16 bits the rounding is below 1e-5 of it. DoseType EFFECTIVE says that these
    are no physical doses; DoseSummationType is MULTI_PLAN as soon as two plans contribute.

    Parameters
    ----------
    path : Path
    voxels_gy : array, shape (nk, nj, ni)
        EQD2 in Gy on the grid of ``reference``.
    reference : Image
        The original current CT.
    plan_uids : sequence of str
        SOPInstanceUIDs of all RTPLANs that contribute.
    description : str
        SeriesDescription, cut to 64 characters.
    comment : str
        DoseComment: what the voxels mean, cut to 64 characters.

    Raises
    ------
    OutputError
        If the array does not fit the CT, holds negative, infinite or only zero values, or cannot be written.
    """
    usable = voxels_gy.shape == reference.geometry.shape and bool(np.isfinite(voxels_gy).all())
    if not usable or voxels_gy.min() < 0 or not plan_uids:
        raise OutputError(path.name, "a dose that is negative, not finite, of another grid or of no plan", "Report this.")
    if voxels_gy.max() <= 0:
        remedy = "Check the registration: no prior dose reaches the current CT."
        raise OutputError(path.name, "the dose is zero everywhere on the current CT", remedy)
    dataset = new_object(reference, SopClass.RTDOSE, description, SERIES_NUMBER)
    geometry = reference.geometry
    direction = np.asarray(geometry.direction)
    scaling = decimal(float(voxels_gy.max()) / LARGEST * (1.0 + 1e-9))
    dataset.SliceThickness = decimal(geometry.spacing_mm[2])
    dataset.ImagePositionPatient = [decimal(value) for value in geometry.origin_mm]
    dataset.ImageOrientationPatient = [decimal(value) for value in (*direction[:, 0], *direction[:, 1])]
    dataset.PixelSpacing = [decimal(geometry.spacing_mm[1]), decimal(geometry.spacing_mm[0])]
    dataset.GridFrameOffsetVector = [decimal(n * geometry.spacing_mm[2]) for n in range(geometry.size[2])]
    dataset.FrameIncrementPointer = 0x3004000C
    dataset.NumberOfFrames = geometry.size[2]
    dataset.Rows, dataset.Columns = geometry.size[1], geometry.size[0]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = BITS, BITS, BITS - 1
    dataset.PixelRepresentation = 0
    dataset.DoseUnits = "GY"
    dataset.DoseType = "EFFECTIVE"
    dataset.DoseSummationType = "MULTI_PLAN" if len(plan_uids) > 1 else "PLAN"
    dataset.DoseComment = limited(comment, 64)
    dataset.DoseGridScaling = scaling
    dataset.ReferencedRTPlanSequence = [reference_item(SopClass.RTPLAN.value, uid) for uid in plan_uids]
    stored = np.rint(voxels_gy.astype(np.float64) / float(scaling)).clip(0, LARGEST).astype(f"<u{BITS // 8}")
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    save_object(dataset, path)
