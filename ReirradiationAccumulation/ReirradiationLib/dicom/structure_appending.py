"""An existing RTSTRUCT whose ROIs a new set repeats unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.errors import DicomError, OutputError
from ..model.image import Image
from ..model.interlock import Interlock
from .reader import DicomReader, SopClass, open_dicom, read_errors, read_patient
from .structures import CONTOUR_DATA, read_structures
from .writing import set_bytes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

BIG_ENDIAN = "1.2.840.10008.1.2.2"


@dataclass(frozen=True, eq=False)
class ExistingSet:
    """The items of a structure set that are repeated; none by default.

    Parameters
    ----------
    regions, contours, observations : tuple of Dataset
        Items of StructureSetROISequence, ROIContourSequence and RTROIObservationsSequence; contours undecoded.
    names : tuple of str
        ROI names.
    largest_number : int
        Of all ROI and observation numbers; 0 if there are none.
    """

    regions: tuple[Dataset, ...] = ()
    contours: tuple[Dataset, ...] = ()
    observations: tuple[Dataset, ...] = ()
    names: tuple[str, ...] = ()
    largest_number: int = 0

    def shifted(self, number: int) -> int:
        """A number for a new ROI that none of the existing ones has."""
        return self.largest_number + number

    def require_new_names(self, names: Sequence[str]) -> None:
        """Refuse names that the set has already, letter case ignored.

        Raises
        ------
        OutputError
        """
        taken = {name.strip().casefold(): name for name in self.names}
        for name in names:
            if name.casefold() in taken:
                found = f"the set has a ROI '{taken[name.casefold()]}' already"
                raise OutputError(f"ROI '{name}'", found, "Rename one of them.", interlock=Interlock.EXPORT_APPEND)


def open_existing(path: Path, reference: Image) -> ExistingSet:
    """The items of an RTSTRUCT of the given CT.

    Raises
    ------
    DicomError
        If it cannot be read.
    OutputError
        If it belongs to another patient, frame of reference or CT.
    """
    known = read_structures(path)
    reader = open_dicom(path, SopClass.RTSTRUCT)
    if reader.transfer_syntax() == BIG_ENDIAN:
        raise DicomError(str(path), "a big-endian transfer syntax", "Export the structure set as little endian.")
    if known.frame_uid != reference.frame_uid:
        raise _refused(path, f"frame of reference {known.frame_uid}", reference.frame_uid)
    if read_patient(reader).patient_id != reference.patient.patient_id:
        raise _refused(path, f"PatientID '{read_patient(reader).patient_id}'", f"'{reference.patient.patient_id}'")
    unknown = known.referenced_slice_uids - set(reference.slice_uids)
    if unknown or not known.referenced_slice_uids:
        found = f"it refers to {len(unknown)} slices of another CT" if unknown else "it refers to no CT"
        raise _refused(path, found, "slices of the current CT only")
    numbers = [structure.number for structure in known.structures]
    numbers += [item.whole("ObservationNumber") for item in reader.items("RTROIObservationsSequence")]
    return ExistingSet(
        regions=_items(reader, "StructureSetROISequence"),
        contours=_items(reader, "ROIContourSequence"),
        observations=_items(reader, "RTROIObservationsSequence"),
        names=known.names(),
        largest_number=max([0, *numbers]),
    )


def _items(reader: DicomReader, keyword: str) -> tuple[Dataset, ...]:
    items = tuple(item.dataset for item in reader.items(keyword))
    try:
        for item in items:
            _decode(item)
    except read_errors() as error:
        raise reader.refuse(keyword, f"cannot be read ({error})", "Export the structure set again.") from error
    return items


def _decode(dataset: Dataset) -> None:
    """Decode all but the contours: texts may change their character set, sequences their encoding; contours must not."""
    for tag in list(dataset.keys()):
        raw = dataset.get_item(tag)
        if tag == CONTOUR_DATA and raw is not None and isinstance(raw.value, bytes):
            set_bytes(dataset, CONTOUR_DATA, raw.value)
        elif dataset[tag].VR == "SQ":
            for item in dataset[tag].value or ():
                _decode(item)


def _refused(path: Path, found: str, expected: str) -> OutputError:
    remedy = "Append to the structure set of the current CT."
    return OutputError(str(path), found, remedy, expected, Interlock.EXPORT_APPEND)
