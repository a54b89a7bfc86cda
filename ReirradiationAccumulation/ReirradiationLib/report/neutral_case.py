"""The case under neutral names, before anything is computed.

So labels never come into a text: taken out of one, a label such as "Lung" or "30" could not be told from an organ or a dose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..model.case import Case
from ..model.constraint import Constraint
from ..model.finding import Decision
from ..model.planning_choice import OptimizationRequest
from .identifiers import WITHHELD

TITLE = "Reirradiation case"
NEW_LABEL = "New course"


def neutral_case(case: Case) -> Case:
    """The same case with a neutral title, neutral labels and ids of courses, and without the user's words on limits.

    Nothing else changes, so that every number is the same. Decisions still accept what they accept.
    """
    labels = {course.label: f"Course {n}" for n, course in enumerate(case.prior_courses, start=1)}
    labels[case.new_course.label] = NEW_LABEL
    ids: dict[str | None, str] = {one.identifier: f"course{n}" for n, one in enumerate(case.prior_courses, start=1)}
    sources = _Sources(case)
    return replace(
        case,
        title=TITLE,
        prior_courses=tuple(
            replace(one, identifier=ids[one.identifier], label=labels[one.label]) for one in case.prior_courses
        ),
        new_course=replace(case.new_course, label=NEW_LABEL),
        isodose_lines=tuple(replace(one, course=ids.get(one.course)) for one in case.isodose_lines),
        constraints=tuple(replace(one, source=sources.neutral(one)) for one in case.constraints),
        optimization=tuple(replace(one, source=sources.neutral(one)) for one in case.optimization),
        decisions=tuple(_decision(one, labels) for one in case.decisions),
    )


class _Sources:
    """Where limits come from, without the user's words: these are numbered, so that different ones stay different."""

    def __init__(self, case: Case) -> None:
        self._has_own_tables = case.protocol_folder is not None
        limits: Sequence[Constraint | OptimizationRequest] = (*case.constraints, *case.optimization)
        self._own = list(dict.fromkeys(one.source for one in limits if self._is_own(one)))

    def neutral(self, limit: Constraint | OptimizationRequest) -> str:
        if self._is_own(limit):
            number = f" {self._own.index(limit.source) + 1}" if len(self._own) > 1 else ""
            origin = "the institution's tables" if limit.row else "the case"
            return f"limit of {origin}, source{number} {WITHHELD}"
        reason = limit.override.reason if limit.override else ""
        return limit.source.replace(f": {reason}. ", f": reason {WITHHELD}. ", 1) if reason else limit.source

    def _is_own(self, limit: Constraint | OptimizationRequest) -> bool:
        return self._has_own_tables or not limit.row


def _decision(decision: Decision, labels: Mapping[str, str]) -> Decision:
    subject = decision.subject
    for label, neutral in sorted(labels.items(), key=lambda item: -len(item[0])):
        former = f"Course '{label}"
        if subject.startswith((f"{former}'", f"{former} (")):
            subject = f"Course '{neutral}{subject[len(former) :]}"
            break
    return replace(decision, subject=subject, found=_renamed(decision.found, labels))


def _renamed(text: str, labels: Mapping[str, str]) -> str:
    """A text of ours with other labels; where one cannot be told, the decision no longer holds and the run is refused."""
    if not text:
        return text
    either = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    return re.sub(rf"(?<![^\W_])(?:{either})(?![^\W_])", lambda found: labels[found[0]], text)
