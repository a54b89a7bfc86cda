"""Writing doses in the frame of reference of the current CT as RTDOSE: EQD2 sums (EFFECTIVE) and mapped doses (PHYSICAL)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..model.arrays import Float32Array
from ..model.errors import OutputError
from ..model.geometry import Geometry
from ..model.image import Image
from ..model.interlock import Interlock
from .reader import SopClass
from .writing import Code, decimal, limited, new_object, reference_item, save_object

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

BITS = 32
"""Bits per voxel. dciodvfy (dicom3tools 2022) aborts on 32-bit dose grids of any origin: check it on a copy of 16."""

LARGEST = {16: 2**16 - 1, 32: 2**31 - 1}
"""Largest pixel by bits. Of 32 bits the first stays 0, so that readers that take pixels for signed see the same dose."""

SERIES_NUMBER = 902
PHYSICAL_SERIES_NUMBER = 903


class DoseTransform(Enum):
    """SpatialTransformOfDose (3004,0005)."""

    NONE = "NONE"
    RIGID = "RIGID"
    NON_RIGID = "NON_RIGID"


class Derivation(Enum):
    """How a dose was made (PS3.16 CID 7220)."""

    PRIOR = Code("121370", "Composed from prior doses")
    PRIOR_AND_CURRENT = Code("121371", "Composed from prior doses and current plan")
    RADIOBIOLOGY = Code("121377", "Composed with radiobiological effects")
    FRACTIONS_DELIVERED = Code("121378", "Composed with weighting for fractions delivered")
    DEFORMABLE = Code("121367", "Composed from deformable registration")
    OTHER_IMAGES = Code("121368", "Composed from image series other than planning image series")


class Purpose(Enum):
    """Why an object is referred to (PS3.16 CID 7022, and 7221 for the new plan's dose)."""

    PRIOR_DOSE = Code("129212", "Dose from prior Treatment")
    SOURCE_DOSE = Code("121372", "Source dose for composing current dose")
    REGISTRATION = Code("129210", "Registration used in Planning")


@dataclass(frozen=True)
class PlanReference:
    """A plan that a dose belongs to: its SOP Class (RTPLAN or RTIONPLAN) and its SOPInstanceUID."""

    kind: SopClass
    uid: str


@dataclass(frozen=True)
class ContributingDose:
    """One dose that a written dose is made of, and what it needed on the way.

    Parameters
    ----------
    dose_uid : str
        SOPInstanceUID of its RTDOSE.
    is_prior : bool
        Of a prior treatment, not of the new plan.
    transform : DoseTransform
        How it came to the current CT.
    registration : tuple of (SopClass, str) or None
        The REG and its SOPInstanceUID, if there is one.
    is_weighted : bool
        Whether it was scaled by delivered / planned fractions.
    """

    dose_uid: str
    is_prior: bool
    transform: DoseTransform = DoseTransform.NONE
    registration: tuple[SopClass, str] | None = None
    is_weighted: bool = False


def write_effective_dose(
    path: Path,
    voxels_gy: Float32Array,
    reference: Image,
    plans: Sequence[PlanReference],
    description: str,
    comment: str,
    contributions: Sequence[ContributingDose] = (),
    bits: int = BITS,
    derivation: str = "",
    geometry: Geometry | None = None,
) -> str:
    """Write EQD2 voxels in the frame of reference of the current CT.

    DoseType EFFECTIVE says that these are no physical doses, and DerivationCodeSequence (CID 7220, DICOM correction
    proposal 2379) of what they are made; DoseSummationType is MULTI_PLAN as soon as two plans contribute. PS3.3 C.8.8.3.

    Parameters
    ----------
    path : Path
        A new file.
    voxels_gy : array, shape (nk, nj, ni)
        EQD2 in Gy.
    reference : Image
        The original current CT.
    plans : sequence of PlanReference
        All plans that contribute.
    description : str
        SeriesDescription, cut to 64 characters.
    comment : str
        DoseComment: what the voxels mean, cut to 64 characters.
    contributions : sequence of ContributingDose
        Every dose in the sum.
    bits : int
        32, or 16 for a copy that validators can read. Rounding is below 2.4e-10 or 8e-6 of the maximum.
    derivation : str
        DerivationDescription (PS3.3 C.7.6.1.1.3): what the voxels mean at length, cut to 1024 characters; written in ASCII.
    geometry : Geometry or None
        LPS grid of the voxels, parallel to the CT's; None for the CT's own.

    Returns
    -------
    str
        SOPInstanceUID.

    Raises
    ------
    OutputError
        If the array does not fit the grid, holds negative, infinite or only zero values, or cannot be written.
    """
    grid = geometry or reference.geometry
    dataset = dose_object(path, voxels_gy, reference, grid, plans, (description, comment), SERIES_NUMBER, bits)
    dataset.DoseType = "EFFECTIVE"
    if derivation:
        dataset.DerivationDescription = limited(derivation.replace("α/β", "alpha/beta"), 1024)
    dataset.DoseSummationType = "MULTI_PLAN" if max(len(plans), len(contributions)) > 1 else "PLAN"
    composed = Derivation.PRIOR if all(dose.is_prior for dose in contributions) else Derivation.PRIOR_AND_CURRENT
    add_derivation(dataset, contributions, [composed, Derivation.RADIOBIOLOGY] if contributions else [])
    return save_object(dataset, path)


def write_physical_dose(
    path: Path,
    voxels_gy: Float32Array,
    reference: Image,
    plan: PlanReference,
    description: str,
    comment: str,
    source: ContributingDose,
    bits: int = BITS,
    geometry: Geometry | None = None,
) -> str:
    """Write the physical dose of one course, mapped to the frame of reference of the current CT.

    DoseType PHYSICAL, DoseSummationType PLAN, SpatialTransformOfDose as it came there; nothing is added or converted.
    Where the dose is not known, ``voxels_gy`` must hold 0: say so in ``comment``. Parameters, errors and what is returned
    as in :func:`write_effective_dose`; ``plan`` is the course's and ``source`` its dose.
    """
    grid, texts = geometry or reference.geometry, (description, comment)
    dataset = dose_object(path, voxels_gy, reference, grid, [plan], texts, PHYSICAL_SERIES_NUMBER, bits)
    dataset.DoseType = "PHYSICAL"
    dataset.DoseSummationType = "PLAN"
    add_derivation(dataset, [source], [Derivation.PRIOR] if source.is_prior else [])
    return save_object(dataset, path)


def dose_object(
    path: Path,
    voxels_gy: Float32Array,
    reference: Image,
    geometry: Geometry,
    plans: Sequence[PlanReference],
    texts: tuple[str, str],
    series_number: int,
    bits: int,
) -> Dataset:
    """Everything but what the voxels are: grid, pixels, plans; ``texts`` are SeriesDescription and DoseComment.

    Raises
    ------
    OutputError
        As :func:`write_effective_dose`.
    """
    _require_usable(path, voxels_gy, geometry, plans, bits)
    description, comment = texts
    dataset = new_object(reference, SopClass.RTDOSE, description, series_number)
    direction = np.asarray(geometry.direction)
    scaling = decimal(float(voxels_gy.max()) / LARGEST[bits] * (1.0 + 1e-9))
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
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = 0
    dataset.DoseUnits = "GY"
    dataset.DoseComment = limited(comment, 64)
    dataset.DoseGridScaling = scaling
    dataset.ReferencedRTPlanSequence = [reference_item(plan.kind.value, plan.uid) for plan in plans]
    dataset.PixelData = _pixels(voxels_gy, float(scaling), bits)
    dataset["PixelData"].VR = "OW"
    return dataset


def _pixels(voxels_gy: Float32Array, scaling: float, bits: int) -> bytes:
    """Stored values, frame by frame: a whole CT in double precision would take gigabytes."""
    stored = np.empty(voxels_gy.shape, dtype=f"<u{bits // 8}")
    for frame, plane_gy in zip(stored, voxels_gy, strict=True):
        frame[:] = np.rint(plane_gy.astype(np.float64) / scaling).clip(0, LARGEST[bits])
    return stored.tobytes()


def _require_usable(
    path: Path, voxels_gy: Float32Array, geometry: Geometry, plans: Sequence[PlanReference], bits: int
) -> None:
    usable = voxels_gy.shape == geometry.shape and bool(np.isfinite(voxels_gy).all())
    if not usable or voxels_gy.min() < 0 or bits not in LARGEST:
        found = "a dose that is negative, not finite, of another grid or of other than 16 or 32 bits"
        raise OutputError(path.name, found, "Report this.", interlock=Interlock.EXPORT_DOSE_GRID)
    if not plans or not all(plan.uid for plan in plans):
        raise OutputError(path.name, "a dose of no plan", "Give the plans of the courses.", interlock=Interlock.EXPORT_PLAN)
    if voxels_gy.max() <= 0:
        remedy = "Check the registration: no prior dose reaches the current CT."
        found = "the dose is zero everywhere on the current CT"
        raise OutputError(path.name, found, remedy, interlock=Interlock.EXPORT_DOSE_GRID)


def add_derivation(dataset: Dataset, doses: Sequence[ContributingDose], derivations: list[Derivation]) -> None:
    """Say of what a dose was made and how (PS3.3 C.8.8.3, C.7.6.1): codes, and references with their purpose."""
    transforms = {dose.transform for dose in doses}
    conditional = {
        Derivation.FRACTIONS_DELIVERED: any(dose.is_weighted for dose in doses),
        Derivation.DEFORMABLE: DoseTransform.NON_RIGID in transforms,
        Derivation.OTHER_IMAGES: bool(transforms - {DoseTransform.NONE}),
    }
    codes = [*derivations, *(derivation for derivation, applies in conditional.items() if applies)]
    if codes:
        dataset.DerivationCodeSequence = [derivation.value.item() for derivation in codes]
    registrations = list(dict.fromkeys(dose.registration for dose in doses if dose.registration is not None))
    references = [_reference(SopClass.RTDOSE, dose.dose_uid, _purpose(dose)) for dose in doses]
    references += [_reference(kind, uid, Purpose.REGISTRATION) for kind, uid in registrations]
    if references:
        dataset.ReferencedInstanceSequence = references
    moved = [dose for dose in doses if dose.transform is not DoseTransform.NONE]
    # The type of transform may only be stated together with the objects that define it (type 1C).
    if doses and all(dose.registration is not None for dose in moved):
        strongest = next(kind for kind in reversed(DoseTransform) if kind in transforms)
        dataset.SpatialTransformOfDose = strongest.value
        if moved:
            dataset.ReferencedSpatialRegistrationSequence = [reference_item(kind.value, uid) for kind, uid in registrations]


def _purpose(dose: ContributingDose) -> Purpose:
    return Purpose.PRIOR_DOSE if dose.is_prior else Purpose.SOURCE_DOSE


def _reference(kind: SopClass, uid: str, purpose: Purpose) -> Dataset:
    item = reference_item(kind.value, uid)
    item.PurposeOfReferenceCodeSequence = [purpose.value.item()]
    return item
