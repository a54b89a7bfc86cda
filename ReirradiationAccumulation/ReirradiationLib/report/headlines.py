"""What must be known at first sight, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ..model.interlock import Severity
from ..model.registration_quality import Verdict
from ..planning.scorecard import ScoreState
from .feasibility_summary import FeasibilitySummary, OrganFeasibilitySummary
from .finding_summary import FindingSummary
from .registration_summary import RegistrationSummary
from .score_summary import ScoreSummary

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
_SENSE = {"at_most": "≤", "at_least": "≥"}


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
    return [f"{one.structure} {one.metric} {_SENSE[one.sense]} {one.limit:g}" for one in scores]


def _with_value(score: ScoreSummary) -> str:
    value = score.prior if score.cumulative is None else score.cumulative
    shown = "no value" if value is None else f"{value:.2f}"
    unknown = score.prior_unknown_percent if score.cumulative_unknown_percent is None else score.cumulative_unknown_percent
    bound = ", counting unknown dose as 0" if unknown > 0.0 else ""
    (name,) = _named([score])
    return f"{name}: {shown}{bound} ({score.basis} sum, EQD2 with α/β {score.alpha_beta_gy:g} Gy)"


def _left(feasibility: FeasibilitySummary) -> list[Headline]:
    return [Headline(_mood(one), _binding(one)) for one in feasibility.organs if one.is_binding]


def _mood(organ: OrganFeasibilitySummary) -> Mood:
    if organ.unreliable_courses or organ.left_physical_gy < organ.prescription_gy:
        return Mood.BAD
    return Mood.GOOD


def _binding(organ: OrganFeasibilitySummary) -> str:
    limit = organ.limit
    doubt = " – not to be relied on: registration" if organ.unreliable_courses else ""
    return (
        f"Least is left in {limit.structure} for the new course: {organ.left_physical_gy:.2f} Gy in {limit.fractions} "
        f"fractions ({organ.left_eqd2_gy:.2f} Gy EQD2: P {organ.prior_eqd2_gy:.2f} {organ.region}, limit {limit.metric} ≤ "
        f"{limit.limit_eqd2_gy:g}, {limit.basis} sum, α/β {limit.alpha_beta_gy:g} Gy); prescribed {organ.prescription_gy:g} "
        f"Gy{doubt}."
    )


def _registration(summary: RegistrationSummary, label: str) -> Headline:
    by_verdict = {verdict: [one.organ for one in summary.verdicts if one.verdict is verdict] for verdict in Verdict}
    if worksheet := by_verdict[Verdict.WORKSHEET]:
        text = f"Registration of {label}: not to be relied on (use the point worksheet) in {_names(worksheet)}."
        return Headline(Mood.BAD, text)
    if caution := by_verdict[Verdict.CAUTION]:
        return Headline(Mood.OPEN, f"Registration of {label}: caution in {_names(caution)}; go in all other structures.")
    return Headline(Mood.GOOD, f"Registration of {label}: go in every structure.")


def _names(names: Sequence[str]) -> str:
    """The names, the first ones where there are many."""
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"
