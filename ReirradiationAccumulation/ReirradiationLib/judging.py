"""The registrations of a case measured and judged, organ by organ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .dicom.course_record import CourseRecord
from .dosimetry.bodies import body_of
from .dosimetry.occupancy import StructureSamples
from .model.arrays import FloatArray
from .model.case import Case
from .model.course import Course
from .model.errors import CaseError, DosimetryError
from .model.image import Image
from .model.registration_limits import RegistrationLimits
from .model.registration_quality import CourseQuality
from .model.segment import AnyStructure
from .registering import CourseRegistration
from .registration.contour_agreement import ContourPair
from .registration.course_check import CourseCheck, OrganRegion, check_course
from .registration.engine import Box
from .report.results import StructureResult

BODY_SAMPLES = 50_000
"""A structure that is looked up at points is as fine as for as many samples."""


def judge_course(
    record: CourseRecord,
    course: Course,
    registration: CourseRegistration,
    organs: Sequence[StructureResult],
    current: Image,
    case: Case,
    limits: RegistrationLimits,
) -> CourseQuality:
    """Measure and judge one course's registration in every structure of the case."""
    check = CourseCheck(
        current=current,
        prior=record.ct,
        dose=record.dose,
        transform=course.transform,
        backward=registration.backward,
        landmarks=registration.landmarks,
    )
    regions = [
        OrganRegion(organ.choice.name, evenly(organ.prior.samples), _contours(organ.structure, record, current, case))
        for organ in organs
    ]
    return check_course(check, regions, limits)


def evenly(samples: StructureSamples) -> FloatArray:
    """Points, shape (n, 3), each of which stands for the same volume.

    Where a structure is hottest its samples are finer: taken as they are, a hot spot of 4 % of the volume would be a quarter
    of all points, and every share of an organ (outside the prior CT, folded) one of the hot spot.
    """
    volumes = samples.volumes_cc.astype(np.float64)
    ends = np.cumsum(volumes)
    number = max(1, round(ends[-1] / float(volumes.max())))
    chosen = np.searchsorted(ends, (np.arange(number) + 0.5) / number * ends[-1])
    return np.asarray(samples.points_mm[chosen])


def _contours(structure: AnyStructure, record: CourseRecord, current: Image, case: Case) -> ContourPair | None:
    """The organ on both CTs, if the prior structure set has one of the same name with contours."""
    if record.structures is None or record.ct is None:
        return None
    try:
        prior = record.structures.find(structure.name)
    except CaseError:
        return None
    try:
        here = body_of(structure, current.geometry, case.end_caps, BODY_SAMPLES)
        there = body_of(prior, record.ct.geometry, case.end_caps, BODY_SAMPLES)
    except DosimetryError:
        return None
    corners = here.corners_mm()
    return ContourPair(here.contains, there.contains, Box.around(corners))
