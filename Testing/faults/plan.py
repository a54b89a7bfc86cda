"""Faults of RTPLAN objects."""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset
from ReirradiationLib.model.interlock import Interlock

from .bench import OTHER_UID, Fault, all_of, new_plan, prior, prior_dose, prior_plan, setting


def fractions(number: object) -> Callable[[Dataset], None]:
    return lambda d: setting(NumberOfFractionsPlanned=number)(d.FractionGroupSequence[0])


def radiation(kind: str) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        for beam in dataset.BeamSequence:
            beam.RadiationType = kind

    return change


def brachytherapy(rate: str | None) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        if rate is not None:
            dataset.BrachyTreatmentType = rate
        dataset.ApplicationSetupSequence = [Dataset()]

    return change


def ion_plan_without_radiation_type(dataset: Dataset) -> None:
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.8"
    del dataset.BeamSequence


def prescription(dose_gy: float | None) -> Callable[[Dataset], None]:
    return lambda d: setting(TargetPrescriptionDose=dose_gy)(d.DoseReferenceSequence[0])


def another_group(dataset: Dataset) -> None:
    dataset.FractionGroupSequence.append(dataset.FractionGroupSequence[0])


PROTONS = prior_plan(radiation("PROTON"))
EFFECTIVE = prior_dose(setting(DoseType="EFFECTIVE"))

FAULTS = (
    Fault("no number of fractions", prior_plan(fractions(None)), Interlock.PLAN_FRACTIONS_MISSING),
    Fault("0 fractions", prior_plan(fractions(0)), Interlock.PLAN_FRACTIONS_MISSING),
    Fault("9999 fractions", prior_plan(fractions(9999)), Interlock.PLAN_FRACTIONS_MISSING),
    Fault("-5 fractions", prior_plan(fractions(-5)), Interlock.PLAN_FRACTIONS_MISSING),
    Fault("two fraction groups", prior_plan(another_group), Interlock.PLAN_FRACTION_GROUPS),
    Fault("no fraction group", prior_plan(setting(FractionGroupSequence=None)), Interlock.PLAN_FRACTION_GROUPS),
    Fault("other fractions in the case than in the plan", prior(fractions=12), Interlock.PLAN_FRACTIONS_DIFFER),
    Fault("fewer fractions delivered than planned", prior(delivered_fractions=7), Interlock.PLAN_PARTLY_DELIVERED),
    Fault("more fractions delivered than planned", prior(delivered_fractions=11), Interlock.PLAN_PARTLY_DELIVERED),
    Fault(
        "no plan; the fractions are the case's",
        prior(plan=None, fractions=10),
        Interlock.PLAN_MISSING,
        along=(Interlock.DATE_MISSING,),
    ),
    Fault("neither plan nor fractions", prior(plan=None), None, "neither a plan nor a number of fractions"),
    Fault("a plan that was not approved", prior_plan(setting(ApprovalStatus="UNAPPROVED")), Interlock.PLAN_NOT_APPROVED),
    Fault("a plan that was rejected", prior_plan(setting(ApprovalStatus="REJECTED")), Interlock.PLAN_REJECTED),
    Fault(
        "a plan that was changed after its dose", prior_plan(setting(RTPlanTime="235959")), Interlock.PLAN_NEWER_THAN_DOSE
    ),
    Fault("a plan without prescription", prior_plan(prescription(None)), Interlock.PRESCRIPTION_MISSING),
    Fault("a prescription of 3000: in cGy", prior_plan(prescription(3000)), Interlock.DOSE_IMPLAUSIBLE),
    Fault("a prescription below zero", prior_plan(prescription(-30)), Interlock.DOSE_IMPLAUSIBLE),
    Fault("the new plan prescribes otherwise than the case", new_plan(prescription(25)), Interlock.PRESCRIPTION_DIFFERS),
    Fault("low-dose-rate brachytherapy", prior_plan(brachytherapy("LDR")), Interlock.PLAN_BRACHYTHERAPY_RATE),
    Fault("pulsed brachytherapy", prior_plan(brachytherapy("PDR")), Interlock.PLAN_BRACHYTHERAPY_RATE),
    Fault("brachytherapy of unknown rate", prior_plan(brachytherapy(None)), Interlock.PLAN_BRACHYTHERAPY_RATE),
    Fault("high-dose-rate brachytherapy", prior_plan(brachytherapy("HDR")), Interlock.PLAN_BRACHYTHERAPY),
    Fault("a physical proton dose without RBE", PROTONS, Interlock.PLAN_RBE),
    Fault("a physical proton dose with an RBE", all_of(PROTONS, prior(rbe=1.1)), Interlock.PLAN_PROTONS),
    Fault("an effective proton dose", all_of(PROTONS, EFFECTIVE), Interlock.PLAN_PROTONS),
    Fault("an RBE on top of an effective dose", all_of(PROTONS, EFFECTIVE, prior(rbe=1.1)), Interlock.PLAN_RBE),
    Fault("an RBE for photons", prior(rbe=1.1), Interlock.PLAN_RBE),
    Fault("carbon ions", prior_plan(radiation("ION")), Interlock.PLAN_IONS),
    Fault("neutrons", prior_plan(radiation("NEUTRON")), Interlock.PLAN_IONS),
    Fault("an ion plan that names no ions", prior_plan(ion_plan_without_radiation_type), Interlock.PLAN_IONS),
    Fault(
        "a plan in another frame than its dose", prior_plan(setting(FrameOfReferenceUID=OTHER_UID)), Interlock.FRAME_DIFFERS
    ),
    Fault(
        "a structure set in place of the plan",
        prior_plan(setting(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3")),
        Interlock.FILE_WRONG_KIND,
    ),
    Fault("a plan without UID", prior_plan(setting(SOPInstanceUID=None)), Interlock.ATTRIBUTE, "SOPInstanceUID"),
)
