"""The point worksheet of an organ of a case: what its courses gave near the target, from mapped doses or from points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from ..dosimetry.accumulation import CourseSamples
from ..dosimetry.dvh import cumulative_dvh
from ..model.arrays import BoolArray
from ..model.errors import DosimetryError
from ..model.metric import Metric
from .limits import OrganLimit
from .planned_organ import PlannedOrgan
from .worksheet_entry import CourseEntry, Fractionation, OrganWorksheet, ValueKind, WorksheetLimit


def worksheet_of(
    planned: PlannedOrgan, verdicts: Mapping[str, str], day: date | None, with_recovery: bool
) -> OrganWorksheet:
    """Fill in the worksheet of a planned organ.

    Each course's own physical dose is read by the metric that P was read by, in the same region and at the same samples.
    EQD2 rises with dose, so that this is also where the course's EQD2 would be read; the voxelwise sum (P) is taken over
    as it is.

    Parameters
    ----------
    planned : PlannedOrgan
    verdicts : mapping of str to str
        Verdict on the registration in this organ by course id, for courses that were registered.
    day : date or None
        Of the new course; intervals are counted to it.
    with_recovery : bool
        Whether the case applies a recovery table; else no recovery is entered.

    Raises
    ------
    DosimetryError
        If the dose of a course is not known anywhere in the region.
    """
    limit, near = planned.limit, planned.near
    where = planned.is_near
    entries = []
    for part in planned.dose.courses:
        recovery = part.recovery if with_recovery else None
        if part.is_point:
            entries.append(_from_record(part, planned.dose.structure, recovery))
        else:
            entry = _from_mapped(part, planned, where, recovery, verdicts.get(part.course.identifier, ""))
            alone = [one.eqd2_gy for one in planned.alone if one.identifier == part.course.identifier]
            entries.append(replace(entry, whole_organ_eqd2_gy=alone[0] if alone else None))
    return OrganWorksheet(
        limit=worksheet_limit(limit, near.metric, near.region),
        courses=tuple(entries),
        new=Fractionation(planned.fractions, planned.prescription_gy, day),
        mapped_eqd2_gy=near.value_gy if any(entry.kind is ValueKind.MAPPED for entry in entries) else None,
    )


def worksheet_limit(limit: OrganLimit, metric: Metric, region: str) -> WorksheetLimit:
    """A limit as the worksheet states it, with the metric and the region that doses were read by."""
    return WorksheetLimit(
        *(limit.structure, limit.limit_eqd2_gy, limit.basis, limit.alpha_beta_gy),
        metric=metric,
        source=limit.source,
        months=limit.months,
        region=region,
        new_at_most_gy=limit.new_at_most_gy,
        new_share_at_most=limit.new_share_at_most,
        each_course_at_most_gy=limit.each_course_at_most_gy,
    )


def _from_record(part: CourseSamples, structure: str, recovery: float | None) -> CourseEntry:
    point = part.course.point(structure)
    if point is None:
        raise _unknown(structure, part)
    return CourseEntry(
        *(part.course.label, point.dose_gy, part.fractions, part.course.day_of(structure), recovery),
        kind=ValueKind.RECORD_POINT,
        source=point.source,
    )


def _from_mapped(
    part: CourseSamples, planned: PlannedOrgan, where: BoolArray, recovery: float | None, verdict: str
) -> CourseEntry:
    near = part.at(where)
    volumes_cc = planned.dose.samples.volumes_cc[where]
    if not near.known.any():
        raise _unknown(planned.limit.structure, part)
    metric = planned.near.metric
    return CourseEntry(
        label=part.course.label,
        dose_gy=cumulative_dvh(near.dose_gy, volumes_cc).value(metric),
        fractions=part.fractions,
        day=part.course.day_of(planned.dose.structure),
        recovery=recovery,
        kind=ValueKind.MAPPED,
        source=f"{metric} {planned.near.region}",
        registration=verdict,
        unknown_percent=100.0 * float(volumes_cc[~near.known].sum() / volumes_cc.sum()),
    )


def _unknown(structure: str, part: CourseSamples) -> DosimetryError:
    return DosimetryError(
        f"Worksheet of '{structure}'",
        f"the dose of '{part.course.label}' is not known anywhere in the region",
        "Enter a point for it from the record.",
    )
