"""The tables of a protocol folder as text: what is in them, and what every number belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model.constraint import Constraint, LimitRow, Sense
from ..model.name_words import printable
from ..model.protocol import Protocol, RecoveryTable
from ..model.structure_names import NameMatch, propose
from ..model.synonym_table import Synonym

CONFIRM = "Literature values unless the source says otherwise: confirm locally before clinical use."
NO_VERSION = "no version"


@dataclass(frozen=True)
class ProtocolTables:
    """All tables of a folder.

    Parameters
    ----------
    protocol : Protocol
    limits : tuple of LimitRow
    synonyms : tuple of Synonym
    missing : tuple of str
        Files that the folder does without.
    """

    protocol: Protocol
    limits: tuple[LimitRow, ...]
    synonyms: tuple[Synonym, ...]
    missing: tuple[str, ...]


def protocol_text(tables: ProtocolTables) -> str:
    """Every tissue, recovery table and limit with its source; then what a reader of the tables must know."""
    protocol = tables.protocol
    lines = [f"Protocol tables in {protocol.folder}", f"Version: {protocol.version or NO_VERSION}", CONFIRM, ""]
    lines += ["Tissues: α/β [Gy] (published 95 % interval), recovery group, source [evidence]"]
    for tissue in protocol.tissues:
        interval = f" ({tissue.interval_gy[0]:g} to {tissue.interval_gy[1]:g})" if tissue.interval_gy else ""
        value = f"{tissue.alpha_beta_gy:g}{interval}, recovery {tissue.recovery_group}"
        lines.append(f"  {tissue.name}: {value}; {tissue.source} [{tissue.evidence}]")
    lines += ["", "Recovery: fraction of the prior EQD2 taken off, by months; no table is applied unless a case names it"]
    for table in protocol.recovery_tables:
        lines += [f"  {table.name}: {table.source}", *_recovery_lines(table)]
    lines += ["", f"Limits: {len(tables.limits)}, of the EQD2 sum of all courses with the α/β that stands beside each"]
    for name in dict.fromkeys(row.set_name for row in tables.limits):
        lines.append(f"  {name}")
        lines += [f"    {limit_line(row)}" for row in tables.limits if row.set_name == name]
    limits = protocol.registration_limits
    lines += ["", f"Registration: {len(limits.rows)} measures, {limits.file}{' (shipped)' if limits.is_shipped else ''}"]
    lines += [f"Synonyms: {len(tables.synonyms)} names of structures"]
    lines += [f"Not in the folder: {', '.join(tables.missing)}"] if tables.missing else []
    organs = {synonym.organ for synonym in tables.synonyms}
    unnamed = sorted({row.organ for row in tables.limits} - organs) if tables.synonyms else []
    lines += [f"No synonym leads to the organ of these limits: {', '.join(unnamed)}"] if unnamed else []
    return "\n".join(lines) + "\n"


def limit_line(row: LimitRow) -> str:
    """A limit with all that it was published with; its source ends with the evidence tag."""
    limit = row.limit
    parts = [
        f"{row.identifier}: {row.organ}, {limit.metric} {_sign(limit)} {limit.limit:g} {limit.metric.unit}",
        f"warning from {limit.warning:g}" if limit.warning is not None else "no warning level",
        *(f"basis {limit.basis.value}", f"α/β {limit.alpha_beta_gy:g} Gy", str(limit.months)),
        *([str(limit.conditions)] if str(limit.conditions) else []),
    ]
    note = f" ({row.note})" if row.note else ""
    return f"{', '.join(parts)}{note}; {limit.source}"


def names_text(names: Sequence[str], synonyms: Sequence[Synonym]) -> str:
    """What every name of a structure set proposes, and why."""
    lines = []
    for name in names:
        found = propose(name, synonyms)
        if found.how is NameMatch.NONE:
            lines.append(f"{printable(name)}: no proposal; {found.why}")
            continue
        side = f", {found.side.value}" if found.side is not None else ""
        organ = f"organ of limits '{found.organ}'" if found.organ else "no organ of limits"
        mark = "choose" if found.needs_confirmation else "confirm"
        lines.append(f"{printable(name)}: {found.tissue}{side}, {organ}; {found.why}; {mark}")
    return "\n".join(lines) + "\n"


def _recovery_lines(table: RecoveryTable) -> list[str]:
    lines = []
    for group in dict.fromkeys(step.group for step in table.steps):
        steps = sorted((step for step in table.steps if step.group == group), key=lambda step: step.months_from)
        words = ", ".join(f"{step.months_from:g}–{step.months_to:g}: {step.fraction:g}" for step in steps)
        lines.append(f"    {'every other tissue' if group == '*' else group}: {words}")
    return lines


def _sign(limit: Constraint) -> str:
    return "≤" if limit.sense is Sense.AT_MOST else "≥"
