"""Faults of the current RTSTRUCT."""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset
from ReirradiationLib.model.interlock import Interlock

from .bench import OTHER_UID, Fault, setting, structures

CORD = "spinal_cord"


def number_of(dataset: Dataset, name: str) -> int:
    return int(next(roi.ROINumber for roi in dataset.StructureSetROISequence if roi.ROIName == name))


def contours_of(dataset: Dataset, name: str) -> Dataset:
    number = number_of(dataset, name)
    return next(item for item in dataset.ROIContourSequence if item.ReferencedROINumber == number)


def cord_contour(**values: object) -> Callable[[Dataset], None]:
    """The third contour of the cord, changed."""
    return lambda d: setting(**values)(contours_of(d, CORD).ContourSequence[2])


def coordinate(text: str) -> Callable[[Dataset], None]:
    """The first coordinate as some text; raw, as pydicom would refuse to write it."""
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    def change(dataset: Dataset) -> None:
        contour = contours_of(dataset, CORD).ContourSequence[2]
        values = [text, *(str(value) for value in contour.ContourData[1:])]
        raw, tag = "\\".join(values).encode(), Tag("ContourData")
        raw += b" " * (len(raw) % 2)
        contour._dict[tag] = RawDataElement(tag, "DS", len(raw), raw, 0, True, True)

    return change


def same_number_twice(dataset: Dataset) -> None:
    dataset.StructureSetROISequence[1].ROINumber = dataset.StructureSetROISequence[0].ROINumber


def contours_twice(dataset: Dataset) -> None:
    dataset.ROIContourSequence[1].ReferencedROINumber = dataset.ROIContourSequence[0].ReferencedROINumber


def same_name_twice(dataset: Dataset) -> None:
    next(roi for roi in dataset.StructureSetROISequence if roi.ROIName != CORD).ROIName = CORD


def another_name(dataset: Dataset) -> None:
    next(roi for roi in dataset.StructureSetROISequence if roi.ROIName == CORD).ROIName = "Spinal_Cord"


def every_frame(dataset: Dataset) -> None:
    for roi in dataset.StructureSetROISequence:
        roi.ReferencedFrameOfReferenceUID = OTHER_UID


def damaged(name: str, change: Callable[[Dataset], None], says: str) -> Fault:
    """A ROI whose contours are damaged is noted as one without; whoever needs it is refused."""
    return Fault(name, structures(change), Interlock.STRUCTURES_CONTOUR, says)


FAULTS = (
    Fault(
        "another structure set than the new plan was made on",
        structures(setting(SOPInstanceUID=OTHER_UID)),
        Interlock.STRUCTURES_OTHER_THAN_PLAN,
    ),
    Fault("one ROI number for two ROIs", structures(same_number_twice), Interlock.ATTRIBUTE, "occurs twice"),
    Fault("two ROIs' contours under one number", structures(contours_twice), Interlock.ATTRIBUTE, "occurs twice"),
    Fault(
        "two ROIs of the name that the case uses", structures(same_name_twice), None, "2 structures of that name|spelt|one"
    ),
    Fault("the ROI is spelt otherwise than in the case", structures(another_name), None, "no structures of that name"),
    damaged("a contour of 4 values", cord_contour(ContourData=[1, 2, 3, 4]), "4 values"),
    damaged("a contour of fewer points than it says", cord_contour(NumberOfContourPoints=999), "expected|points"),
    damaged("a coordinate that is not a number", coordinate("NaN"), "values"),
    damaged("a coordinate that is infinite", coordinate("1e999"), "values"),
    damaged("a coordinate that is a word", coordinate("left"), "not numeric"),
    damaged("a contour whose data are lost", cord_contour(ContourData=None), "ContourData|missing|contours"),
    damaged("an open line among the closed contours", cord_contour(ContourGeometricType="OPEN_PLANAR"), "OPEN_PLANAR"),
    damaged("a contour of unknown kind", cord_contour(ContourGeometricType="SPLINE"), "SPLINE"),
    Fault(
        "a ROI without contours that nobody uses",
        structures(lambda d: setattr(contours_of(d, "BODY"), "ContourSequence", [])),
        Interlock.STRUCTURES_EMPTY,
    ),
    Fault(
        "the ROI that the case uses has no contours",
        structures(lambda d: setattr(contours_of(d, CORD), "ContourSequence", [])),
        None,
        "it has no contours",
    ),
    Fault(
        "ROIs in two frames of reference",
        structures(lambda d: setattr(d.StructureSetROISequence[3], "ReferencedFrameOfReferenceUID", OTHER_UID)),
        Interlock.STRUCTURES_FRAMES,
    ),
    Fault("the structure set of the other course's frame", structures(every_frame), Interlock.FRAME_DIFFERS),
    Fault(
        "a structure set that refers to no slices",
        structures(setting(ReferencedFrameOfReferenceSequence=None)),
        Interlock.STRUCTURES_NO_REFERENCES,
    ),
    Fault(
        "the structures of a patient of another name", structures(setting(PatientName="Doe^Jane")), Interlock.PATIENT_NAME
    ),
)
