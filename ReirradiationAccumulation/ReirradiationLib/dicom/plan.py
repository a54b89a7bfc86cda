"""Reading an RTPLAN or RTIONPLAN."""

from __future__ import annotations

from pathlib import Path

from ..model.course import Plan, Prescription, Radiation
from ..model.dates import dicom_moment
from ..model.interlock import Interlock
from .reader import DicomReader, SopClass, open_dicom, read_patient, read_system, referenced_uid

LARGEST_FRACTIONS = 1000
WITHOUT_DOSE = ("SETUP", "VERIFICATION", "OPEN_PORTFILM", "TRMT_PORTFILM")
"""TreatmentDeliveryType (PS3.3 C.8.8.14) of a beam that is no treatment; an unknown one counts as treatment."""


def read_plan(path: Path) -> Plan:
    """Read label, fractions, prescriptions, beams and kind of radiation of a plan.

    Raises
    ------
    DicomError
        If the file is no plan, has no or several fraction groups, or states no positive number of fractions.
    """
    reader = open_dicom(path, SopClass.RTPLAN, SopClass.RTIONPLAN)
    group = _only_group(reader)
    return Plan(
        label=reader.text("RTPlanLabel") or path.stem,
        fractions=_fractions(group),
        prescriptions=prescriptions(reader),
        radiation=radiation(reader),
        beams=_treatment_beams(reader, group),
        date=reader.day("RTPlanDate"),
        changed=dicom_moment(reader.text("RTPlanDate"), reader.text("RTPlanTime")),
        frame_uid=reader.text("FrameOfReferenceUID"),
        sop_instance_uid=reader.required_text("SOPInstanceUID"),
        structure_set_uid=referenced_uid(reader, "ReferencedStructureSetSequence"),
        patient=read_patient(reader),
        approval=reader.text("ApprovalStatus"),
        file=path,
        is_ion_plan=_is_ion_plan(reader),
        site=reader.joined("TreatmentSites"),
        system=read_system(reader),
    )


def prescriptions(reader: DicomReader) -> tuple[Prescription, ...]:
    """Every target of the plan that has a prescribed dose (PS3.3 C.8.8.10)."""
    return tuple(
        Prescription(
            roi_number=item.whole("ReferencedROINumber") if item.has("ReferencedROINumber") else None,
            description=item.text("DoseReferenceDescription"),
            dose_gy=item.number("TargetPrescriptionDose"),
        )
        for item in reader.items("DoseReferenceSequence")
        if item.has("TargetPrescriptionDose") and item.text("DoseReferenceType") != "ORGAN_AT_RISK"
    )


def radiation(reader: DicomReader) -> Radiation:
    """The kind of radiation: of all kinds in the plan the one that needs most care."""
    kinds = {beam.text("RadiationType") for beam in (*reader.items("BeamSequence"), *reader.items("IonBeamSequence"))}
    if reader.items("ApplicationSetupSequence") or reader.has("BrachyTreatmentType") or _brachy_setups(reader):
        high = reader.text("BrachyTreatmentType") == "HDR"
        return Radiation.HIGH_DOSE_RATE if high else Radiation.BRACHYTHERAPY
    if kinds & {"ION", "NEUTRON"}:
        return Radiation.IONS
    if "PROTON" in kinds:
        return Radiation.PROTONS
    # An ion plan that does not say which ions it uses must not pass for photons.
    says_otherwise = bool(kinds) and kinds <= {"PHOTON", "ELECTRON"}
    return Radiation.IONS if _is_ion_plan(reader) and not says_otherwise else Radiation.EXTERNAL


def _is_ion_plan(reader: DicomReader) -> bool:
    return reader.text("SOPClassUID") == SopClass.RTIONPLAN.value


def _only_group(reader: DicomReader) -> DicomReader:
    groups = reader.items("FractionGroupSequence")
    if len(groups) != 1:
        found = f"has {len(groups)} items"
        raise reader.refuse("FractionGroupSequence", found, "", "exactly one", Interlock.PLAN_FRACTION_GROUPS)
    return groups[0]


def _fractions(group: DicomReader) -> int:
    keyword = "NumberOfFractionsPlanned"
    if not group.has(keyword) or not 0 < group.whole(keyword) <= LARGEST_FRACTIONS:
        found, expected = f"is '{group.text(keyword)}'", f"1 to {LARGEST_FRACTIONS}"
        raise group.refuse(keyword, found, "", expected, Interlock.PLAN_FRACTIONS_MISSING)
    return group.whole(keyword)


def _treatment_beams(reader: DicomReader, group: DicomReader) -> frozenset[int]:
    setup = {
        beam.whole("BeamNumber")
        for beam in (*reader.items("BeamSequence"), *reader.items("IonBeamSequence"))
        if beam.has("BeamNumber") and beam.text("TreatmentDeliveryType") in WITHOUT_DOSE
    }
    return frozenset(beam.whole("ReferencedBeamNumber") for beam in group.items("ReferencedBeamSequence")) - setup


def _brachy_setups(reader: DicomReader) -> bool:
    keyword = "NumberOfBrachyApplicationSetups"
    return any(group.has(keyword) and group.whole(keyword) > 0 for group in reader.items("FractionGroupSequence"))
