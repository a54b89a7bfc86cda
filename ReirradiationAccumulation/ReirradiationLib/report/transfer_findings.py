"""Everything that is noticed up to the doses on the current anatomy, and every decision on it."""

from __future__ import annotations

from ..model.finding import SIGNED_OFF, Decision, Finding
from .findings import structure_findings
from .limit_findings import limit_findings
from .new_plan_findings import new_plan_findings
from .point_findings import point_findings
from .registration_findings import registration_findings, sign_off_decisions
from .results import Transfer


def transfer_findings(found: Transfer) -> list[Finding]:
    """Of the records, the structures, the registrations and the new plan."""
    return [
        *found.records.findings,
        *(finding for result in found.structures for finding in structure_findings(result, found.records)),
        *(finding for result in found.registrations for finding in registration_findings(result)),
        *limit_findings(found),
        *point_findings(found),
        *new_plan_findings(found.new_course, found.structures, found.records),
    ]


def all_decisions(found: Transfer) -> tuple[Decision, ...]:
    """Those of the case, and those that sign-offs of registrations amount to, which nothing else may stand for."""
    signed = (decision for result in found.registrations for decision in sign_off_decisions(result))
    signable = [interlock.identifier for interlock in SIGNED_OFF]
    return (*(one for one in found.case.decisions if one.finding not in signable), *signed)
