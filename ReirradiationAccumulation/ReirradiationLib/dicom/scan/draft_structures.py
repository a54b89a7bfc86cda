"""The structures of a draft: tissues that their names bear out, and what a person must choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...model.case import StructureChoice
from ...model.constraint import LimitRow
from ...model.limit_table import load_limit_rows
from ...model.name_words import printable
from ...model.open_choices import CHOOSE_TISSUE
from ...model.protocol_tables import load_protocol
from ...model.structure_names import NameMatch, Proposal, propose
from ...model.synonym_table import Synonym, load_synonyms, with_tissue_names

CHOOSE = CHOOSE_TISSUE


@dataclass(frozen=True)
class NamingTables:
    """What names are read by.

    Parameters
    ----------
    tissues : tuple of str
        Names of the protocol's tissues; each also stands for itself.
    synonyms : tuple of Synonym
    limits : tuple of LimitRow
        Those that the remarks point to; none is added to the case.
    """

    tissues: tuple[str, ...] = ()
    synonyms: tuple[Synonym, ...] = ()
    limits: tuple[LimitRow, ...] = ()


def load_naming_tables(folder: Path) -> NamingTables:
    """Tissues, synonyms and limits of a protocol folder that has all three.

    Raises
    ------
    ProtocolError
        Naming file and row.
    """
    tissues = tuple(tissue.name for tissue in load_protocol(folder).tissues)
    return NamingTables(tissues, load_synonyms(folder, tissues), load_limit_rows(folder))


def structure_choices(names: Sequence[str], tables: NamingTables) -> tuple[tuple[StructureChoice, ...], tuple[str, ...]]:
    """A choice for every name, each once, and remarks on what was proposed and which limits fit.

    A tissue is filled in only where the name bears it out; else :data:`CHOOSE` stands, and a remark says what may be meant.
    """
    synonyms = with_tissue_names(tables.synonyms, tables.tissues)
    choices: list[StructureChoice] = []
    remarks: list[str] = []
    for name in dict.fromkeys(names):
        found = propose(name, synonyms)
        choices.append(StructureChoice(name, found.tissue if found.is_certain else CHOOSE, None, ""))
        if found.how is not NameMatch.NONE:
            remarks.append(_proposal_remark(found))
            remarks += _limit_remarks(found, tables.limits)
    return tuple(choices), tuple(remarks)


def proposal_words(found: Proposal) -> str:
    """What is proposed, in words: ``kidney, left``."""
    side = f", {found.side.value}" if found.side is not None else ""
    return f"{found.tissue}{side}"


def _proposal_remark(found: Proposal) -> str:
    name = printable(found.structure)
    if found.is_certain:
        return f"structure '{name}' → {proposal_words(found)} (proposed by the name; confirm)"
    return f"structure '{name}': perhaps {proposal_words(found)} ({found.why}); choose its tissue"


def _limit_remarks(found: Proposal, limits: Sequence[LimitRow]) -> list[str]:
    """The published limits of the organ, with what each was published for."""
    fitting = [row for row in limits if found.organ and row.organ == found.organ]
    if not fitting:
        return []
    ids = ", ".join(f"{row.identifier} ({row.limit.basis.value}, α/β {row.limit.alpha_beta_gy:g} Gy)" for row in fitting)
    return [f"limits of constraints.csv for '{printable(found.structure)}' ({found.organ}), none added: {ids}"]
