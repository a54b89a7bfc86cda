"""What checking a file against the rules of planning systems gives, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...model.finding import Finding
from ...model.interlock import Interlock, Severity

MOST_TOLD = 5
"""Findings of one rule that are listed; of the others, the number."""


@dataclass(frozen=True)
class Rule:
    """One entry of the acceptance list and what it found; not checked if the CT that it needs was not given."""

    interlock: Interlock
    findings: tuple[Finding, ...]
    checked: bool = True

    @property
    def state(self) -> str:
        """In a word; a rule that was not checked has not passed."""
        if self.findings:
            return f"FAIL ({self.interlock.severity.value})"
        return "pass" if self.checked else "not checked: no CT"


@dataclass(frozen=True)
class RegionSummary:
    """One ROI in numbers; planes and volume count closed contours."""

    name: str
    points: int
    planes: int
    holes: int
    volume_cc: float


@dataclass(frozen=True)
class RegionChange:
    """One ROI in two structure sets: volumes in cc, and the Hausdorff distance of the outlines in mm."""

    name: str
    volume_cc: float
    other_volume_cc: float
    hausdorff_mm: float


@dataclass(frozen=True)
class Validation:
    """The outcome for one file.

    Parameters
    ----------
    file : Path
    kind : str
        RTSTRUCT, RTDOSE or REG.
    rules : tuple of Rule
        In the order of checking.
    regions : tuple of RegionSummary
    changes : tuple of RegionChange
        Against another structure set.
    """

    file: Path
    kind: str
    rules: tuple[Rule, ...]
    regions: tuple[RegionSummary, ...] = ()
    changes: tuple[RegionChange, ...] = ()

    @property
    def acceptable(self) -> bool:
        """Whether no rule of severity error failed."""
        return not any(rule.findings and rule.interlock.severity is Severity.ERROR for rule in self.rules)

    def lines(self) -> list[str]:
        """The outcome as text: every rule with what was found, then the ROIs."""
        told = [f"{self.file}: {self.kind}, {'acceptable' if self.acceptable else 'NOT acceptable'}", ""]
        for rule in self.rules:
            told.append(f"  {rule.state:<24} {rule.interlock.identifier}")
            for finding in rule.findings[:MOST_TOLD]:
                wanted = f", expected {finding.expected}" if finding.expected else ""
                told.append(f"      {finding.subject}: {finding.found}{wanted}")
            if len(rule.findings) > MOST_TOLD:
                told.append(f"      and {len(rule.findings) - MOST_TOLD} more")
        if self.regions:
            told += ["", f"  {'ROI':<32} {'points':>8} {'planes':>7} {'holes':>6} {'volume [cc]':>12}"]
            told += [f"  {r.name:<32} {r.points:>8} {r.planes:>7} {r.holes:>6} {r.volume_cc:>12.3f}" for r in self.regions]
        if self.changes:
            told += ["", f"  {'ROI':<32} {'volume [cc]':>12} {'other [cc]':>12} {'change [%]':>11} {'Hausdorff [mm]':>15}"]
            told += [_change_line(change) for change in self.changes]
        return told


def rules_of(checks: Sequence[tuple[Interlock, Callable[[], Sequence[Finding] | None]]]) -> tuple[Rule, ...]:
    """Run checks, each of which gives the findings of its interlock, or None if it needs a CT and there is none."""
    found = [(interlock, check()) for interlock, check in checks]
    return tuple(Rule(interlock, tuple(findings or ()), findings is not None) for interlock, findings in found)


def _change_line(change: RegionChange) -> str:
    percent = 100.0 * (change.volume_cc / change.other_volume_cc - 1.0) if change.other_volume_cc > 0.0 else float("nan")
    volumes = f"{change.volume_cc:>12.3f} {change.other_volume_cc:>12.3f} {percent:>11.2f}"
    return f"  {change.name:<32} {volumes} {change.hausdorff_mm:>15.3f}"
