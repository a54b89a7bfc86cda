"""Closed loop, step 3 (our environment): what the exported structures changed, as a table and as JSON.

Every figure is measured twice: by the library, which runs the demo case with each plan's RTDOSE as its new course, and by
:mod:`independent`, which shares no code with it.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import independent
import numpy as np
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.workflow import compute

PLANS = ("without", "with")
NEAR_MAXIMUM_CC = 0.03
NEAR_MM = 3.0


@dataclass(frozen=True)
class Measured:
    """One plan by one of the two ways; doses in Gy, those of the plan alone physical, sums in EQD2."""

    target_mean_gy: float
    target_d95_gy: float
    target_d50_gy: float
    target_d2_gy: float
    organ_new_near_maximum_gy: float
    organ_sum_near_maximum_gy: float
    organ_sum_maximum_gy: float
    organ_over_limit_cc: float


@dataclass(frozen=True)
class Remaining:
    """What is still over the limit with one plan, by the independent way.

    ``where_kept_cc``: over the limit although the new dose keeps to the limit of the shell there, and by how much at most.
    Nothing but the thickness of slices may be the reason: contours stand for half a slice up and down.
    ``fall_at_target_gy_per_mm``: of the new dose within NEAR_MM of the target, in the organ; its 95th percentile.
    """

    voxels: int
    to_target_mean_mm: float
    to_target_largest_mm: float
    near_percent: float
    where_kept_cc: float
    where_kept_excess_gy: float
    at_equal_d95_gy: float
    fall_at_target_gy_per_mm: float
    shells: dict[str, tuple[float, float]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("names", nargs="*", default=["standard"])
    parsed = arguments.parse_args()
    task = json.loads((parsed.folder / "task.json").read_text())
    check = Check(task)
    for name in parsed.names:
        plans = parsed.folder / name
        ours = {plan: by_library(task, plans / plan) for plan in PLANS}
        theirs = {plan: check.measure(plans / plan) for plan in PLANS}
        d95_gy = theirs["without"].target_d95_gy
        rest = {plan: check.remaining(plans / plan, d95_gy / theirs[plan].target_d95_gy) for plan in PLANS}
        planning = json.loads((plans / "planning.json").read_text())
        text = table(task, planning, ours, theirs, rest)
        (plans / "closed_loop.md").write_text(text)
        kinds = {"library": ours, "independent": theirs, "remaining": rest}
        figures = {kind: {plan: asdict(one) for plan, one in values.items()} for kind, values in kinds.items()}
        (plans / "closed_loop.json").write_text(json.dumps({"task": task, "planning": planning, **figures}, indent=1) + "\n")
        print(text)


def by_library(task: dict, plan: Path) -> Measured:
    """The case with this plan, through the same code as every other case."""
    case = read_case(Path(task["case"]))
    course = replace(case.new_course, plan=(plan / "RP.dcm").resolve(), dose=((plan / "RTDOSE.dcm").resolve(),))
    results = compute(replace(case, new_course=course, optimization=()), Monitor())
    organ = next(one for one in results.structures if one.choice.name == task["organ"])
    total = organ.cumulative.dvh(task["alpha_beta_gy"], Basis.RAW)
    target, new = physical_dvh(results, task["target"]), physical_dvh(results, task["organ"])
    return Measured(
        *(target.value(Metric.parse(metric)) for metric in ("Dmean[Gy]", "D95%[Gy]", "D50%[Gy]", "D2%[Gy]")),
        new.value(Metric.parse(f"D{NEAR_MAXIMUM_CC}cc[Gy]")),
        *(total.value(Metric.parse(metric)) for metric in (f"D{NEAR_MAXIMUM_CC}cc[Gy]", "Dmax[Gy]")),
        total.value(Metric.parse(f"V{task['limit_eqd2_gy']:g}Gy[cc]")),
    )


def physical_dvh(results: CaseResults, name: str):
    """Of the new plan alone."""
    dose = next(one for one in results.structures if one.choice.name == name).cumulative
    return cumulative_dvh(dose.courses[-1].dose_gy, dose.samples.volumes_cc)


class Check:
    """The independent way: points of target, organ and shells, and the prior dose at those of the organ."""

    def __init__(self, task: dict) -> None:
        self.task, case = task, read_case(Path(task["case"]))
        structures, lattice = Path(task["structures"]), independent.read_lattice(Path(task["ct"]))
        self.target = independent.read_points(structures, task["target"], lattice)
        self.organ = independent.read_points(structures, task["organ"], lattice)
        self.at_target_mm = self.organ.at_mm[independent.distance_mm(self.organ.at_mm, self.target.at_mm) <= NEAR_MM]
        self.voxels = independent.read_points(structures, task["organ"], lattice, per_pixel=1, layers=1)
        exported = Path(task["optimization_structures"])
        self.shells = {name: independent.read_points(exported, name, lattice) for name in task["limits_gy"]}
        self.truth = Path(task["case"]).parent / "truth" / "truth_params.npz"
        self.prior_dose = independent.read_dose(case.prior_courses[0].dose[0])
        self.prior_fractions = independent.read_fractions(case.prior_courses[0].plan)

    def total_gy(self, new: independent.DoseGrid, points_mm: np.ndarray, factor: float = 1.0) -> np.ndarray:
        """EQD2 of both courses at points, the new one's dose multiplied by a factor."""
        prior_gy = self.prior_dose.at(independent.prior_points_mm(points_mm, self.truth))
        alpha_beta_gy = self.task["alpha_beta_gy"]
        new_gy = independent.eqd2_gy(factor * new.at(points_mm), self.task["fractions"], alpha_beta_gy)
        return new_gy + independent.eqd2_gy(prior_gy, self.prior_fractions, alpha_beta_gy)

    def measure(self, plan: Path) -> Measured:
        new, organ = independent.read_dose(plan / "RTDOSE.dcm"), self.organ
        target_gy, organ_gy, total_gy = new.at(self.target.at_mm), new.at(organ.at_mm), self.total_gy(new, organ.at_mm)
        return Measured(
            float(target_gy.mean()),
            *(float(np.percentile(target_gy, 100 - volume)) for volume in (95, 50, 2)),
            independent.near_maximum_gy(organ_gy, organ.each_cc, NEAR_MAXIMUM_CC),
            independent.near_maximum_gy(total_gy, organ.each_cc, NEAR_MAXIMUM_CC),
            float(total_gy.max()),
            float((total_gy > self.task["limit_eqd2_gy"]).sum() * organ.each_cc),
        )

    def remaining(self, plan: Path, factor: float) -> Remaining:
        new, limit_gy = independent.read_dose(plan / "RTDOSE.dcm"), self.task["limit_eqd2_gy"]
        over = self.organ.at_mm[self.total_gy(new, self.organ.at_mm) > limit_gy]
        away_mm = independent.distance_mm(over, self.target.at_mm) if len(over) else np.zeros(1)
        scaled_gy, shells, kept_cc, excess_gy = self.total_gy(new, self.organ.at_mm, factor), {}, 0.0, 0.0
        for name, points in self.shells.items():
            new_gy, allowed_gy = new.at(points.at_mm), self.task["limits_gy"][name]
            near_gy = independent.near_maximum_gy(new_gy, points.each_cc, NEAR_MAXIMUM_CC)
            shells[name] = (near_gy, float((new_gy > allowed_gy).sum() * points.each_cc))
            over_gy = (self.total_gy(new, points.at_mm) - limit_gy)[new_gy <= allowed_gy]
            kept_cc += float((over_gy > 0.0).sum() * points.each_cc)
            excess_gy = max(excess_gy, float(over_gy.max(initial=0.0)))
        return Remaining(
            int((self.total_gy(new, self.voxels.at_mm) > limit_gy).sum()),
            float(away_mm.mean()),
            float(away_mm.max()),
            100.0 * float((away_mm <= NEAR_MM).mean()),
            kept_cc,
            excess_gy,
            independent.near_maximum_gy(scaled_gy, self.organ.each_cc, NEAR_MAXIMUM_CC),
            float(np.percentile(new.steepness(self.at_target_mm), 95)),
            shells,
        )


