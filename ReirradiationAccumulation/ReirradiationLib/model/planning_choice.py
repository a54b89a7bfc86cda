"""What the user wants of the planning aids."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .constraint import ANY_MONTHS, Months, Override
from .metric import Metric
from .protocol import Basis

DEFAULT_MARGIN_MM = 30.0
"""How near to the target the prior dose counts for planning, unless a request says otherwise."""


@dataclass(frozen=True)
class Target:
    """A target of the new course and its own physical prescription in Gy, in the fractions of the course."""

    structure: str
    prescription_gy: float


class TargetOverlap(str, Enum):
    """What becomes of optimization structures where they overlap a target."""

    KEEP = "keep"
    CROP = "crop"
    BOTH = "both"


@dataclass(frozen=True)
class OptimizationRequest:
    """Optimization structures wanted for one organ.

    Parameters
    ----------
    structure : str
    limit_eqd2_gy : float
        A: cumulative limit in EQD2.
    basis : Basis
        The sum that A was published for.
    alpha_beta_gy : float
    metric : Metric
        How P is read from the summed prior EQD2.
    number : int
        N: how many structures; of no meaning where levels are given.
    target : str or None
        Target near which P is looked for; None for the nearest of the new course's, or the whole organ if it names none.
    margin_mm : float
        How near.
    source : str
        Where A comes from.
    levels_eqd2_gy : tuple of float
        Isodoses D_1 > D_2 > …, Gy EQD2, in place of N equal steps; empty for these.
    overlap : TargetOverlap
        Whether the structures reach into the targets.
    crop_margin_mm : float
        How far cropped structures stay away from the targets.
    smoothing_mm : float
        Radius within which boundaries are smoothed, always into the cooler structure; 0 for none.
    row, organ, override, months
        As of :class:`.constraint.Constraint`; a limit of the case's own holds at any interval.
    """

    structure: str
    limit_eqd2_gy: float
    basis: Basis
    alpha_beta_gy: float
    metric: Metric
    number: int
    target: str | None
    margin_mm: float
    source: str
    levels_eqd2_gy: tuple[float, ...] = ()
    overlap: TargetOverlap = TargetOverlap.KEEP
    crop_margin_mm: float = 0.0
    smoothing_mm: float = 0.0
    row: str = ""
    organ: str = ""
    override: Override | None = None
    months: Months = ANY_MONTHS


@dataclass(frozen=True)
class IsodoseLine:
    """An isodose to be exported as a structure, as for matching at the machine.

    Parameters
    ----------
    course : str or None
        Id of the course whose physical dose it is of; None for the raw EQD2 sum of the prior courses.
    dose_gy : float
        Physical, or EQD2 of a sum.
    alpha_beta_gy : float or None
        Of a sum; None for a physical dose.
    """

    course: str | None
    dose_gy: float
    alpha_beta_gy: float | None


class ReirradiationType(str, Enum):
    """Definitions of the ESTRO/EORTC consensus (Andratschke N et al., Lancet Oncol 23:e469 (2022))."""

    TYPE_1 = "type 1"
    TYPE_2 = "type 2"
    REPEAT_ORGAN = "repeat organ irradiation"
    REPEAT = "repeat irradiation"


@dataclass(frozen=True)
class ScreeningDecision:
    """The type of the reirradiation as the user decided it, and why."""

    kind: ReirradiationType
    who: str
    when: str
    reason: str


@dataclass(frozen=True)
class RemainingDoseChoice:
    """Whether the remaining physical dose is written as an RTDOSE, and the ceiling of tissue without a limit.

    ``ceiling_gy`` None: twice the highest prescription of the new course.
    """

    wanted: bool = True
    ceiling_gy: float | None = None


DEFAULT_REMAINING_DOSE = RemainingDoseChoice()
