"""What a person chooses from: the tables of the protocol folder of a case."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .constraint import LimitRow
from .limit_table import LIMITS_FILE, load_limit_rows
from .protocol import Protocol
from .protocol_tables import default_protocol_folder, load_protocol
from .structure_names import Proposal, propose
from .synonym_table import SYNONYMS_FILE, Synonym, load_synonyms, with_tissue_names


@dataclass(frozen=True)
class ProtocolChoices:
    """The tables of one folder.

    Parameters
    ----------
    protocol : Protocol
        Tissues and recovery tables.
    synonyms : tuple of Synonym
        With the tissues' own names.
    limits : tuple of LimitRow
    """

    protocol: Protocol
    synonyms: tuple[Synonym, ...]
    limits: tuple[LimitRow, ...]

    @cached_property
    def _proposals(self) -> dict[str, Proposal]:
        return {}

    def proposal(self, name: str) -> Proposal:
        """What the name of a structure proposes; looked up once, since similar names take their time."""
        if name not in self._proposals:
            self._proposals[name] = propose(name, self.synonyms)
        return self._proposals[name]


def load_choices(folder: Path | None) -> ProtocolChoices:
    """Read the tables of a protocol folder; None for the shipped ones.

    A folder need not hold synonyms or limits: then the shipped synonyms count, as far as it has their tissues, and there
    are no published limits.

    Raises
    ------
    ProtocolError
        Naming file and row.
    """
    shipped = default_protocol_folder()
    folder = folder or shipped
    protocol = load_protocol(folder)
    tissues = tuple(tissue.name for tissue in protocol.tissues)
    if (folder / SYNONYMS_FILE).is_file():
        synonyms = load_synonyms(folder, tissues)
    else:
        known = tuple(tissue.name for tissue in load_protocol(shipped).tissues)
        synonyms = tuple(one for one in load_synonyms(shipped, known) if one.tissue in tissues)
    limits = load_limit_rows(folder) if (folder / LIMITS_FILE).is_file() else ()
    return ProtocolChoices(protocol, with_tissue_names(synonyms, tissues), limits)
