"""How our cost grows with structures and courses: linear means that the last column stays near 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dosimetry_case import BenchCase
from phantom import CT, MAP
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.composite import eqd2_volume
from ReirradiationLib.dosimetry.mapping import map_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.course import Course
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.structure import Structure
from timing import timed


def report(case: BenchCase) -> None:
    ten = case.structures[4:14]  # five of 1 cc, five of 50 cc
    print("\n### Growth of our own cost (n = 5)\n\n| | s | per unit, ratio to the first |\n|---|---|---|")
    _rows("structures, contours to DVH", {10 * n: lambda n=n: dvhs(ten * n, case.courses[:1]) for n in (1, 2, 3)})
    _rows("courses, contours to DVH of ten structures", {n: lambda n=n: dvhs(ten, case.courses[:n]) for n in (1, 2, 4)})
    _rows("courses, map and EQD2 volume on 2 mm", {n: lambda n=n: volume(case.courses[:n]) for n in (1, 2, 4)})


def dvhs(structures: Sequence[Structure], courses: Sequence[Course]) -> None:
    for structure in structures:
        samples = structure_samples(structure, CT)
        structure_dose(samples, courses, [0.0] * len(courses), structure.name).dvh(3.0, Basis.RAW)


def volume(courses: Sequence[Course]) -> None:
    mapped = [map_dose(course, MAP, course.dose.frame_uid) for course in courses]
    eqd2_volume(mapped, [course.fractions for course in courses], 3.0)


def _rows(what: str, runs: dict[int, Callable[[], None]]) -> None:
    seconds = timed(*runs.values(), rounds=5)
    first = seconds[0] / next(iter(runs))
    for count, value in zip(runs, seconds, strict=True):
        print(f"| {count} {what} | {value:.3g} | {value / count / first:.2f} |")
