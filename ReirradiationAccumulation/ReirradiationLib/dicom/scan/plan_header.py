"""The header of a plan: fraction groups, beams and prescriptions of RTPLAN and RTIONPLAN (PS3.3 C.8.8.9 to C.8.8.26)."""

from __future__ import annotations

from ..plan import prescriptions, radiation
from ..reader import DicomReader, referenced_uid
from .headers import BeamHeader, FractionGroup, Moment, Origin, PlanHeader

PLAN_TAGS = (
    *("SOPClassUID", "RTPlanLabel", "RTPlanName", "RTPlanDate", "RTPlanTime", "ApprovalStatus", "FractionGroupSequence"),
    *("BeamSequence", "IonBeamSequence", "ApplicationSetupSequence", "BrachyTreatmentType", "DoseReferenceSequence"),
    "ReferencedStructureSetSequence",
)


def plan_header(reader: DicomReader, origin: Origin) -> PlanHeader:
    """The header of a plan that was opened with :data:`PLAN_TAGS`."""
    beams = {item.text("BeamNumber"): item for item in [*reader.items("BeamSequence"), *reader.items("IonBeamSequence")]}
    return PlanHeader(
        origin=origin,
        label=reader.text("RTPlanLabel") or reader.text("RTPlanName"),
        made=Moment(reader.text("RTPlanDate"), reader.text("RTPlanTime")),
        approval=reader.text("ApprovalStatus"),
        radiation=radiation(reader),
        particles=", ".join(sorted({beam.text("RadiationType") for beam in beams.values()} - {""})),
        dose_rate=reader.text("BrachyTreatmentType"),
        structures_uid=referenced_uid(reader, "ReferencedStructureSetSequence"),
        groups=tuple(_group(item, beams) for item in reader.items("FractionGroupSequence")),
        prescriptions=prescriptions(reader),
    )


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
