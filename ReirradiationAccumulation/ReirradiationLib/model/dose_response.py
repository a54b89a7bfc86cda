"""In what a dose is expressed, and by which model of fractionation: EQD2 by LQ, unless a case asks to compare."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .errors import ProtocolError


class Quantity(str, Enum):
    """What a physical dose is converted to."""

    EQD2 = "eqd2"
    BED = "bed"


class FractionationModel(str, Enum):
    """How effect depends on the dose per fraction."""

    LQ = "lq"
    LQ_L = "lq-l"


@dataclass(frozen=True)
class DoseResponse:
    """A quantity and the model that it is computed by.

    Limits are published as EQD2 by the linear-quadratic model, the default; anything else is for comparison only.

    Parameters
    ----------
    quantity : Quantity
    model : FractionationModel
    transition_gy_per_fraction : float or None
        Of LQ-L only: the dose per fraction d_T above which effect rises linearly; 2 · α/β if None.

    Raises
    ------
    ProtocolError
        If a transition is given for LQ, or is not a positive number of Gy.
    """

    quantity: Quantity = Quantity.EQD2
    model: FractionationModel = FractionationModel.LQ
    transition_gy_per_fraction: float | None = None

    def __post_init__(self) -> None:
        transition_gy = self.transition_gy_per_fraction
        if transition_gy is None:
            return
        if self.model is not FractionationModel.LQ_L:
            raise ProtocolError("Transition dose", "given for LQ", "Name the model 'lq-l', or give none.", "LQ-L only")
        if not 0.0 < transition_gy < float("inf"):
            raise ProtocolError(
                "Transition dose of LQ-L", f"{transition_gy:g} Gy", "Give it in Gy per fraction, e.g. 6.", "> 0 Gy"
            )

    def transition_gy(self, alpha_beta_gy: float) -> float:
        """Dose per fraction above which effect rises linearly; infinite for LQ."""
        if self.model is FractionationModel.LQ:
            return float("inf")
        given = self.transition_gy_per_fraction
        return 2.0 * alpha_beta_gy if given is None else given

    @property
    def label(self) -> str:
        """In words, such as ``EQD2 by LQ-L, linear above 6 Gy per fraction``."""
        text = f"{self.quantity.name} by {'LQ' if self.model is FractionationModel.LQ else 'LQ-L'}"
        if self.model is FractionationModel.LQ:
            return text
        given = self.transition_gy_per_fraction
        return f"{text}, linear above {'2 α/β' if given is None else f'{given:g} Gy'} per fraction"


EQD2_BY_LQ = DoseResponse()
"""What every limit, optimization structure and main table is in."""
