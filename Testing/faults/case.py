"""Faults of a case: files that do not belong together, dates, points, and files that are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from ReirradiationLib.model.case import PriorCourse
from ReirradiationLib.model.interlock import Interlock
from ReirradiationLib.model.points import PointDose

from .bench import OTHER_UID, Bench, BenchChange, Fault, all_of, ct, new, new_dose, prior, prior_dose, prior_plan, setting

POINT = "spinal_cord,45,25,2015-03-01,letter"
HEADER = "structure,dose_gy,fractions,date,source"


def points(*rows: str, header: str = HEADER) -> BenchChange:
    """A further course, of points in a CSV table."""

    def change(bench: Bench) -> Bench:
        table = bench.folder / "points.csv"
        table.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return with_points(table)(bench)

    return change


def with_points(table: Path | tuple[PointDose, ...]) -> BenchChange:
    values = {"dose": (), "plan": None, "fractions": None, "delivered_fractions": None, "rbe": None, "ct": None}
    course = PriorCourse("paper", "Paper", **values, date=None, registration=None, points=table)  # type: ignore[arg-type]
    return lambda bench: replace(bench, case=replace(bench.case, prior_courses=(*bench.case.prior_courses, course)))


def course_twice(bench: Bench) -> Bench:
    again = replace(bench.prior, identifier="again", label="Again")
    return replace(bench, case=replace(bench.case, prior_courses=(bench.prior, again)))


def dose_exported_twice(bench: Bench) -> Bench:
    """Once more under another UID: the plan gives it away."""
    other = prior_dose(setting(SOPInstanceUID=OTHER_UID))(bench).prior
    again = replace(other, identifier="again", label="Again")
    return replace(bench, case=replace(bench.case, prior_courses=(bench.prior, again)))


def new_as_prior(bench: Bench) -> Bench:
    return bench.with_new(dose=bench.prior.dose, plan=bench.prior.plan)


def content(text: bytes) -> BenchChange:
    """A file of any content in place of the prior plan."""

    def change(bench: Bench) -> Bench:
        path = bench.folder / "RP.dcm"
        path.write_bytes(text)
        return bench.with_prior(plan=path)

    return change


FAULTS = (
    Fault("the dose of another patient", prior_dose(setting(PatientID="X")), Interlock.PATIENT_ID),
    Fault("the dose of a patient of another name", new_dose(setting(PatientName="Doe^Jane")), Interlock.PATIENT_NAME),
    Fault(
        "the dose of a patient born on another day",
        all_of(ct(every=setting(PatientBirthDate="19500101")), prior_dose(setting(PatientBirthDate="19500110"))),
        Interlock.PATIENT_BIRTH_DATE,
    ),
    Fault("the plan of a patient of other sex", prior_plan(setting(PatientSex="F")), Interlock.PATIENT_SEX),
    Fault("a plan file that is not there", prior(plan=Path("nowhere.dcm")), Interlock.FILE_UNREADABLE),
    Fault("an empty plan file", content(b""), Interlock.FILE_UNREADABLE),
    Fault("a text in place of the plan", content(b"30 Gy in 10 fractions\n" * 20), Interlock.FILE_UNREADABLE),
    Fault(
        "a plan file that ends in its header",
        content(bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00"),
        Interlock.FILE_WRONG_KIND,
        "RP.dcm",
    ),
    Fault("a CT folder that is not there", prior(ct=Path("nowhere")), None, "no such folder"),
    Fault("one course listed twice", course_twice, Interlock.TREATMENT_TWICE),
    Fault("one dose exported twice, listed as two courses", dose_exported_twice, Interlock.TREATMENT_TWICE, "dose"),
    Fault(
        "the prior plan as the new one",
        all_of(new_as_prior, new(fractions=10)),
        Interlock.FRAME_DIFFERS,
    ),
    Fault(
        "a prior course after the new one",
        prior(date=date(2025, 1, 1)),
        Interlock.DATE_ORDER,
        along=(Interlock.DATE_DIFFERS,),
    ),
    Fault("another date in the case than in the plan", prior(date=date(2019, 3, 5)), Interlock.DATE_DIFFERS),
    Fault("a course without date", prior_plan(setting(RTPlanDate=None)), Interlock.DATE_MISSING),
    Fault("a course known by points", points(POINT), Interlock.POINTS_UPPER_BOUND),
    Fault(
        "points after the new course",
        points(POINT.replace("2015", "2031")),
        Interlock.DATE_ORDER,
        along=(Interlock.POINTS_UPPER_BOUND,),
    ),
    Fault("points for an organ that is not listed", points(POINT.replace("cord", "canal")), None, "not among the case's"),
    Fault("two doses for one organ", points(POINT, POINT), None, "two doses"),
    Fault("points in 0 fractions", points(POINT.replace(",25,", ",0,")), None, "0 fractions"),
    Fault("points in 2.5 fractions", points(POINT.replace(",25,", ",2.5,")), None, "2.5 fractions"),
    Fault("a point of 4500 Gy: in cGy", points(POINT.replace(",45,", ",4500,")), None, "4500 Gy"),
    Fault("a point below zero", points(POINT.replace(",45,", ",-1,")), None, "-1 Gy"),
    Fault("a point with a decimal comma", points(POINT.replace(",45,", ',"45,5",')), None, "45,5"),
    Fault("points on the 30th of February", points(POINT.replace("03-01", "02-30")), None, "date"),
    Fault("a table of points without fractions", points(POINT, header=HEADER.replace("fractions", "n")), None, "no column"),
    Fault("a table of points without rows", points(), None, "no points"),
    Fault("a table of points that is not there", with_points(Path("nowhere.csv")), None, "cannot be read"),
    Fault(
        "a table of points that is no text",
        all_of(content(b"\xff\xfe\0\0"), lambda b: with_points(b.prior.plan)(b)),
        None,
        "",
    ),  # type: ignore[arg-type]
)
