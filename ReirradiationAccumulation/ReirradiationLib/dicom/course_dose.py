"""From the RTDOSE files of a course to the dose of the whole course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..model.course import Plan, Radiation
from ..model.errors import DicomError
from ..model.image import Dose, DoseSummation, DoseType
from ..model.interlock import Interlock
from .dose import read_dose

SAME_GRID_MM = 1e-3
"""BEAM doses are added only where their grids agree this well."""


def read_course_dose(paths: Sequence[Path], plan: Plan | None, rbe: float | None) -> Dose:
    """Read the dose of all fractions of a course, as planned.

    One PLAN (or FRACTION) dose, or the BEAM doses of all treatment beams of the plan, each once, which are added.

    Parameters
    ----------
    paths : sequence of Path
    plan : Plan or None
    rbe : float or None
        Relative biological effectiveness that a physical proton dose is multiplied by.

    Raises
    ------
    DicomError
        If a file cannot be used, the doses do not make up the plan exactly once, belong to another plan, are an
        effective dose of anything but protons, or of ions or brachytherapy that EQD2 does not apply to.
    """
    doses = [read_dose(path) for path in paths]
    for dose in doses:
        _require_plan(dose, plan)
    dose = _whole_plan(doses, plan)
    _require_radiation(dose, plan, rbe)
    return dose.scaled(rbe) if rbe is not None else dose


def _require_plan(dose: Dose, plan: Plan | None) -> None:
    if plan is None:
        return
    if dose.plan_uid != plan.sop_instance_uid:
        found = f"it is the dose of plan {dose.plan_uid}"
        expected = f"{plan.sop_instance_uid}, {plan.file.name}"
        raise _refuse(dose, found, expected, Interlock.DOSE_OTHER_PLAN)
    if plan.frame_uid and plan.frame_uid != dose.frame_uid:
        found = f"frame of reference {dose.frame_uid}"
        raise _refuse(dose, found, f"{plan.frame_uid} (plan)", Interlock.FRAME_DIFFERS)


def _whole_plan(doses: Sequence[Dose], plan: Plan | None) -> Dose:
    """The dose of the whole plan: the only one, or the sum of all beams."""
    first = doses[0]
    if len(doses) == 1 and first.summation is not DoseSummation.BEAM:
        return first
    for dose in doses:
        if dose.summation is not DoseSummation.BEAM:
            found = f"a {dose.summation.value} dose beside {len(doses) - 1} further doses"
            raise _refuse(dose, found, "one PLAN dose, or BEAM doses only", Interlock.DOSE_COUNTED_TWICE)
    _require_every_beam_once(doses, plan)
    total = np.zeros(first.geometry.shape)
    for dose in doses:
        _require_addable(dose, first)
        total += dose.voxels_gy
    sources = tuple(source for dose in doses for source in dose.sources)
    beams = frozenset(beam for dose in doses for beam in dose.beams)
    return replace(
        first,
        voxels_gy=total.astype(np.float32),
        sources=sources,
        beams=beams,
        created=min((dose.created for dose in doses if dose.created), default=None),
        planes_added=sum(dose.planes_added for dose in doses),
    )


def _require_every_beam_once(doses: Sequence[Dose], plan: Plan | None) -> None:
    seen: set[int] = set()
    for dose in doses:
        if seen & dose.beams:
            found = f"beam {min(seen & dose.beams)} a second time"
            raise _refuse(dose, found, "every beam once", Interlock.DOSE_COUNTED_TWICE)
        seen |= dose.beams
    wanted = plan.beams if plan else frozenset()
    if not wanted or seen != wanted:
        found = f"dose of {_listed(seen)}"
        expected = f"all of {_listed(wanted)}" if plan else "the plan, to know its beams"
        raise _refuse(doses[0], found, expected, Interlock.DOSE_BEAM_ALONE)


def _require_addable(dose: Dose, first: Dose) -> None:
    same_grid = dose.geometry.shape == first.geometry.shape and np.allclose(
        dose.geometry.index_to_lps(), first.geometry.index_to_lps(), rtol=0.0, atol=SAME_GRID_MM
    )
    same_object = (dose.frame_uid, dose.dose_type, dose.patient) == (first.frame_uid, first.dose_type, first.patient)
    if not same_grid or not same_object:
        found = "another grid, frame of reference, DoseType or patient than the first beam's"
        raise _refuse(dose, found, f"those of {first.file.name}", Interlock.DOSE_BEAM_ALONE)


def _require_radiation(dose: Dose, plan: Plan | None, rbe: float | None) -> None:
    """An EQD2 by the number of fractions needs a physical dose, or one weighted by a constant RBE of protons."""
    kind = plan.radiation if plan else Radiation.EXTERNAL
    if kind is Radiation.IONS:
        raise _refuse(dose, f"a plan with {kind.value}", "photons, electrons or protons", Interlock.PLAN_IONS)
    if kind is Radiation.BRACHYTHERAPY:
        raise _refuse(dose, f"a plan of {kind.value}", "high dose rate", Interlock.PLAN_BRACHYTHERAPY_RATE)
    effective = dose.dose_type is DoseType.EFFECTIVE
    if effective and kind is not Radiation.PROTONS:
        of = "without a plan" if plan is None else f"of a plan with {kind.value}"
        raise _refuse(dose, f"DoseType 'EFFECTIVE' {of}", "'PHYSICAL'", Interlock.DOSE_TYPE)
    wants_rbe = kind is Radiation.PROTONS and not effective
    if wants_rbe is not (rbe is not None):
        found = "no 'rbe'" if wants_rbe else f"'rbe' {rbe:g} for a {dose.dose_type.value} dose of {kind.value}"
        raise _refuse(dose, found, "'rbe' for a physical proton dose only", Interlock.PLAN_RBE)


def _listed(beams: frozenset[int] | set[int]) -> str:
    return f"beams {', '.join(map(str, sorted(beams)))}" if beams else "no beams"


def _refuse(dose: Dose, found: str, expected: str, interlock: Interlock) -> DicomError:
    return DicomError(str(dose.file), found, interlock.advice, expected, interlock)
