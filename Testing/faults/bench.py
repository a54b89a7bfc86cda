"""The demo case on the bench: what a fault changes is copied, everything else is used where it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from ReirradiationLib.dicom.records import Records, read_records
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.model.case import Case, NewCourse, PriorCourse
from ReirradiationLib.model.interlock import Interlock
from ReirradiationLib.model.registration import RegistrationChoice, RegistrationMethod

DatasetChange = Callable[[Dataset], object]
OTHER_UID = "1.2.3.4.5"


@dataclass(frozen=True)
class Bench:
    """The good case and an empty folder for changed copies."""

    case: Case
    folder: Path

    @property
    def prior(self) -> PriorCourse:
        return self.case.prior_courses[0]

    def with_prior(self, **values: object) -> Bench:
        """With other values of the prior course."""
        return replace(self, case=replace(self.case, prior_courses=(replace(self.prior, **values),)))  # type: ignore[arg-type]

    def with_new(self, **values: object) -> Bench:
        """With other values of the new course."""
        return replace(self, case=replace(self.case, new_course=replace(self.case.new_course, **values)))  # type: ignore[arg-type]

    def changed(self, source: Path, change: DatasetChange, name: str = "") -> Path:
        """A changed copy of one DICOM file."""
        target = self.folder / (name or source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        dataset = pydicom.dcmread(source)
        change(dataset)
        dataset.save_as(target)
        return target


BenchChange = Callable[[Bench], Bench]


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a case, and what must be noticed.

    Parameters
    ----------
    name : str
        In a physicist's words.
    change : callable
        From the bench with the good case to one with the faulty case.
    interlock : Interlock or None
        What it must raise; None where the refusal belongs to no entry of the catalogue.
    says : str
        Regular expression that the message must fit, too.
    along : tuple of Interlock
        What is noticed besides.
    """

    name: str
    change: BenchChange
    interlock: Interlock | None
    says: str = ""
    along: tuple[Interlock, ...] = ()


def read(case: Case) -> Records:
    """Everything of a case that is read before the first dose is mapped."""
    records = read_records(case)
    for record in records.prior:
        if record.registration and record.registration.file:
            read_registration(record.registration.file, records.ct.frame_uid, record.dose.frame_uid)
    for choice in case.structures:
        records.structures.find(choice.name)
    return records


def all_of(*changes: BenchChange) -> BenchChange:
    """One change after the other."""

    def change(bench: Bench) -> Bench:
        for one in changes:
            bench = one(bench)
        return bench

    return change


def prior(**values: object) -> BenchChange:
    return lambda bench: bench.with_prior(**values)


def new(**values: object) -> BenchChange:
    return lambda bench: bench.with_new(**values)


def prior_dose(*changes: DatasetChange) -> BenchChange:
    return lambda bench: bench.with_prior(dose=_each(bench, bench.prior.dose, changes, "RD1"))


def new_dose(*changes: DatasetChange) -> BenchChange:
    return lambda bench: bench.with_new(dose=_each(bench, bench.case.new_course.dose, changes, "RD2"))


def prior_plan(change: DatasetChange) -> BenchChange:
    return lambda bench: bench.with_prior(plan=bench.changed(_plan(bench.prior), change, "RP1.dcm"))


def new_plan(change: DatasetChange) -> BenchChange:
    return lambda bench: bench.with_new(plan=bench.changed(_plan(bench.case.new_course), change, "RP2.dcm"))


def structures(change: DatasetChange) -> BenchChange:
    def changed(bench: Bench) -> Bench:
        path = bench.changed(bench.case.current.structures, change, "RS2.dcm")
        return replace(bench, case=replace(bench.case, current=replace(bench.case.current, structures=path)))

    return changed


def rigid(change: DatasetChange = lambda _: None) -> BenchChange:
    """The rigid registration in place of the deformable one, changed."""
    return _registration("REG_rigid.dcm", change)


def deformable(change: DatasetChange) -> BenchChange:
    return _registration("REG_deform.dcm", change)


def ct(*changes: tuple[int, DatasetChange], without: Iterable[int] = (), every: DatasetChange | None = None) -> BenchChange:
    """The current CT with single slices (by their place) changed or missing."""

    def changed(bench: Bench) -> Bench:
        folder = bench.folder / "CT"
        folder.mkdir()
        for n, file in enumerate(sorted(bench.case.current.ct.iterdir())):
            here = [change for place, change in changes if place == n] + ([every] if every else [])
            if n in without:
                continue
            if not here:
                shutil.copyfile(file, folder / file.name)
            for change in here:
                bench.changed(file, change, f"CT/{file.name}")
        return replace(bench, case=replace(bench.case, current=replace(bench.case.current, ct=folder)))

    return changed


def setting(**values: object) -> DatasetChange:
    """A change of attributes; None deletes one."""

    def change(dataset: Dataset) -> None:
        for keyword, value in values.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)

    return change


def same(_: Dataset) -> None:
    """No change."""


def _registration(name: str, change: DatasetChange) -> BenchChange:
    def changed(bench: Bench) -> Bench:
        path = bench.changed(bench.case.file.parent / "course2" / name, change, "REG.dcm")
        return bench.with_prior(registration=RegistrationChoice(RegistrationMethod.DICOM, path))

    return changed


def _each(bench: Bench, sources: tuple[Path, ...], changes: Iterable[DatasetChange], name: str) -> tuple[Path, ...]:
    """Of the first source one copy per change."""
    return tuple(bench.changed(sources[0], change, f"{name}.{n}.dcm") for n, change in enumerate(changes))


def _plan(course: PriorCourse | NewCourse) -> Path:
    assert course.plan is not None
    return course.plan
