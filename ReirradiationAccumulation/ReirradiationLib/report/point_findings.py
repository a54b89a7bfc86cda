"""Points of the record that replace the mapped dose of a course in an organ."""

from __future__ import annotations

import numpy as np

from ..dosimetry.mapping import sample_dose
from ..dosimetry.radiobiology import eqd2
from ..model.finding import Finding
from ..model.interlock import Interlock
from .results import StructureResult, Transfer

TOLERANCE_GY = 0.05
"""EQD2 by which a point may be below the mapped maximum and still be the same dose, rounded."""


def point_findings(found: Transfer) -> list[Finding]:
    """Every replacement; one that lowers the dose of an organ needs a decision.

    The mapped dose may lie in the wrong place, but it is the only other witness: a point that was read off the wrong place,
    or is not the highest dose of the organ, would go unnoticed.
    """
    return [finding for structure in found.structures for finding in _of_structure(structure, found)]


def _of_structure(structure: StructureResult, found: Transfer) -> list[Finding]:
    name, findings = structure.choice.name, []
    for course in found.prior_courses:
        point = course.point(name)
        if point is None:
            continue
        mapped_gy, known = sample_dose(course, structure.prior.samples.points_mm)
        mapped = f"up to {mapped_gy.max():.2f} Gy in {course.fractions} fractions" if known.any() else "not known in it"
        told = f"{point.dose_gy:g} Gy in {point.fractions} fractions ({point.source}) in place of the mapped"
        alpha_beta_gy = structure.alpha_beta_gy
        highest_gy = float(eqd2(mapped_gy.max(), course.fractions, alpha_beta_gy))
        point_gy = float(eqd2(np.asarray(point.dose_gy), point.fractions, alpha_beta_gy))
        is_less = bool(known.any()) and point_gy < highest_gy - TOLERANCE_GY
        interlock = Interlock.POINTS_BELOW if is_less else Interlock.POINTS_REPLACE
        findings.append(Finding(interlock, f"Course '{course.label}', '{name}'", f"{told} dose, {mapped}"))
    return findings
