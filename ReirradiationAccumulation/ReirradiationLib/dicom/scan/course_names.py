"""How the objects of a scan are called in findings and listings: by label and UID, not by file name."""

from __future__ import annotations

from .course_groups import CourseGroup
from .ct_series import CtSeries
from .headers import DoseHeader, PlanHeader, StructuresHeader

TAIL = 6


def tail(uid: str) -> str:
    """The end of a UID, by which people tell objects apart."""
    return f"…{uid[-TAIL:]}" if len(uid) > TAIL else uid


def ct_name(series: CtSeries) -> str:
    """Such as ``CT 'Abdomen' (…123456)``."""
    return f"CT '{series.origin.description}' ({tail(series.origin.series_uid)})"


def structures_name(structures: StructuresHeader) -> str:
    """Such as ``Structure set 'Plan1' (…123456)``."""
    return f"Structure set '{structures.label}' ({tail(structures.origin.uid)})"


def plan_name(plan: PlanHeader) -> str:
    """Such as ``Plan 'L2_30Gy' (…123456)``."""
    return f"Plan '{plan.label}' ({tail(plan.origin.uid)})"


def dose_name(dose: DoseHeader, course: CourseGroup) -> str:
    """Such as ``BEAM dose of beam 2 of plan 'L2_30Gy' (…123456)``."""
    plans = [plan.label for uid in dose.plan_uids if (plan := course.plan(uid)) is not None]
    of_plan = f" of plan '{plans[0]}'" if plans else ""
    return f"{dose.summation or 'Untyped'} dose{beams_of(dose)}{of_plan} ({tail(dose.origin.uid)})"


def beams_of(dose: DoseHeader) -> str:
    """Such as ``of beams 1, 2`` with a leading blank; empty unless it is a BEAM dose that names its beams."""
    if not dose.beams or dose.summation != "BEAM":
        return ""
    return f" of beam{'s' if len(dose.beams) > 1 else ''} {', '.join(map(str, dose.beams))}"
