"""Reading an RTPLAN."""

from __future__ import annotations

from pathlib import Path

from ..model.course import Plan
from .reader import DicomReader, SopClass, open_dicom


def read_plan(path: Path) -> Plan:
    """Read label, fractions and prescription of an external-beam plan.

    Raises
    ------
    DicomError
        If the file is no RTPLAN, has no or several fraction groups, states no positive number of fractions, or
        holds brachytherapy.
    """
    reader = open_dicom(path, SopClass.RTPLAN)
    group = reader.only_item(
        "FractionGroupSequence", "Export a plan with one fraction group, or state 'fractions' in the case and no plan."
    )
    if not group.has("NumberOfFractionsPlanned") or group.whole("NumberOfFractionsPlanned") <= 0:
        raise group.refuse(
            "NumberOfFractionsPlanned",
            f"is '{group.text('NumberOfFractionsPlanned')}'",
            "Leave the plan out of the case and state 'fractions' from the treatment record.",
            "a number > 0",
        )
    if group.has("NumberOfBrachyApplicationSetups") and group.whole("NumberOfBrachyApplicationSetups") > 0:
        raise group.refuse(
            "NumberOfBrachyApplicationSetups", "is not 0", "Brachytherapy cannot be converted by fraction number.", "0"
        )
    return Plan(
        label=reader.text("RTPlanLabel") or path.stem,
        fractions=group.whole("NumberOfFractionsPlanned"),
        prescription_gy=_prescription(reader),
        date=reader.day("RTPlanDate"),
        frame_uid=reader.text("FrameOfReferenceUID"),
        sop_instance_uid=reader.required_text("SOPInstanceUID"),
        patient_id=reader.text("PatientID"),
        approval=reader.text("ApprovalStatus"),
        file=path,
    )


def _prescription(reader: DicomReader) -> float | None:
    stated = [
        item.number("TargetPrescriptionDose")
        for item in reader.items("DoseReferenceSequence")
        if item.has("TargetPrescriptionDose")
    ]
    return max(stated, default=None)
