"""Faults of the current CT."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from ReirradiationLib.model.interlock import Interlock

from .bench import OTHER_UID, Bench, Fault, ct, setting, structures

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"


def doubled(dataset: Dataset) -> None:
    """In the place of the slice before, under its own UID."""
    x, y, z = dataset.ImagePositionPatient
    dataset.ImagePositionPatient = [x, y, z - 3]


def tilted(dataset: Dataset) -> None:
    """As a gantry tilted by 10° scans: every slice a little further, by its height."""
    x, y, z = (float(value) for value in dataset.ImagePositionPatient)
    dataset.ImagePositionPatient = [x, y + np.tan(np.radians(10.0)) * z, z]


def half_size(dataset: Dataset) -> None:
    dataset.PixelData = np.ascontiguousarray(dataset.pixel_array[::2, ::2]).tobytes()
    dataset.Rows, dataset.Columns, dataset.PixelSpacing = 51, 61, [6, 6]


def cut_short(dataset: Dataset) -> None:
    dataset.PixelData = dataset.PixelData[:1000]


def compressed_unknown(dataset: Dataset) -> None:
    """JPEG 2000 by its header, and pixels that no decoder makes sense of."""
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.90")
    dataset.is_little_endian, dataset.is_implicit_VR = True, False
    dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(100)])
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"


def uid_of_the_first(bench: Bench) -> Bench:
    import pydicom

    first = pydicom.dcmread(sorted(bench.case.current.ct.iterdir())[0], stop_before_pixels=True)
    return ct((7, setting(SOPInstanceUID=first.SOPInstanceUID)))(bench)


FAULTS = (
    Fault("an empty CT folder", ct(without=range(50)), Interlock.CT_MISSING),
    Fault("a CT of a single slice", ct(without=range(1, 50)), Interlock.CT_MISSING),
    Fault("a slice is missing", ct(without=[20]), Interlock.CT_UNEVEN),
    Fault("a slice in the place of another", ct((20, doubled)), Interlock.CT_UNEVEN),
    Fault(
        "the last slices are missing: an even CT still, but the contours know better",
        ct(without=[48, 49]),
        Interlock.STRUCTURES_OTHER_CT,
    ),
    Fault("a tilted gantry", ct(every=tilted), Interlock.CT_TILTED),
    Fault("a slice of another series", ct((20, setting(SeriesInstanceUID=OTHER_UID))), Interlock.CT_SEVERAL),
    Fault("a slice of half the matrix", ct((20, half_size)), Interlock.CT_MIXED),
    Fault("a slice of other pixel spacing", ct((20, setting(PixelSpacing=[3.1, 3]))), Interlock.CT_MIXED),
    Fault("a slice seen from below", ct((20, setting(ImageOrientationPatient=[1, 0, 0, 0, -1, 0]))), Interlock.CT_MIXED),
    Fault("a slice in another frame of reference", ct((20, setting(FrameOfReferenceUID=OTHER_UID))), Interlock.CT_MIXED),
    Fault("a slice of another patient", ct((20, setting(PatientID="X"))), Interlock.CT_MIXED, "PatientID"),
    Fault("one UID on two slices", uid_of_the_first, Interlock.UID_REUSED),
    Fault("a slice whose pixels are lost", ct((20, cut_short)), Interlock.ATTRIBUTE, "PixelData"),
    Fault("a slice without position", ct((20, setting(ImagePositionPatient=None))), Interlock.ATTRIBUTE),
    Fault("a slice without rescale slope", ct((20, setting(RescaleSlope=None))), Interlock.ATTRIBUTE, "RescaleSlope"),
    Fault("a slice that claims 65 535 rows", ct((20, setting(Rows=65535)), every=None), Interlock.CT_MIXED),
    Fault("all slices claim 60 000 rows", ct(every=setting(Rows=60000)), Interlock.FILE_TOO_LARGE),
    Fault("slices in a compression that nobody decodes", ct(every=compressed_unknown), Interlock.CT_COMPRESSED),
    Fault(
        "a slice that is a dose by its SOP Class",
        ct((20, setting(SOPClassUID=f"{CT_CLASS[:-1]}481.2"))),
        Interlock.CT_UNEVEN,
    ),
    Fault(
        "the whole CT in another frame of reference",
        ct(every=setting(FrameOfReferenceUID=OTHER_UID)),
        Interlock.FRAME_DIFFERS,
    ),
    Fault(
        "the CT of another patient",
        ct(every=setting(PatientID="X", PatientName="Somebody^Else")),
        Interlock.PATIENT_ID,
        along=(Interlock.PATIENT_NAME,),
    ),
    Fault(
        "structures drawn on another CT of the same frame",
        structures(
            lambda d: setattr(
                d.ReferencedFrameOfReferenceSequence[0]
                .RTReferencedStudySequence[0]
                .RTReferencedSeriesSequence[0]
                .ContourImageSequence[3],
                "ReferencedSOPInstanceUID",
                OTHER_UID,
            )
        ),
        Interlock.STRUCTURES_OTHER_CT,
    ),
)
