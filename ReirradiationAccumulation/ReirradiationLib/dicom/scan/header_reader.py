"""From a file to the header of the object in it: classified by SOP Class, never by file name or Modality."""

from __future__ import annotations

from collections.abc import Callable

from ...model.errors import DicomError
from ...model.image import Patient
from ...model.interlock import Interlock
from ..reader import DicomReader, SopClass, open_any, read_patient
from .file_layout import FileLayout, read_layout
from .headers import (
    CtHeader,
    DoseHeader,
    Header,
    Moment,
    Origin,
    RegistrationHeader,
    RoiHeader,
    StructuresHeader,
    TreatmentHeader,
)
from .plan_header import PLAN_TAGS, plan_header
from .scan_files import FoundFile

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
TREATMENT_RECORDS = tuple(f"1.2.840.10008.5.1.4.1.1.481.{number}" for number in (4, 6, 7, 9))
"""RT Beams, Brachy, Summary and Ion Beams Treatment Record Storage (PS3.4 B.5)."""

_CT_TAGS = {
    "StudyInstanceUID": 0x0020000D,
    "SeriesInstanceUID": 0x0020000E,
    "FrameOfReferenceUID": 0x00200052,
    "PatientID": 0x00100020,
    "PatientName": 0x00100010,
    "PatientBirthDate": 0x00100030,
    "PatientSex": 0x00100040,
    "Manufacturer": 0x00080070,
    "ManufacturerModelName": 0x00081090,
    "SoftwareVersions": 0x00181020,
    "InstanceCreationDate": 0x00080012,
    "InstanceCreationTime": 0x00080013,
    "ContentDate": 0x00080023,
    "ContentTime": 0x00080033,
    "StudyDate": 0x00080020,
    "SeriesDescription": 0x0008103E,
    "ImagePositionPatient": 0x00200032,
    "ImageOrientationPatient": 0x00200037,
    "PixelSpacing": 0x00280030,
}
_ROWS, _COLUMNS = 0x00280010, 0x00280011
_WANTED = frozenset((*_CT_TAGS.values(), _ROWS, _COLUMNS))
_COMMON = (*(keyword for keyword in _CT_TAGS), "SOPClassUID", "SpecificCharacterSet")


def read_header(file: FoundFile) -> Header | str | None:
    """The header of a DICOM object; the UID of its SOP Class if it is of no use here; None if it is no DICOM file.

    Raises
    ------
    DicomError
        If the file is damaged (:attr:`Interlock.FILE_UNREADABLE`), or a needed attribute is
        (:attr:`Interlock.ATTRIBUTE`).
    """
    layout = read_layout(file.path, _WANTED)
    if layout is None:
        return None
    if layout.sop_class == SopClass.CT.value:
        return _ct(file, layout)
    read = _READERS.get(layout.sop_class)
    if read is None:
        return layout.sop_class
    keywords, make = read
    reader = open_any(file.path, pixels=False, tags=(*_COMMON, *keywords))
    return make(reader, _origin(file, reader, layout))


def _ct(file: FoundFile, layout: FileLayout) -> CtHeader:
    origin = _ct_origin(file, layout)
    position = _decimals(layout, "ImagePositionPatient", 3)
    rows, columns = (layout.whole(tag) for tag in (_ROWS, _COLUMNS))
    return CtHeader(
        origin=origin,
        position_mm=(position[0], position[1], position[2]) if position else None,
        orientation=_decimals(layout, "ImageOrientationPatient", 6),
        rows=rows,
        columns=columns,
        spacing_mm=_decimals(layout, "PixelSpacing", 2),
    )


def _ct_origin(file: FoundFile, layout: FileLayout) -> Origin:
    if not layout.has_simple_text:
        return _origin(file, open_any(file.path, pixels=False, tags=_COMMON), layout)
    text = {keyword: layout.text(tag) for keyword, tag in _CT_TAGS.items()}
    patient = Patient(text["PatientID"], text["PatientName"], text["PatientBirthDate"], text["PatientSex"])
    return _assembled(file, layout, patient, text)


def _origin(file: FoundFile, reader: DicomReader, layout: FileLayout) -> Origin:
    text = {keyword: reader.text(keyword) for keyword in _CT_TAGS if not keyword.startswith(("Image", "Pixel"))}
    return _assembled(file, layout, read_patient(reader), text)


