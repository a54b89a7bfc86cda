"""Small valid objects of every kind that the library reads, a few voxels each."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from .elements import BIG_ENDIAN, EXPLICIT, RLE, Element, elements_of

CURRENT, PRIOR = "1.2.3.10", "1.2.3.20"
"""Frames of reference that the registrations connect."""

PLAN = "1.2.3.30"


@dataclass(frozen=True)
class TinyObject:
    """A valid object: what reads it, its elements, and the transfer syntax that they are in."""

    kind: str
    reader: str
    elements: list[Element]
    syntax: str


def tiny_objects() -> tuple[TinyObject, ...]:
    """One of each kind."""
    made = [
        ("CT", "ct", ct_slice(1), EXPLICIT),
        ("dose, 16 bit", "dose", dose(16), EXPLICIT),
        ("dose, 32 bit", "dose", dose(32), EXPLICIT),
        ("dose, uneven planes", "dose", uneven_dose(), EXPLICIT),
        ("dose, RLE", "dose", rle_dose(), RLE),
        ("dose, big endian", "dose", dose(16, ">"), BIG_ENDIAN),
        ("plan", "plan", plan(), EXPLICIT),
        ("ion plan", "plan", plan(ions=True), EXPLICIT),
        ("structures", "structures", structures(), EXPLICIT),
        ("rigid registration", "registration", rigid(), EXPLICIT),
        ("deformable registration", "registration", deformable(), EXPLICIT),
    ]
    return tuple(TinyObject(kind, reader, _elements(dataset, syntax), syntax) for kind, reader, dataset, syntax in made)


def ct_slice(number: int) -> Dataset:
    dataset = _common("1.2.840.10008.5.1.4.1.1.2", f"1.2.3.40.{number}")
    _image(dataset, [-10.0, -10.0, 3.0 * number], rows=4, columns=5, bits=16)
    dataset.PixelRepresentation = 1
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.PixelData = (np.arange(20, dtype="<i2") * 50).tobytes()
    return dataset


def dose(bits: int, order: str = "<") -> Dataset:
    dataset = _common("1.2.840.10008.5.1.4.1.1.481.2", "1.2.3.50")
    _image(dataset, [-10.0, -10.0, 5.0], rows=4, columns=5, bits=bits)
    dataset.NumberOfFrames = 3
    dataset.GridFrameOffsetVector = [0, 3, 6]
    dataset.DoseUnits, dataset.DoseType, dataset.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    dataset.DoseGridScaling = "0.001"
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.5", PLAN
    dataset.ReferencedRTPlanSequence = [reference]
    dataset.PixelData = (np.arange(60) * 500).astype(f"{order}u{bits // 8}").tobytes()
    return dataset


def uneven_dose() -> Dataset:
    dataset = dose(16)
    dataset.GridFrameOffsetVector = [0, 3, 9]
    return dataset


def rle_dose() -> Dataset:
    dataset = dose(16)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(EXPLICIT)
    dataset = read_back(dataset, EXPLICIT)
    dataset.compress(UID(RLE), generate_instance_uid=False) if _pydicom_3() else dataset.compress(UID(RLE))
    return dataset


def plan(ions: bool = False) -> Dataset:
    dataset = _common("1.2.840.10008.5.1.4.1.1.481.8" if ions else "1.2.840.10008.5.1.4.1.1.481.5", PLAN)
    dataset.RTPlanLabel, dataset.RTPlanDate, dataset.RTPlanTime = "A", "20240101", "120000"
    dataset.ApprovalStatus = "APPROVED"
    prescription, group, used, beam = Dataset(), Dataset(), Dataset(), Dataset()
    prescription.DoseReferenceNumber, prescription.DoseReferenceType = 1, "TARGET"
    prescription.TargetPrescriptionDose = 30
    used.ReferencedBeamNumber = 1
    group.FractionGroupNumber, group.NumberOfFractionsPlanned, group.NumberOfBeams = 1, 10, 1
    group.ReferencedBeamSequence = [used]
    beam.BeamNumber, beam.TreatmentDeliveryType = 1, "TREATMENT"
    beam.RadiationType = "PROTON" if ions else "PHOTON"
    dataset.DoseReferenceSequence, dataset.FractionGroupSequence = [prescription], [group]
    setattr(dataset, "IonBeamSequence" if ions else "BeamSequence", [beam])
    return dataset


def structures() -> Dataset:
    dataset = _common("1.2.840.10008.5.1.4.1.1.481.3", "1.2.3.60")
    dataset.StructureSetLabel = "A"
    dataset.StructureSetROISequence = [_roi(number) for number in (1, 2)]
    dataset.ROIContourSequence = [_contours(number) for number in (1, 2)]
    observation, frame, study, series, image = (Dataset() for _ in range(5))
    observation.ObservationNumber, observation.ReferencedROINumber, observation.RTROIInterpretedType = 1, 1, "ORGAN"
    dataset.RTROIObservationsSequence = [observation]
    image.ReferencedSOPInstanceUID = "1.2.3.40.1"
    series.SeriesInstanceUID, series.ContourImageSequence = "1.2.3.41", [image]
    study.ReferencedSOPInstanceUID, study.RTReferencedSeriesSequence = "1.2.3.42", [series]
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = CURRENT, [study]
    dataset.ReferencedFrameOfReferenceSequence = [frame]
    return dataset


def rigid() -> Dataset:
    dataset = _common("1.2.840.10008.5.1.4.1.1.66.1", "1.2.3.70")
    dataset.RegistrationSequence = [_matrix_item(CURRENT, 0.0), _matrix_item(PRIOR, 7.0)]
    return dataset


def deformable() -> Dataset:
    dataset = _common("1.2.840.10008.5.1.4.1.1.66.3", "1.2.3.80")
    item, pre, field = Dataset(), Dataset(), Dataset()
    pre.FrameOfReferenceTransformationMatrixType = "RIGID"
    pre.FrameOfReferenceTransformationMatrix = [1, 0, 0, 7, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    field.ImageOrientationPatient, field.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-10, -10, 5]
    field.GridDimensions, field.GridResolution = [2, 3, 2], [5, 5, 5]
    field.VectorGridData = np.linspace(-1, 1, 36).astype("<f4").tobytes()
    item.SourceFrameOfReferenceUID = PRIOR
    item.PreDeformationMatrixRegistrationSequence = [pre]
    item.PostDeformationMatrixRegistrationSequence = [pre]
    item.DeformableRegistrationGridSequence = [field]
    dataset.DeformableRegistrationSequence = [item]
    return dataset


def _common(sop_class: str, uid: str) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = "20240102", "120000.5"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid
    dataset.StudyDate, dataset.SeriesDescription = "20240101", "A"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = "Doe^Jane", "P1", "19500101", "F"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.1", "1.2.3.41"
    dataset.FrameOfReferenceUID = CURRENT
    return dataset


def _image(dataset: Dataset, origin: list[float], rows: int, columns: int, bits: int) -> None:
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = origin, [1, 0, 0, 0, 1, 0]
    dataset.Rows, dataset.Columns, dataset.PixelSpacing = rows, columns, [2, 2.5]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1


def _roi(number: int) -> Dataset:
    roi = Dataset()
    roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, f"organ {number}", CURRENT
    return roi


def _contours(number: int) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber, item.ROIDisplayColor = number, [255, 0, 0]
    contour = Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 4
    contour.ContourData = [0, 0, 5, 4, 0, 5, 4, 4, 5, 0, 4.25, 5]
    item.ContourSequence = [contour]
    return item


def _matrix_item(frame: str, shift_mm: float) -> Dataset:
    matrix, registration, item = Dataset(), Dataset(), Dataset()
    matrix.FrameOfReferenceTransformationMatrixType = "RIGID"
    matrix.FrameOfReferenceTransformationMatrix = [1, 0, 0, shift_mm, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    registration.MatrixSequence = [matrix]
    item.FrameOfReferenceUID, item.MatrixRegistrationSequence = frame, [registration]
    return item


def _elements(dataset: Dataset, syntax: str) -> list[Element]:
    return elements_of(read_back(dataset, syntax))


def read_back(dataset: Dataset, syntax: str) -> Dataset:
    """The dataset written in explicit VR of that syntax and read, so that its elements are raw bytes."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if _pydicom_3():
            little = syntax != BIG_ENDIAN
            pydicom.dcmwrite(stream, dataset, implicit_vr=False, little_endian=little, enforce_file_format=True)
        else:
            dataset.is_little_endian, dataset.is_implicit_VR = syntax != BIG_ENDIAN, False
            pydicom.dcmwrite(stream, dataset, write_like_original=False)
    stream.seek(0)
    return pydicom.dcmread(stream)


def _pydicom_3() -> bool:
    return int(pydicom.__version__.split(".")[0]) >= 3
