"""Objects joined to courses: everything that was planned on one anatomy of one patient."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...model.image import Patient
from ..writing import MANUFACTURER
from .ct_series import CtSeries, gather_series
from .headers import (
    CtHeader,
    DoseHeader,
    Header,
    Origin,
    PlanHeader,
    RegistrationHeader,
    StructuresHeader,
    TreatmentHeader,
)


@dataclass(frozen=True)
class CourseGroup:
    """What belongs together, sorted by date and UID.

    Parameters
    ----------
    ct_series : tuple of CtSeries
    structures : tuple of StructuresHeader
    plans : tuple of PlanHeader
    doses : tuple of DoseHeader
    treatments : tuple of TreatmentHeader
    registrations : tuple of RegistrationHeader
        Those that touch a frame of reference of this course; others may hold them too.
    """

    ct_series: tuple[CtSeries, ...]
    structures: tuple[StructuresHeader, ...]
    plans: tuple[PlanHeader, ...]
    doses: tuple[DoseHeader, ...]
    treatments: tuple[TreatmentHeader, ...]
    registrations: tuple[RegistrationHeader, ...] = ()

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Of every object but the registrations, each CT series counted once."""
        objects: tuple[CtSeries | Header, ...] = (
            *self.ct_series,
            *self.structures,
            *self.plans,
            *self.doses,
            *self.treatments,
        )
        return tuple(item.origin for item in objects)

    @property
    def patient(self) -> Patient:
        """The one that most objects name."""
        counted = Counter(origin.patient for origin in self.origins)
        return min(counted, key=lambda patient: (-counted[patient], patient.patient_id, patient.name))

    @property
    def frame_uids(self) -> tuple[str, ...]:
        """Frames of reference of the CTs, doses and structure sets."""
        frames = {series.origin.frame_uid for series in self.ct_series} | {dose.origin.frame_uid for dose in self.doses}
        frames |= {frame for structures in self.structures for frame in structures.frame_uids[:1]}
        return tuple(sorted(frames - {""}))

    @property
    def day(self) -> str:
        """Of the earliest plan, else of the earliest study; empty if nothing is dated."""
        planned = [plan.made.day for plan in self.plans if plan.made.day]
        studies = [origin.study_day for origin in self.origins if origin.study_day]
        return min(planned or studies, default="")

    def plan(self, uid: str) -> PlanHeader | None:
        """The plan of that SOPInstanceUID, if it is there."""
        return next((plan for plan in self.plans if plan.origin.uid == uid), None)

    def doses_of(self, plan_uid: str) -> tuple[DoseHeader, ...]:
        """The doses that refer to a plan."""
        return tuple(dose for dose in self.doses if plan_uid in dose.plan_uids)

    def structures_of(self, plan: PlanHeader) -> StructuresHeader | None:
        """The structure set that a plan refers to, if it is there."""
        return next((one for one in self.structures if one.origin.uid == plan.structures_uid), None)

    def planning_ct(self, structures: StructuresHeader) -> CtSeries | None:
        """The CT that a structure set was drawn on: by its series and slices, else the only CT of its frame."""
        drawn = [ct for ct in self.ct_series if ct.slice_uids & structures.slice_uids]
        drawn = drawn or [ct for ct in self.ct_series if ct.origin.series_uid in structures.series_uids]
        drawn = drawn or [ct for ct in self.ct_series if ct.origin.frame_uid in structures.frame_uids[:1]]
        return max(drawn, key=lambda ct: (len(ct.slice_uids & structures.slice_uids), ct.origin.series_uid), default=None)


def group_courses(headers: Iterable[Header]) -> tuple[CourseGroup, ...]:
    """Join objects by what they refer to (even if it is absent) and by the frame of reference within a patient.

    Registrations join nothing: they connect courses.
    """
    objects = list(headers)
    registrations = [item for item in objects if isinstance(item, RegistrationHeader)]
    series = gather_series(item for item in objects if isinstance(item, CtHeader))
    members: list[CtSeries | Header] = [
        *series,
        *(item for item in objects if not isinstance(item, CtHeader | RegistrationHeader)),
    ]
    courses = [_course(group, registrations) for group in _joined(members)]
    return tuple(sorted(courses, key=_course_order))


def _course_order(course: CourseGroup) -> tuple[str, str, str]:
    return (course.patient.patient_id, course.day or "99999999", min(origin.uid for origin in course.origins))


def _course(group: Sequence[CtSeries | Header], registrations: Sequence[RegistrationHeader]) -> CourseGroup:
    def of(kind: type) -> tuple[Any, ...]:
        found = [item for item in group if isinstance(item, kind)]
        return tuple(sorted(found, key=_object_order))

    course = CourseGroup(of(CtSeries), of(StructuresHeader), of(PlanHeader), of(DoseHeader), of(TreatmentHeader))
    touching = [reg for reg in registrations if set(reg.frame_uids) & set(course.frame_uids)]
    return replace(course, registrations=tuple(sorted(touching, key=_object_order)))


def _object_order(item: CtSeries | Header) -> tuple[str, str, str]:
    made = getattr(item, "made", item.origin.made)
    return (made.day, made.time, item.origin.uid)


def _joined(members: Sequence[CtSeries | Header]) -> list[list[CtSeries | Header]]:
    """Union–find over the keys of the members."""
    parent = list(range(len(members)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    first: dict[Hashable, int] = {}
    for n, member in enumerate(members):
        for key in _keys(member):
            parent[root(n)] = root(first.setdefault(key, n))
    groups: dict[int, list[CtSeries | Header]] = defaultdict(list)
    for n, member in enumerate(members):
        groups[root(n)].append(member)
    return list(groups.values())


def _keys(member: CtSeries | Header) -> set[Hashable]:
    """What a member has in common with those it belongs to: UIDs of its own and those it names, its frame of reference."""
    origin = member.origin
    uids: set[str] = {origin.uid}
    frames = {origin.frame_uid}
    if isinstance(member, CtSeries):
        # Mixed series have a UID in common that says nothing about their anatomy.
        uids = {*member.slice_uids, *((origin.series_uid,) if member.variants == 1 else ())}
    elif isinstance(member, StructuresHeader):
        uids |= {*member.slice_uids, *member.series_uids}
        frames = set(member.frame_uids[:1])
    elif isinstance(member, PlanHeader):
        uids.add(member.structures_uid)
    elif isinstance(member, DoseHeader):
        # A sum of several plans, or what this program wrote, joins no courses: it is made of them.
        is_sum = len(member.plan_uids) > 1 or origin.system.startswith(MANUFACTURER)
        uids |= set() if is_sum else {*member.plan_uids, member.structures_uid}
    elif isinstance(member, TreatmentHeader):
        uids |= set(member.plan_uids)
    return {*(uids - {""}), *((origin.patient.patient_id, frame) for frame in frames if frame)}
