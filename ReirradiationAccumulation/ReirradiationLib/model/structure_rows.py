"""The structures of a structure set beside what a case chose for them and what their names propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .case import Case, StructureChoice
from .open_choices import CHOOSE_TISSUE
from .protocol import Tissue
from .protocol_choices import ProtocolChoices
from .structure_names import Proposal
from .synonym_table import Synonym


@dataclass(frozen=True)
class StructureRow:
    """One structure.

    Parameters
    ----------
    name : str
    choice : StructureChoice or None
        None if the case does not use it.
    proposal : Proposal
        By its name.
    tissue : Tissue or None
        None if it is not used, or nobody has chosen a tissue of the protocol.
    organs : frozenset of str
        What it may be in the words of ``constraints.csv``: by its name, else all that are of its tissue.
    limits : int
        How many limits the case has for it.
    """

    name: str
    choice: StructureChoice | None
    proposal: Proposal
    tissue: Tissue | None
    organs: frozenset[str]
    limits: int

    @property
    def is_used(self) -> bool:
        """Whether the case uses it."""
        return self.choice is not None

    @property
    def alpha_beta_gy(self) -> float | None:
        """The case's own α/β, else the tissue's; None before a tissue was chosen."""
        if self.choice is not None and self.choice.alpha_beta_gy is not None:
            return self.choice.alpha_beta_gy
        return self.tissue.alpha_beta_gy if self.tissue else None

    @property
    def first_choice(self) -> StructureChoice:
        """What the case holds once it is used: the proposed tissue if the name bears it out, else one to be chosen."""
        return StructureChoice(self.name, self.proposal.tissue if self.proposal.is_certain else CHOOSE_TISSUE, None, "")


def structure_rows(case: Case, names: Sequence[str], choices: ProtocolChoices) -> tuple[StructureRow, ...]:
    """A row for every name of the structure set, in its order, then for what only the case names.

    Parameters
    ----------
    case : Case
    names : sequence of str
        Of the structure set; may be empty before it was read.
    choices : ProtocolChoices
    """
    chosen = {one.name: one for one in case.structures}
    return tuple(_row(name, chosen.get(name), case, choices) for name in dict.fromkeys((*names, *chosen)))


def _row(name: str, choice: StructureChoice | None, case: Case, choices: ProtocolChoices) -> StructureRow:
    proposal = choices.proposal(name)
    tissue = next((one for one in choices.protocol.tissues if choice is not None and one.name == choice.tissue), None)
    limits = sum(one.structure == name for one in case.constraints)
    return StructureRow(name, choice, proposal, tissue, _organs(proposal, tissue, choices.synonyms), limits)


def _organs(proposal: Proposal, tissue: Tissue | None, synonyms: Sequence[Synonym]) -> frozenset[str]:
    of_tissue = frozenset(one.organ for one in synonyms if tissue is not None and one.tissue == tissue.name and one.organ)
    by_name = {proposal.organ} - {""}
    # A tissue that somebody chose against the name is followed, not the name.
    return frozenset(by_name) if by_name and (tissue is None or by_name <= of_tissue) else of_tissue
