"""Courses in a case file."""

from __future__ import annotations

from pathlib import Path

from .case import NewCourse, PriorCourse
from .errors import CaseError
from .json_entry import JsonEntry, field_names
from .planning_choice import Target
from .points import PointDose, require_points
from .registration import RegistrationChoice, RegistrationMethod
from .registration_entry import registration_choice

LARGEST_RBE = 2.0


def prior_course(entry: JsonEntry) -> PriorCourse:
    """A prior course, by its DICOM files or by points alone.

    Raises
    ------
    CaseError
    """
    if entry.has("points") and not entry.has("dose"):
        return _prior_of_points(entry)
    registration = registration_choice(entry.child("registration", field_names(RegistrationChoice)))
    identifier = entry.text("id")
    course = PriorCourse(
        identifier=identifier,
        label=entry.text("label", default=identifier),
        dose=entry.paths("dose"),
        plan=entry.optional_path("plan"),
        fractions=entry.whole("fractions") if entry.has("fractions") else None,
        delivered_fractions=entry.whole("delivered_fractions") if entry.has("delivered_fractions") else None,
        rbe=_rbe(entry),
        ct=entry.optional_path("ct"),
        date=entry.day("date"),
        registration=registration,
        ct_series=entry.text("ct_series", default=""),
        structures=entry.optional_path("structures"),
        points=_points_or_table(entry) if entry.has("points") else (),
        site=entry.text("site", default=""),
        system=entry.text("system", default=""),
    )
    if not course.dose:
        raise CaseError(entry.where, "'dose' is missing", "Add 'dose', or 'points' for a course without DICOM.")
    if registration.method is RegistrationMethod.IMAGES and course.ct is None:
        raise CaseError(entry.where, "no 'ct' to register", "Name the folder of the prior CT.")
    if course.structures is not None and course.ct is None:
        raise CaseError(entry.at("structures"), "without 'ct'", "Name the folder of the prior CT that they are drawn on.")
    return course


def _prior_of_points(entry: JsonEntry) -> PriorCourse:
    for key in ("plan", "fractions", "delivered_fractions", "rbe", "ct", "ct_series", "structures", "registration"):
        if entry.has(key):
            raise CaseError(
                entry.at(key), "beside 'points' and no 'dose'", "Add 'dose' if the course has DICOM files, or remove it."
            )
    identifier = entry.text("id")
    return PriorCourse(
        *(identifier, entry.text("label", default=identifier), (), None, None, None, None, None),
        date=entry.day("date"),
        registration=None,
        points=_points_or_table(entry),
        site=entry.text("site", default=""),
        system=entry.text("system", default=""),
    )


def _points_or_table(entry: JsonEntry) -> Path | tuple[PointDose, ...]:
    return entry.path("points") if entry.is_text("points") else _points(entry)


def _points(entry: JsonEntry) -> tuple[PointDose, ...]:
    points = (
        PointDose(
            structure=point.text("structure"),
            dose_gy=point.number("dose_gy", zero_allowed=True),
            fractions=point.whole("fractions"),
            date=point.day("date"),
            source=point.text("source"),
        )
        for point in entry.children("points", field_names(PointDose))
    )
    return require_points(points, entry.at("points"))


def _rbe(entry: JsonEntry) -> float | None:
    if not entry.has("rbe"):
        return None
    rbe = entry.number("rbe")
    if not 1.0 <= rbe <= LARGEST_RBE:
        raise CaseError(entry.at("rbe"), f"{rbe:g}", "Use the constant RBE of protons, 1.1.", f"1 to {LARGEST_RBE:g}")
    return rbe


def new_course(entry: JsonEntry, is_draft: bool = False) -> NewCourse:
    """The new course; in a draft, 0 stands for a prescription that no file states.

    Raises
    ------
    CaseError
    """
    return NewCourse(
        label=entry.text("label", default="New course"),
        prescription_gy=entry.number("prescription_gy", zero_allowed=is_draft),
        fractions=entry.whole("fractions", zero_allowed=is_draft),
        date=entry.day("date"),
        plan=entry.optional_path("plan"),
        dose=entry.paths("dose"),
        rbe=_rbe(entry),
        targets=tuple(
            Target(target.text("structure"), target.number("prescription_gy"))
            for target in entry.children("targets", field_names(Target))
        ),
    )
