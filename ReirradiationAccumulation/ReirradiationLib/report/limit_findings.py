"""Limits of the tables that stand beside a structure of another organ."""

from __future__ import annotations

from pathlib import Path

from ..model.finding import Finding
from ..model.interlock import Interlock
from ..model.protocol_tables import default_protocol_folder, load_protocol
from ..model.structure_names import propose
from ..model.synonym_table import SYNONYMS_FILE, Synonym, load_synonyms
from .results import Transfer


def limit_findings(found: Transfer) -> list[Finding]:
    """Every structure whose tissue and name are of another organ than its limit was published for."""
    used = [(one.structure, one.row, one.organ) for one in found.case.constraints if one.row]
    used += [(one.structure, one.row, one.organ) for one in found.case.optimization if one.row]
    if not used:
        return []
    synonyms = _synonyms(Path(found.protocol.folder))
    return [
        Finding(Interlock.LIMIT_ORGAN, f"Structure '{structure}', limit '{row}'", f"a limit of the organ '{organ}'")
        for structure, row, organ in dict.fromkeys(used)
        if not _is_organ(structure, found.structure(structure).choice.tissue, organ, synonyms)
    ]


def _is_organ(structure: str, tissue: str, organ: str, synonyms: tuple[Synonym, ...]) -> bool:
    """Whether the tissue chosen is that of the organ, or the name means it; an organ nobody has named is taken as it is."""
    tissues = {synonym.tissue for synonym in synonyms if synonym.organ == organ}
    return not tissues or tissue in tissues or propose(structure, synonyms).organ == organ


def _synonyms(folder: Path) -> tuple[Synonym, ...]:
    """Of the institution, or the shipped ones where it has none."""
    named = folder if (folder / SYNONYMS_FILE).is_file() else default_protocol_folder()
    return load_synonyms(named, [tissue.name for tissue in load_protocol(named).tissues])
