"""The section of the report on feasibility."""

from __future__ import annotations

from ..planning.feasibility import FeasibilityState
from .feasibility_limits import LIMIT_HEADER, limit_cells
from .feasibility_summary import CompromisedTargetSummary, FeasibilitySummary, OrganFeasibilitySummary
from .html_parts import Cell, paragraph, section, table
from .marks import MARK, unreliable_note
from .shown_text import shown

FEASIBILITY_CLASS = {
    FeasibilityState.FITS.value: "met",
    FeasibilityState.FITS_WHERE_KNOWN.value: "open",
    FeasibilityState.FITS_NEAR.value: "open",
    FeasibilityState.SHARE.value: "bad",
    FeasibilityState.LIMITED.value: "bad",
    FeasibilityState.TOLERANCE_USED.value: "bad",
}
_METHOD = (
    "P: near-maximum of the prior sum in the region, R: highest prescription of the targets near it, A: limit; all EQD2, "
    "α/β of the limit. Excess: P + R − A, or R less what the limit allows the new course alone, or as a share of its sum "
    "with P. Left: A − P, or that if it is less, and its physical dose in n equal fractions of the new course; nothing if a "
    "prior course gave the organ more than the limit allows each."
)
_COMPROMISE = (
    "A part of an organ cannot have a target's prescription where its prior EQD2 and R exceed A, and no part can where R is "
    "more than the limit allows the new course. Overlap: target in that part. Other distances: target so near to it that "
    "the dose may not fall off before; how steep a plan can be the planner knows. "
    "Distances are measured between samples, within half their step; prior dose that is not known counts as 0 Gy."
)


def feasibility_section(summary: FeasibilitySummary) -> str:
    """Organ by organ: what has been given, what is left, and what the targets must do without."""
    if not summary.organs and not summary.not_planned:
        return section("Feasibility", paragraph("The case states no limit of a near-maximum."))
    parts = []
    if summary.organs:
        parts += [_organs(summary), paragraph(_METHOD, "note"), paragraph(binding_text(summary))]
        unreliable = [organ for organ in summary.organs if organ.unreliable_courses]
        parts += [f'<p class="bad">{shown(_unreliable(organ))}</p>' for organ in unreliable]
    parts += _compromised(summary)
    if summary.not_planned:
        rows: list[list[Cell]] = [[*limit_cells(one.limit), one.reason] for one in summary.not_planned]
        marks = ["open" if one.is_unknown else "" for one in summary.not_planned]
        parts += ["<h3>Not near a target, or not evaluable</h3>", table([*LIMIT_HEADER, "Why"], rows, marks)]
    return section("Feasibility", *parts)


def _organs(summary: FeasibilitySummary) -> str:
    header = [
        *LIMIT_HEADER,
        *("Region of P", "P", "R", "P + R", "Excess", "Left [Gy EQD2]", "Left, physical [Gy]", "per fraction [Gy]", "State"),
    ]
    rows: list[list[Cell]] = [
        [
            _name(organ),
            *limit_cells(organ.limit)[1:],
            f"{organ.region}, {organ.region_cc:.2f} cc, {organ.prior_metric}; {organ.target}, {organ.prescription_gy:g} Gy",
            *(organ.prior_eqd2_gy, organ.new_eqd2_gy, organ.sum_eqd2_gy, organ.excess_eqd2_gy),
            *(organ.left_eqd2_gy, organ.left_physical_gy, organ.left_per_fraction_gy),
            "; ".join([organ.state, *(["binding"] if organ.is_binding else []), *organ.remarks]),
        ]
        for organ in summary.organs
    ]
    classes = ["bad" if organ.unreliable_courses else FEASIBILITY_CLASS[organ.state] for organ in summary.organs]
    return table(header, rows, classes)


def _name(organ: OrganFeasibilitySummary) -> str:
    return f"{organ.limit.structure} {MARK}" if organ.unreliable_courses else organ.limit.structure


def _unreliable(organ: OrganFeasibilitySummary) -> str:
    return f"{organ.limit.structure}: {unreliable_note(organ.unreliable_courses)}"


def binding_text(summary: FeasibilitySummary) -> str:
    """Which organ binds, and how much it leaves; of a summary with organs."""
    binding = [organ for organ in summary.organs if organ.is_binding]
    names = " and ".join(_limit(organ) for organ in binding)
    least = binding[0]
    verb = "bind" if len(binding) > 1 else "binds"
    text = f"{names} {verb}: {least.left_physical_gy:.2f} Gy physical in {summary.fractions} fractions are left."
    is_share = any(organ.state == FeasibilityState.SHARE.value for organ in summary.organs)
    if not is_share and all(organ.left_physical_gy >= organ.prescription_gy for organ in summary.organs):
        some = "" if _is_all_told(summary) else " of those that could be evaluated, where the prior dose is known,"
        text += f" No limit{some} is below the prescription of its target."
    return text


def _is_all_told(summary: FeasibilitySummary) -> bool:
    is_open = any(organ.state == FeasibilityState.FITS_WHERE_KNOWN.value for organ in summary.organs)
    return not is_open and not any(one.is_unknown for one in summary.not_planned)


def _limit(organ: OrganFeasibilitySummary) -> str:
    structure, limit, basis, source = limit_cells(organ.limit)
    return f"{structure}, {limit} EQD2 ({basis}; {source})"


def _compromised(summary: FeasibilitySummary) -> list[str]:
    if not summary.together:
        return [paragraph("The case names no targets: what they must do without cannot be measured.")]
    distances = [volume.distance_mm for volume in summary.together[0].volumes]
    header = ["Target", *LIMIT_HEADER, "R [Gy EQD2]"]
    header += [f"{'overlap' if distance <= 0.0 else f'within {distance:g} mm'} [cc (%)]" for distance in distances]
    header += ["Dose not known [cc]", "Step [mm]"]
    rows: list[list[Cell]] = []
    for number, together in enumerate(summary.together):
        rows += [
            [_target(organ.compromised[number]), *limit_cells(organ.limit), *_volumes(organ.compromised[number])]
            for organ in summary.organs
        ]
        if len(summary.organs) > 1:
            everything: list[Cell] = ["all limits above together", "as above", "as above", "as above"]
            rows.append([_target(together), *everything, *_volumes(together)])
    return ["<h3>Target volume that must be compromised</h3>", table(header, rows), paragraph(_COMPROMISE, "note")]


def _target(one: CompromisedTargetSummary) -> str:
    return f"{one.target}, {one.prescription_gy:g} Gy, {one.target_cc:.2f} cc"


def _volumes(one: CompromisedTargetSummary) -> list[Cell]:
    shown: list[Cell] = [one.new_eqd2_gy]
    shown += [f"{volume.volume_cc:.2f} ({volume.percent_of_target:.2f})" for volume in one.volumes]
    return [*shown, one.unknown_cc, one.sample_step_mm]