def _assembled(file: FoundFile, layout: FileLayout, patient: Patient, text: dict[str, str]) -> Origin:
    if not layout.sop_instance:
        raise DicomError(str(file.path), "no SOPInstanceUID", "Export it again.", interlock=Interlock.FILE_UNREADABLE)
    created = Moment(text["InstanceCreationDate"], text["InstanceCreationTime"])
    return Origin(
        file=file,
        sop_class=layout.sop_class,
        uid=layout.sop_instance,
        study_uid=text["StudyInstanceUID"],
        series_uid=text["SeriesInstanceUID"],
        frame_uid=text["FrameOfReferenceUID"],
        transfer_syntax=layout.transfer_syntax,
        has_identity=layout.has_identity,
        patient=patient,
        system=_system(text),
        made=created if created.day else Moment(text["ContentDate"], text["ContentTime"]),
        study_day=text["StudyDate"],
        description=text["SeriesDescription"],
    )


def _system(text: dict[str, str]) -> str:
    versions = text["SoftwareVersions"].strip("[]").replace("'", "").replace("\\", ", ")
    return " ".join(part for part in (text["Manufacturer"], text["ManufacturerModelName"], versions) if part)


def _decimals(layout: FileLayout, keyword: str, count: int) -> tuple[float, ...] | None:
    raw = layout.text(_CT_TAGS[keyword])
    if not raw:
        return None
    try:
        values = tuple(float(part) for part in raw.split("\\"))
    except ValueError:
        values = ()
    if len(values) != count:
        found = f"{keyword} is '{raw}'"
        raise DicomError(str(layout.path), found, "Export it again.", f"{count} numbers", Interlock.ATTRIBUTE)
    return values


def _structures(reader: DicomReader, origin: Origin) -> StructuresHeader:
    contours = {item.text("ReferencedROINumber"): item for item in reader.items("ROIContourSequence")}
    types = {
        item.text("ReferencedROINumber"): item.text("RTROIInterpretedType")
        for item in reader.items("RTROIObservationsSequence")
    }
    rois = tuple(
        _roi(item, contours.get(item.text("ROINumber")), types.get(item.text("ROINumber"), ""))
        for item in reader.items("StructureSetROISequence")
    )
    counted = [roi.frame_uid for roi in rois if roi.frame_uid]
    frames = tuple(sorted(set(counted), key=lambda uid: (-counted.count(uid), uid)))
    series = [
        series
        for frame in reader.items("ReferencedFrameOfReferenceSequence")
        if not frames or frame.text("FrameOfReferenceUID") in (frames[0], "")
        for study in frame.items("RTReferencedStudySequence")
        for series in study.items("RTReferencedSeriesSequence")
    ]
    listed = {image.text("ReferencedSOPInstanceUID") for one in series for image in one.items("ContourImageSequence")}
    return StructuresHeader(
        origin=origin,
        label=reader.text("StructureSetLabel"),
        made=Moment(reader.text("StructureSetDate"), reader.text("StructureSetTime")),
        approval=reader.text("ApprovalStatus"),
        frame_uids=frames or ((origin.frame_uid,) if origin.frame_uid else ()),
        rois=rois,
        series_uids=tuple(sorted({one.text("SeriesInstanceUID") for one in series} - {""})),
        slice_uids=frozenset(listed - {""}),
    )


def _roi(item: DicomReader, contours: DicomReader | None, interpreted: str) -> RoiHeader:
    kinds = [contour.text("ContourGeometricType") for contour in contours.items("ContourSequence")] if contours else []
    closed = sum(kind in CLOSED for kind in kinds)
    return RoiHeader(
        number=item.whole("ROINumber"),
        name=item.text("ROIName"),
        interpreted_type=interpreted,
        frame_uid=item.text("ReferencedFrameOfReferenceUID"),
        closed=closed,
        other=len(kinds) - closed,
    )


