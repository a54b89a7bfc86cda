"""What was measured about a registration, per organ and region, and the verdict on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """What the mapped dose in an organ may be used for; in the order from good to bad."""

    GO = "go"
    CAUTION = "caution"
    WORKSHEET = "worksheet"

    @property
    def badness(self) -> int:
        """0 for go, 2 for worksheet: the verdicts in order."""
        return list(Verdict).index(self)


def worst(verdicts: list[Verdict]) -> Verdict:
    """The worst of several verdicts; go if there are none."""
    return max(verdicts, key=lambda verdict: verdict.badness, default=Verdict.GO)


class Region(str, Enum):
    """Where something was measured."""

    ORGAN = "organ"
    HIGH_DOSE = "prior dose over half of its maximum"
    OVERLAP = "organ within prior dose over half of its maximum"


class QualityMeasure(str, Enum):
    """Every measure that ``registration_limits.csv`` has a row for."""

    RESIDUAL_SHIFT_MEDIAN = "residual_shift_median"
    RESIDUAL_SHIFT_P95 = "residual_shift_p95"
    BLOCKS_LOST = "blocks_lost"
    BLOCK_CORRELATION = "block_correlation"
    PATIENT_SHIFT_MEDIAN = "patient_shift_median"
    PATIENT_BLOCKS_LOST = "patient_blocks_lost"
    TARGET_ERROR_MEAN = "target_error_mean"
    TARGET_ERROR_P95 = "target_error_p95"
    CONTOUR_DICE = "contour_dice"
    CONTOUR_DISTANCE_MEAN = "contour_distance_mean"
    CONTOUR_DISTANCE_P95 = "contour_distance_p95"
    FOLDED = "folded"
    VOLUME_CHANGE_OUTSIDE = "volume_change_outside"
    JACOBIAN_P1 = "jacobian_p1"
    JACOBIAN_P99 = "jacobian_p99"
    HARMONIC_ENERGY = "harmonic_energy"
    INVERSE_CONSISTENCY_MEAN = "inverse_consistency_mean"
    INVERSE_CONSISTENCY_P95 = "inverse_consistency_p95"
    OUTSIDE_PRIOR_CT = "outside_prior_ct"

    @property
    def unit(self) -> str:
        """Unit of the value, empty for a plain number."""
        return _UNITS.get(self, "mm")

    @property
    def greater_is_worse(self) -> bool:
        """Whether a value above the limit is bad, or one below it."""
        return self not in _GREATER_IS_BETTER

    def is_beyond(self, value: float, limit: float) -> bool:
        """Whether a value is worse than a limit; one that is equal keeps it, one that is no number does not."""
        return math.isnan(value) or (value > limit if self.greater_is_worse else value < limit)

    @property
    def label(self) -> str:
        """In words, for tables and reasons."""
        return _LABELS[self]


_GREATER_IS_BETTER = frozenset({QualityMeasure.BLOCK_CORRELATION, QualityMeasure.CONTOUR_DICE, QualityMeasure.JACOBIAN_P1})
_UNITS = {
    QualityMeasure.BLOCKS_LOST: "%",
    QualityMeasure.BLOCK_CORRELATION: "",
    QualityMeasure.PATIENT_BLOCKS_LOST: "%",
    QualityMeasure.CONTOUR_DICE: "",
    QualityMeasure.FOLDED: "%",
    QualityMeasure.VOLUME_CHANGE_OUTSIDE: "%",
    QualityMeasure.JACOBIAN_P1: "",
    QualityMeasure.JACOBIAN_P99: "",
    QualityMeasure.HARMONIC_ENERGY: "",
    QualityMeasure.OUTSIDE_PRIOR_CT: "%",
}
_LABELS = {
    QualityMeasure.RESIDUAL_SHIFT_MEDIAN: "residual shift of image blocks, median",
    QualityMeasure.RESIDUAL_SHIFT_P95: "residual shift of image blocks, 95th percentile",
    QualityMeasure.BLOCKS_LOST: "image blocks not found again in the prior CT",
    QualityMeasure.BLOCK_CORRELATION: "correlation of image blocks as registered, median",
    QualityMeasure.PATIENT_SHIFT_MEDIAN: "residual shift of image blocks all over the patient, median",
    QualityMeasure.PATIENT_BLOCKS_LOST: "image blocks all over the patient not found again in the prior CT (same patient?)",
    QualityMeasure.TARGET_ERROR_MEAN: "landmark error (TRE), mean",
    QualityMeasure.TARGET_ERROR_P95: "landmark error (TRE), 95th percentile",
    QualityMeasure.CONTOUR_DICE: "Dice coefficient of the prior contours, mapped, and the current ones",
    QualityMeasure.CONTOUR_DISTANCE_MEAN: "distance between prior contours, mapped, and current ones, mean",
    QualityMeasure.CONTOUR_DISTANCE_P95: "distance between prior contours, mapped, and current ones, 95th percentile",
    QualityMeasure.FOLDED: "part where the transform folds (Jacobian determinant ≤ 0)",
    QualityMeasure.VOLUME_CHANGE_OUTSIDE: "part with Jacobian determinant below 0.2 or above 2",
    QualityMeasure.JACOBIAN_P1: "Jacobian determinant, 1st percentile",
    QualityMeasure.JACOBIAN_P99: "Jacobian determinant, 99th percentile",
    QualityMeasure.HARMONIC_ENERGY: "harmonic energy of the deformation",
    QualityMeasure.INVERSE_CONSISTENCY_MEAN: "inconsistency of forward and backward registration, mean",
    QualityMeasure.INVERSE_CONSISTENCY_P95: "inconsistency of forward and backward registration, 95th percentile",
    QualityMeasure.OUTSIDE_PRIOR_CT: "part outside the prior CT",
}


@dataclass(frozen=True)
class JacobianMeasure:
    """Local volume change, current → prior: the determinant of the Jacobian.

    Parameters
    ----------
    smallest, p1, p99, largest : float
        Extremes and percentiles.
    folded_percent : float
        Share of the points with a determinant ≤ 0.
    outside_percent : float
        Share below 0.2 or above 2.
    """

    smallest: float
    p1: float
    p99: float
    largest: float
    folded_percent: float
    outside_percent: float


@dataclass(frozen=True)
class DeformationMeasure:
    """What is left of a transform after the rigid motion that fits it best in the region.

    Parameters
    ----------
    harmonic_energy : float
        Mean squared Frobenius norm of the gradient of the displacement; no unit.
    p99_mm, largest_mm : float
        Length of the displacement.
    """

    harmonic_energy: float
    p99_mm: float
    largest_mm: float


@dataclass(frozen=True)
class InverseConsistency:
    """How far a point lies from where it was, after going there and back by two registrations, mm."""

    mean_mm: float
    p95_mm: float
    largest_mm: float


@dataclass(frozen=True)
class Similarity:
    """Local normalised cross-correlation of the CTs in and 10 mm around a region, −1 … 1.

    ``before`` is without any registration, the two frames of reference taken as one. None where the CTs do not overlap or
    show nothing.
    """

    before: float | None
    after: float | None


@dataclass(frozen=True)
class ResidualShift:
    """How far blocks of the current CT must still be moved to lie on the warped prior CT.

    Parameters
    ----------
    blocks : int
        Blocks that have structure in all three directions, and so count.
    lost_percent : float
        Share of them that is nowhere found within the search range; these enter with that range.
    median_mm, p95_mm : float
    correlation : float
        Median over the blocks of the normalised cross-correlation (of intensities and of edges, their mean) as
        registered, unmoved.
    peak_correlation : float
        The same after moving each block to where it fits best.
    """

    blocks: int
    lost_percent: float
    median_mm: float
    p95_mm: float
    correlation: float
    peak_correlation: float


@dataclass(frozen=True)
class FieldOfView:
    """How much of a region has no counterpart, in percent; None for the CT if there is no prior CT."""

    outside_prior_ct_percent: float | None
    outside_prior_dose_percent: float


@dataclass(frozen=True)
class ContourAgreement:
    """Prior contours mapped to the current CT against the current contours of the same organ.

    Parameters
    ----------
    dice : float
        0 … 1.
    mean_mm, p95_mm : float or None
        Symmetric distance between the surfaces; None if the mapped contours are nowhere near.
    is_cut : bool
        One of the two ends bluntly where the other goes on (a cord contoured over part of its length): only the common
        length was compared, so the agreement says nothing about a shift along it.
    """

    dice: float
    mean_mm: float | None
    p95_mm: float | None
    is_cut: bool


@dataclass(frozen=True)
class LandmarkErrors:
    """Target registration errors of landmark pairs, mm.

    ``undefined`` is the number of pairs where the transform is not defined; they are not among the ``number``.
    """

    number: int
    undefined: int
    mean_mm: float
    p95_mm: float
    largest_mm: float


@dataclass(frozen=True)
class RegionQuality:
    """All measures of one region; None for what could not be taken.

    ``points`` is the number of points that stand for it.
    """

    region: Region
    points: int
    field_of_view: FieldOfView
    jacobian: JacobianMeasure | None
    deformation: DeformationMeasure | None
    inverse_consistency: InverseConsistency | None
    similarity: Similarity | None
    residual_shift: ResidualShift | None


@dataclass(frozen=True)
class OrganQuality:
    """All measures of one registration in one organ.

    Parameters
    ----------
    name : str
    is_same_frame : bool
        No registration: both lie in one frame of reference.
    has_prior_ct, has_backward : bool
        What there was to measure by.
    organ : RegionQuality
    overlap : RegionQuality or None
        Of the part within the high prior dose; None if there is none.
    contours : ContourAgreement or None
    landmarks : LandmarkErrors or None
        Of the pairs within 30 mm of the organ.
    highest_dose_share : float
        Highest mapped prior dose in the organ as a share of the prior maximum, 0 … 1.
    patient_shift : ResidualShift or None
        All over the patient, the same for every organ: where nothing else agrees, one organ that does is chance.
    """

    name: str
    is_same_frame: bool
    has_prior_ct: bool
    has_backward: bool
    organ: RegionQuality
    overlap: RegionQuality | None
    contours: ContourAgreement | None
    landmarks: LandmarkErrors | None
    highest_dose_share: float
    patient_shift: ResidualShift | None = None


@dataclass(frozen=True)
class Reason:
    """Why a verdict is not better, or what it rests on.

    Parameters
    ----------
    verdict : Verdict
        What this alone would make of it.
    text : str
        In words, with value, unit and limit.
    measure : QualityMeasure or None
        None for reasons that are no measure.
    region : Region or None
    found, limit : float or None
    source : str
        Of the limit.
    """

    verdict: Verdict
    text: str
    measure: QualityMeasure | None = None
    region: Region | None = None
    found: float | None = None
    limit: float | None = None
    source: str = ""


@dataclass(frozen=True)
class OrganVerdict:
    """The verdict on one registration in one organ.

    Parameters
    ----------
    organ : str
    verdict : Verdict
    reasons : tuple of Reason
        What decided, worst first; for *go* what it rests on.
    not_measured : tuple of str
        Measures that could not be taken, and why.
    notes : tuple of str
        What else the reader should know.
    """

    organ: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    not_measured: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_checked(self) -> bool:
        """Whether anything in the images, contours or landmarks was there to check it by."""
        return any(reason.measure is not None for reason in self.reasons)


@dataclass(frozen=True)
class CourseQuality:
    """Measures and verdicts of one course.

    Parameters
    ----------
    high_dose : RegionQuality or None
        Within the high prior dose, whatever the organ; None if it lies outside the current CT.
    landmarks : LandmarkErrors or None
        Of all pairs.
    organs : tuple of OrganQuality
    verdicts : tuple of OrganVerdict
        In the order of the organs.
    """

    high_dose: RegionQuality | None
    landmarks: LandmarkErrors | None
    organs: tuple[OrganQuality, ...]
    verdicts: tuple[OrganVerdict, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all organs."""
        return worst([verdict.verdict for verdict in self.verdicts])

    def count(self, verdict: Verdict) -> int:
        """In how many organs the verdict is this."""
        return sum(organ.verdict is verdict for organ in self.verdicts)

    @property
    def fails_mostly(self) -> bool:
        """Whether it fails in more than half of the organs: then see whether both CTs are of the same patient."""
        return 2 * self.count(Verdict.WORKSHEET) > len(self.verdicts)
