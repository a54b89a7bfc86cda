"""Planned organs, targets and courses with known truth, for the tests of feasibility, fractionation and screening."""

from __future__ import annotations

import numpy as np
from ReirradiationLib.dosimetry.accumulation import StructureDose, structure_dose
from ReirradiationLib.dosimetry.occupancy import StructureSamples, structure_samples
from ReirradiationLib.model.constraint import Constraint, Sense
from ReirradiationLib.model.course import AnyCourse, Course, PointCourse
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.planning.limits import OrganLimit
from ReirradiationLib.planning.near_target import PriorNearTarget
from ReirradiationLib.planning.planned_organ import PlannedOrgan
from ReirradiationLib.planning.targets import TARGET_SAMPLES, PlannedTarget
from synthetic import course_of, dose_of, grid

GEOMETRY = grid(1.0, 80.0)
"""Of the CT; contours on every slice."""

DOSE_GRID = grid(2.0, 80.0)
DMAX = Metric.parse("Dmax")
POINTS = PointCourse("p", "paper", (PointDose("organ", 20.0, 10, None, "p. 1"),), None)


def limit_of(structure: str = "organ", limit: float = 50.0, alpha_beta: float = 2.0, **changes) -> OrganLimit:
    values = {"basis": Basis.RAW, "metric": DMAX, "margin_mm": 30.0, "source": "test source"}
    return OrganLimit(structure=structure, limit_eqd2_gy=limit, alpha_beta_gy=alpha_beta, **{**values, **changes})


def constraint_of(limit: float, metric: str = "Dmax", sense: Sense = Sense.AT_MOST, **changes) -> Constraint:
    values = {"basis": Basis.RAW, "alpha_beta_gy": 2.0, "source": "test source"}
    return Constraint("organ", Metric.parse(metric), sense, limit, **{**values, **changes})


def planned_organ(
    structure: str = "organ", prior: float = 20.0, limit: float = 50.0, alpha_beta: float = 2.0, unknown: float = 0.0
) -> PlannedOrgan:
    """An organ of one sample, for arithmetic: P is given in EQD2."""
    samples = StructureSamples(structure, np.zeros((1, 3)), np.ones(1), 1.0)
    near = PriorNearTarget(prior, DMAX, "whole organ", 1.0, unknown, prior, 0.0, ())
    dose = structure_dose(samples, [], [], structure)
    return PlannedOrgan(limit_of(structure, limit, alpha_beta), (), 30.0, 5, dose, near)


def target_of(structure: Structure, prescription_gy: float = 30.0) -> PlannedTarget:
    return PlannedTarget(structure, prescription_gy, structure_samples(structure, GEOMETRY, TARGET_SAMPLES))


def uniform(dose_gy: float, fractions: int, identifier: str = "c", geometry: Geometry = DOSE_GRID) -> Course:
    return course_of(dose_of(lambda points: np.full(len(points), dose_gy), geometry), fractions, identifier)


def ball_course(radius_mm: float, centre, dose_gy: float, fractions: int, identifier="c", geometry=DOSE_GRID) -> Course:
    """Half of its maximum is at ``radius_mm``; it falls evenly from 0.4 to 1.6 times as far."""

    def dose(points: np.ndarray) -> np.ndarray:
        distance = np.linalg.norm(points - np.asarray(centre), axis=1)
        return np.clip(0.5 * dose_gy * (1.0 + (1.0 - distance / radius_mm) / 0.6), 0.0, dose_gy)

    return course_of(dose_of(dose, geometry), fractions, identifier)


def prior_of(structure: Structure, courses: list[AnyCourse]) -> StructureDose:
    return structure_dose(structure_samples(structure, GEOMETRY), courses, [0.0] * len(courses), structure.name)


def lens_cc(one_mm: float, two_mm: float, apart_mm: float) -> float:
    """Volume that two spheres have in common (mathworld.wolfram.com/Sphere-SphereIntersection.html)."""
    if apart_mm >= one_mm + two_mm:
        return 0.0
    if apart_mm <= abs(one_mm - two_mm):
        return 4.0 / 3.0 * np.pi * min(one_mm, two_mm) ** 3 / 1000.0
    total = one_mm + two_mm
    square = apart_mm**2 + 2 * apart_mm * total - 3 * (one_mm - two_mm) ** 2
    return float(np.pi * (total - apart_mm) ** 2 * square / (12 * apart_mm) / 1000.0)