def _dose(reader: DicomReader, origin: Origin) -> DoseHeader:
    plans = reader.items("ReferencedRTPlanSequence")
    groups = [group for plan in plans for group in plan.items("ReferencedFractionGroupSequence")]
    beams = [beam for group in groups for beam in group.items("ReferencedBeamSequence")]
    setups = [s for group in groups for s in group.items("ReferencedBrachyApplicationSetupSequence")]
    row_mm, column_mm = (float(value) for value in reader.numbers("PixelSpacing", 2))
    offsets = reader.numbers("GridFrameOffsetVector") if reader.has("GridFrameOffsetVector") else [0.0]
    frames = reader.whole("NumberOfFrames") if reader.has("NumberOfFrames") else 1
    structures = [item.text("ReferencedSOPInstanceUID") for item in reader.items("ReferencedStructureSetSequence")]
    return DoseHeader(
        origin=origin,
        units=reader.text("DoseUnits"),
        kind=reader.text("DoseType"),
        summation=reader.text("DoseSummationType"),
        plan_uids=tuple(sorted({plan.text("ReferencedSOPInstanceUID") for plan in plans} - {""})),
        structures_uid=structures[0] if structures else "",
        beams=tuple(
            sorted(
                [beam.whole("ReferencedBeamNumber") for beam in beams]
                + [setup.whole("ReferencedBrachyApplicationSetupNumber") for setup in setups]
            )
        ),
        size=(reader.whole("Columns"), reader.whole("Rows"), frames),
        spacing_mm=(column_mm, row_mm, abs(float(offsets[1] - offsets[0])) if len(offsets) > 1 else 0.0),
        dvh_rois=tuple(
            sorted(
                roi.whole("ReferencedROINumber")
                for item in reader.items("DVHSequence")
                for roi in item.items("DVHReferencedROISequence")
            )
        ),
    )


def _registration(reader: DicomReader, origin: Origin) -> RegistrationHeader:
    sources = [item.text("SourceFrameOfReferenceUID") for item in reader.items("DeformableRegistrationSequence")]
    rigid = [item.text("FrameOfReferenceUID") for item in reader.items("RegistrationSequence")]
    frames = dict.fromkeys(uid for uid in (origin.frame_uid, *sorted({*sources, *rigid})) if uid)
    return RegistrationHeader(origin, origin.sop_class == SopClass.DEFORMABLE_REG.value, tuple(frames))


def _treatment(reader: DicomReader, origin: Origin) -> TreatmentHeader:
    sessions = [item for sequence in _SESSIONS for item in reader.items(sequence)]
    numbers = {item.whole("CurrentFractionNumber") for item in sessions if item.has("CurrentFractionNumber")}
    delivered = [
        item.whole("NumberOfFractionsDelivered")
        for item in reader.items("FractionGroupSummarySequence")
        if item.has("NumberOfFractionsDelivered")
    ]
    plans = {item.text("ReferencedSOPInstanceUID") for item in reader.items("ReferencedRTPlanSequence")}
    return TreatmentHeader(
        origin=origin,
        plan_uids=tuple(sorted(plans - {""})),
        fractions=frozenset(numbers),
        delivered=sum(delivered) if delivered else None,
        day=reader.text("TreatmentDate"),
    )


_SESSIONS = (
    *("TreatmentSessionBeamSequence", "TreatmentSessionIonBeamSequence"),
    "TreatmentSessionApplicationSetupSequence",
)
_Make = Callable[[DicomReader, Origin], Header]
_STRUCTURE_TAGS = (
    *("StructureSetLabel", "StructureSetDate", "StructureSetTime", "ApprovalStatus", "StructureSetROISequence"),
    *("ROIContourSequence", "RTROIObservationsSequence", "ReferencedFrameOfReferenceSequence"),
)
_DOSE_TAGS = (
    *("DoseUnits", "DoseType", "DoseSummationType", "ReferencedRTPlanSequence", "ReferencedStructureSetSequence", "Rows"),
    *("Columns", "NumberOfFrames", "GridFrameOffsetVector", "DVHSequence"),
)
_TREATMENT_TAGS = (*_SESSIONS, "FractionGroupSummarySequence", "ReferencedRTPlanSequence", "TreatmentDate")
_READERS: dict[str, tuple[tuple[str, ...], _Make]] = {
    SopClass.RTSTRUCT.value: (_STRUCTURE_TAGS, _structures),
    SopClass.RTDOSE.value: (_DOSE_TAGS, _dose),
    SopClass.RTPLAN.value: (PLAN_TAGS, plan_header),
    SopClass.RTIONPLAN.value: (PLAN_TAGS, plan_header),
    SopClass.RIGID_REG.value: (("RegistrationSequence",), _registration),
    SopClass.DEFORMABLE_REG.value: (("DeformableRegistrationSequence",), _registration),
    **dict.fromkeys(TREATMENT_RECORDS, (_TREATMENT_TAGS, _treatment)),
}
