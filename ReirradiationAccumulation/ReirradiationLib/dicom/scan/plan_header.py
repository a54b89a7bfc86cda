"""The header of a plan: fraction groups, beams and prescriptions of RTPLAN and RTIONPLAN (PS3.3 C.8.8.9 to C.8.8.26)."""

from __future__ import annotations

from ..reader import DicomReader, SopClass
from .headers import BeamHeader, FractionGroup, Modality, Moment, Origin, PlanHeader, Prescription

PLAN_TAGS = (
    *("RTPlanLabel", "RTPlanName", "RTPlanDate", "RTPlanTime", "ApprovalStatus", "FractionGroupSequence"),
    *("BeamSequence", "IonBeamSequence", "ApplicationSetupSequence", "BrachyTreatmentType", "DoseReferenceSequence"),
    "ReferencedStructureSetSequence",
)


def plan_header(reader: DicomReader, origin: Origin) -> PlanHeader:
    """The header of a plan that was opened with :data:`PLAN_TAGS`."""
    beams = {item.text("BeamNumber"): item for item in [*reader.items("BeamSequence"), *reader.items("IonBeamSequence")]}
    modality, particles = _modality(reader, origin, list(beams.values()))
    structures = reader.items("ReferencedStructureSetSequence")
    prescriptions = [_prescription(item) for item in reader.items("DoseReferenceSequence")]
    return PlanHeader(
        origin=origin,
        label=reader.text("RTPlanLabel") or reader.text("RTPlanName"),
        made=Moment(reader.text("RTPlanDate"), reader.text("RTPlanTime")),
        approval=reader.text("ApprovalStatus"),
        modality=modality,
        particles=particles,
        dose_rate=reader.text("BrachyTreatmentType"),
        structures_uid=structures[0].text("ReferencedSOPInstanceUID") if structures else "",
        groups=tuple(_group(item, beams) for item in reader.items("FractionGroupSequence")),
        prescriptions=tuple(item for item in prescriptions if item is not None),
    )


def _modality(reader: DicomReader, origin: Origin, beams: list[DicomReader]) -> tuple[Modality, str]:
    particles = sorted({beam.text("RadiationType") for beam in beams} - {""})
    brachy = reader.has("BrachyTreatmentType") or reader.items("ApplicationSetupSequence")
    if brachy:
        return Modality.BRACHYTHERAPY, ", ".join(particles)
    if "ION" in particles:
        return Modality.IONS, ", ".join(particles)
    if "PROTON" in particles or origin.sop_class == SopClass.RTIONPLAN.value:
        return Modality.PROTONS, ", ".join(particles)
    return Modality.PHOTONS, ", ".join(particles)


def _group(item: DicomReader, beams: dict[str, DicomReader]) -> FractionGroup:
    references = [
        *((beam, "ReferencedBeamNumber", "BeamDose") for beam in item.items("ReferencedBeamSequence")),
        *(
            (setup, "ReferencedBrachyApplicationSetupNumber", "BrachyApplicationSetupDose")
            for setup in item.items("ReferencedBrachyApplicationSetupSequence")
        ),
    ]
    return FractionGroup(
        number=item.whole("FractionGroupNumber") if item.has("FractionGroupNumber") else 1,
        fractions=item.whole("NumberOfFractionsPlanned") if item.has("NumberOfFractionsPlanned") else None,
        beams=tuple(_beam(beam, beams.get(beam.text(number)), number, dose) for beam, number, dose in references),
    )


def _beam(reference: DicomReader, beam: DicomReader | None, number: str, dose: str) -> BeamHeader:
    return BeamHeader(
        number=reference.whole(number),
        name=(beam.text("BeamName") or beam.text("BeamDescription")) if beam else "",
        delivery=beam.text("TreatmentDeliveryType") if beam else "",
        dose_gy=reference.number(dose) if reference.has(dose) else None,
    )


def _prescription(item: DicomReader) -> Prescription | None:
    if not item.has("TargetPrescriptionDose"):
        return None
    return Prescription(
        dose_gy=item.number("TargetPrescriptionDose"),
        kind=item.text("DoseReferenceStructureType"),
        roi_number=item.whole("ReferencedROINumber") if item.has("ReferencedROINumber") else None,
        description=item.text("DoseReferenceDescription"),
    )