def table(
    task: dict, planning: dict, ours: dict[str, Measured], theirs: dict[str, Measured], rest: dict[str, Remaining]
) -> str:
    """Markdown: library / independent, plan by plan."""
    limit, organ, target = f"{task['limit_eqd2_gy']:g} Gy", task["organ"], task["target"]
    grid = " × ".join(f"{value:g}" for value in planning["dose_grid_mm"])

    def both(field: str, digits: int = 2) -> str:
        cells = (f"{getattr(ours[p], field):.{digits}f} / {getattr(theirs[p], field):.{digits}f}" for p in PLANS)
        return " | ".join(cells)

    def left(text) -> str:
        return " | ".join(text(rest[plan]) for plan in PLANS)

    rows = [
        f"{planning['beams']} beams, {planning['bixels']} bixels of {planning['bixel_mm']:g} mm, dose grid {grid} mm; "
        f"influence {planning['influence_s']:.0f} s",
        "",
        "| library / independent | without | with |",
        "|---|---|---|",
        f"| {organ} D0.03cc, both courses [Gy EQD2] | {both('organ_sum_near_maximum_gy')} |",
        f"| {organ} maximum, both courses [Gy EQD2] | {both('organ_sum_maximum_gy')} |",
        f"| {organ} over {limit} EQD2 [cc] | {both('organ_over_limit_cc', 3)} |",
        f"| {organ} over {limit} EQD2 [voxels of the CT] | {left(lambda r: str(r.voxels))} |",
        f"| {organ} D0.03cc, new plan [Gy physical] | {both('organ_new_near_maximum_gy')} |",
        f"| {target} D95% [Gy physical] | {both('target_d95_gy')} |",
        f"| {target} D50% [Gy physical] | {both('target_d50_gy')} |",
        f"| {target} D2% [Gy physical] | {both('target_d2_gy')} |",
        f"| {target} mean [Gy physical] | {both('target_mean_gy')} |",
        f"| both plans scaled to the same D95%: {organ} D0.03cc [Gy EQD2] | {left(lambda r: f'{r.at_equal_d95_gy:.2f}')} |",
        "| over the limit: distance to the target, mean / largest [mm] | "
        + left(lambda r: f"{r.to_target_mean_mm:.1f} / {r.to_target_largest_mm:.1f}")
        + " |",
        f"| over the limit: share within {NEAR_MM:g} mm of the target [%] | {left(lambda r: f'{r.near_percent:.0f}')} |",
        f"| fall of the new dose in {organ} within {NEAR_MM:g} mm of the target, 95th percentile [Gy/mm] | "
        + left(lambda r: f"{r.fall_at_target_gy_per_mm:.1f}")
        + " |",
        "| over the limit where the shell's limit is kept [cc], by at most [Gy EQD2] | "
        + left(lambda r: f"{r.where_kept_cc:.4f}, {r.where_kept_excess_gy:.2f}")
        + " |",
    ]
    for name, allowed_gy in task["limits_gy"].items():
        cells = left(lambda r, name=name: f"{r.shells[name][0]:.2f} / {r.shells[name][1]:.3f}")
        rows.append(f"| {name} (≤ {allowed_gy:.2f} Gy): D0.03cc [Gy physical] / over it [cc] | {cells} |")
    times = " | ".join(
        f"{planning['plans'][p]['optimization_s']:.0f} ({planning['plans'][p]['iterations']} iterations)" for p in PLANS
    )
    return "\n".join([*rows, f"| optimization [s] | {times} |", ""])


if __name__ == "__main__":
    main()
