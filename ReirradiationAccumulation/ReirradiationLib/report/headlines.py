"""What must be known at first sight, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ..model.interlock import Severity
from ..model.registration_quality import Verdict
from ..planning.feasibility import FeasibilityState
from ..planning.scorecard import ScoreState
from .feasibility_summary import FeasibilitySummary, OrganFeasibilitySummary
from .finding_summary import FindingSummary
from .registration_summary import NOT_SIGNED, RegistrationSummary
from .score_summary import SENSE, ScoreSummary

MOST_NAMES = 8


class Mood(str, Enum):
    """How a headline is marked."""

    GOOD = "good"
    OPEN = "open"
    BAD = "bad"


@dataclass(frozen=True)
class Headline:
    """One line of what must be known first."""

    mood: Mood
    text: str


_BAD = (
    *(ScoreState.EXCEEDED_BY_PRIOR, ScoreState.EXCEEDED, ScoreState.MAY_BE_EXCEEDED, ScoreState.NOT_MET),
    ScoreState.UNRELIABLE,
)
_MET = (ScoreState.MET, ScoreState.MET_IN_WARNING)
_BOUNDS = ("neither a lower nor an upper bound", "a lower bound", "an upper bound")
CONDITION = "condition of the limit not kept"


def headlines(
    scores: Sequence[ScoreSummary],
    feasibility: FeasibilitySummary,
    registrations: Sequence[RegistrationSummary],
    labels: Mapping[str, str],
    findings: Sequence[FindingSummary],
) -> tuple[Headline, ...]:
    """The headlines of a case whose doses were mapped.

    Parameters
    ----------
    scores : sequence of ScoreSummary
    feasibility : FeasibilitySummary
    registrations : sequence of RegistrationSummary
    labels : mapping
        Of the courses, by identifier.
    findings : sequence of FindingSummary
    """
    return (
        *_limits(scores),
        *_left(feasibility),
        *(_registration(one, labels[one.course]) for one in registrations),
        *finding_headlines(findings),
    )


def finding_headlines(findings: Sequence[FindingSummary]) -> tuple[Headline, ...]:
    """What waits for a decision, and what was decided."""
    needing = [one for one in findings if one.severity == Severity.DECISION.value]
    pending = [one for one in needing if not one.decision]
    if pending:
        return (Headline(Mood.BAD, f"A decision is needed on: {_names([_finding(one) for one in pending])}."),)
    if needing:
        return (Headline(Mood.OPEN, f"Decided on, see the findings: {_names([_finding(one) for one in needing])}."),)
    return ()


def _finding(one: FindingSummary) -> str:
    return f"{one.subject} ({one.identifier})"


def _limits(scores: Sequence[ScoreSummary]) -> list[Headline]:
    """Bad ones with their numbers, the rest by name."""
    by_state = {state: [one for one in scores if one.state == state.value] for state in ScoreState}
    lines = [
        Headline(Mood.BAD, f"{state.value.capitalize()}: {'; '.join(_with_value(one) for one in by_state[state])}.")
        for state in _BAD
        if by_state[state]
    ]
    for state in ScoreState:
        if state not in (*_BAD, *_MET) and by_state[state]:
            lines.append(Headline(Mood.OPEN, f"{state.value.capitalize()}: {_names(_named(by_state[state]))}."))
    for state in _MET:
        if by_state[state]:
            mood = Mood.GOOD if state is ScoreState.MET else Mood.OPEN
            lines.append(Headline(mood, f"{state.value.capitalize()}: {_names(_named(by_state[state]))}."))
    return lines


def _named(scores: Sequence[ScoreSummary]) -> list[str]:
    return [f"{one.structure} {one.metric} {SENSE[one.sense]} {one.limit:g}" for one in scores]


def _with_value(score: ScoreSummary) -> str:
    """The value that the state is of, how it is bounded, and a condition that is not kept."""
    is_of_prior = score.cumulative is None or score.state == ScoreState.EXCEEDED_BY_PRIOR.value
    value = score.prior if is_of_prior else score.cumulative
    shown = "no value" if value is None else f"{value:.2f}{' by the prior courses' if is_of_prior else ''}"
    bound = next((f", {words}" for words in _BOUNDS if words in score.remark), "")
    condition = next((f"; {part}" for part in score.remark.split("; ") if part.startswith(CONDITION)), "")
    (name,) = _named([score])
    return f"{name}: {shown}{bound} ({score.basis} sum, EQD2 with α/β {score.alpha_beta_gy:g} Gy{condition})"


def _left(feasibility: FeasibilitySummary) -> list[Headline]:
    unknown = [one for one in feasibility.not_planned if one.is_unknown]
    all_told = not unknown and not any(organ.unreliable_courses for organ in feasibility.organs)
    lines = [Headline(_mood(one, all_told), _binding(one)) for one in feasibility.organs if one.is_binding]
    if unknown:
        names = _names([f"{one.limit.structure} ({one.limit.metric}: {one.reason})" for one in unknown])
        lines.append(Headline(Mood.BAD, f"What is left cannot be told for: {names}."))
    return lines


def _mood(organ: OrganFeasibilitySummary, all_told: bool) -> Mood:
    if organ.unreliable_courses or organ.state in _LIMITED:
        return Mood.BAD
    return Mood.GOOD if all_told and organ.state == FeasibilityState.FITS.value else Mood.OPEN


_LIMITED = (FeasibilityState.SHARE.value, FeasibilityState.LIMITED.value, FeasibilityState.TOLERANCE_USED.value)


def _binding(organ: OrganFeasibilitySummary) -> str:
    limit = organ.limit
    doubt = " – not to be relied on: registration" if organ.unreliable_courses else ""
    at_most = "at most " if organ.left_is_at_most else ""
    state = "; ".join((organ.state, *organ.remarks))
    return (
        f"Least is left in {limit.structure} for the new course: {at_most}{organ.left_physical_gy:.2f} Gy in "
        f"{limit.fractions} fractions ({organ.left_eqd2_gy:.2f} Gy EQD2: prior near-maximum P {organ.prior_eqd2_gy:.2f} "
        f"{organ.region}, limit {limit.metric} ≤ {limit.limit_eqd2_gy:g}, {limit.basis} sum, "
        f"α/β {limit.alpha_beta_gy:g} Gy); prescribed {organ.prescription_gy:g} Gy: {state}{doubt}."
    )


def _registration(summary: RegistrationSummary, label: str) -> Headline:
    """The worst verdicts by name; a *go* with what it does not rest on."""
    if not summary.verdicts:
        return Headline(Mood.OPEN, f"Registration of {label} ({summary.method}): judged in no structure.")
    by_verdict = {verdict: [one.organ for one in summary.verdicts if one.verdict is verdict] for verdict in Verdict}
    signed = "" if not summary.sign_off.startswith(NOT_SIGNED) else f"; {NOT_SIGNED}"
    if worksheet := by_verdict[Verdict.WORKSHEET]:
        text = f"not to be relied on (use the point worksheet) in {_names(worksheet)}"
        return Headline(Mood.BAD, f"Registration of {label} ({summary.method}): {text}{signed}.")
    missing = _never_measured(summary)
    without = f"; in none was measured: {', '.join(missing)}" if missing else ""
    if caution := by_verdict[Verdict.CAUTION]:
        text = f"caution in {_names(caution)}; go in {len(by_verdict[Verdict.GO])} other structures"
        return Headline(Mood.OPEN, f"Registration of {label} ({summary.method}): {text}{without}{signed}.")
    text = f"go in all {len(summary.verdicts)} structures"
    return Headline(Mood.GOOD, f"Registration of {label} ({summary.method}): {text}{without}{signed}.")


def _never_measured(summary: RegistrationSummary) -> list[str]:
    """The measures that could be taken in no structure, by their names."""
    of_each = [[text.split(":")[0] for text in one.not_measured] for one in summary.verdicts]
    return [name for name in of_each[0] if all(name in names for names in of_each)]


def _names(names: Sequence[str]) -> str:
    """The names, the first ones where there are many."""
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"
