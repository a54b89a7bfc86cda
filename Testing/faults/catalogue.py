"""Everything that can be wrong with the records of a case, and what must be noticed."""

from __future__ import annotations

from ReirradiationLib.model.interlock import Interlock

from . import case, ct, dose, plan, registration, structures
from .bench import Fault

ROOMS: dict[str, tuple[Fault, ...]] = {
    "ct": ct.FAULTS,
    "dose": dose.FAULTS,
    "plan": plan.FAULTS,
    "structures": structures.FAULTS,
    "registration": registration.FAULTS,
    "case": case.FAULTS,
}

RAISED_ELSEWHERE: dict[Interlock, str] = {
    Interlock.FILE_DUPLICATE: "a scan of a folder passes over copies",
    Interlock.DOSE_PLAN_BESIDE_BEAMS: "a scan of a folder chooses the PLAN dose; in a case it is dose.counted-twice",
    Interlock.DOSE_SEVERAL: "a scan of a folder finds several; a case names one",
    Interlock.DOSE_MISSING: "a scan of a folder; a case without dose is refused",
    Interlock.DOSE_BEAMS_DIFFER: "a scan of a folder has both; a case names one or the others",
    Interlock.REGISTRATION_FOLDING: "judged within the evaluated structures",
    Interlock.REGISTRATION_COMPUTED: "told when the registration was computed",
    Interlock.REGISTRATION_SIGN_OFF: "judged when the registration is used",
    Interlock.REGISTRATION_UNCHECKED: "judged when the registration is used",
    Interlock.REGISTRATION_TURNED: "judged when the registration is used",
    Interlock.REGISTRATION_WORKSHEET: "judged within the evaluated structures",
    Interlock.REGISTRATION_UNRELIABLE: "judged within the evaluated structures",
    Interlock.REGISTRATION_SCALES: "judged when the registration is read for its course",
    Interlock.REGISTRATION_IDENTITY: "judged when the registration is read for its course",
    Interlock.STRUCTURE_GAP: "judged when a structure is sampled",
    Interlock.STRUCTURE_OFF_SLICE: "judged when a structure is sampled",
    Interlock.STRUCTURE_OVERLAP: "judged when a structure is sampled",
    Interlock.STRUCTURE_OBLIQUE: "judged when a structure is sampled",
    Interlock.PRESCRIPTION_FAR: "needs the dose in the target",
    Interlock.DOSE_NOT_COVERING: "needs the dose in the structures",
    Interlock.DOSE_BEYOND_LQ: "needs the dose in the structures",
    Interlock.DOSE_UNKNOWN: "needs the dose in the structures",
    Interlock.DVH_DIFFERS: "needs the dose in the structures",
    Interlock.DVH_IN_PERCENT: "needs the dose in the structures",
    Interlock.POINTS_REPLACE: "needs the dose in the structures",
    Interlock.POINTS_BELOW: "needs the dose in the structures",
    Interlock.HOTTER_ELSEWHERE: "needs the dose in the structures",
    Interlock.LIMIT_ORGAN: "a choice of the case, not a fault of its files",
    Interlock.DECISION_UNUSED: "the workflow holds all findings against the decisions at its end",
    Interlock.PRESCRIPTION_BEAM_DOSES: "a scan of a folder compares beam doses with the prescription",
    **{interlock: "about objects that are written" for interlock in Interlock if interlock.identifier.startswith("export.")},
}
"""What reading a case cannot raise, and why."""
