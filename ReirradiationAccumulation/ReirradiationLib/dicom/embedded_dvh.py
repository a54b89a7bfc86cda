"""The dose–volume histograms that a planning system stored in a dose object (RT DVH module, PS3.3 C.8.8.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..model.arrays import FloatArray
from ..model.interlock import Interlock
from .reader import DicomReader, SopClass, open_dicom

CUMULATIVE, DIFFERENTIAL = "CUMULATIVE", "DIFFERENTIAL"
FITS = 0.05
"""Relative deviation up to which a stated value fits the curve."""

ROUNDING = 1e-6
"""Negative volumes down to this share of the largest value are rounding of the planning system's sums."""

FEWEST_VALUES = 4
FITTING_SHARE = 0.8
NEGLIGIBLE = 0.02
"""Doses below this share of the largest are left out of the comparison; their rounding is coarse."""


@dataclass(frozen=True, eq=False)
class EmbeddedDvh:
    """A stored histogram as a cumulative curve.

    Parameters
    ----------
    roi_numbers : tuple of int
        The ROIs that are included.
    kind : str
        DVHType.
    dose_units, volume_units : str
        DoseUnits (GY or RELATIVE) and DVHVolumeUnits (CM3, PERCENT or PER_U).
    doses : array, shape (n + 1,)
        Edges of the dose bins, in ``dose_units``.
    volumes : array, shape (n + 1,)
        Volume that receives at least the dose of the edge, in ``volume_units``.
    stated_minimum, stated_mean, stated_maximum : float or None
        What the object states beside the curve.
    """

    roi_numbers: tuple[int, ...]
    kind: str
    dose_units: str
    volume_units: str
    doses: FloatArray
    volumes: FloatArray
    stated_minimum: float | None
    stated_mean: float | None
    stated_maximum: float | None

    @property
    def minimum(self) -> float:
        """The largest dose that the whole volume receives."""
        whole = np.flatnonzero(self.volumes >= self.volumes[0] * (1.0 - 1e-6))
        return float(self.doses[whole[-1]])

    @property
    def mean(self) -> float:
        """Mean dose: the area under the curve."""
        between = 0.5 * (self.volumes[1:] + self.volumes[:-1])
        return float(np.sum(between * np.diff(self.doses)) / self.volumes[0])

    @property
    def maximum(self) -> float:
        """The smallest dose that no volume exceeds."""
        some = np.flatnonzero(self.volumes > self.volumes[0] * 1e-6)
        return float(self.doses[min(some[-1] + 1, len(self.doses) - 1)])


def read_embedded_dvhs(path: Path) -> tuple[EmbeddedDvh, ...]:
    """All histograms of a dose object, in file order.

    Raises
    ------
    DicomError
        If the file is no RTDOSE, or a histogram is damaged or a NATURAL one (volume per u(dose)).
    """
    reader = open_dicom(path, SopClass.RTDOSE, pixels=False)
    return tuple(_dvh(item) for item in reader.items("DVHSequence"))


def percent_reference_gy(dvhs: Sequence[EmbeddedDvh]) -> float | None:
    """The dose that DVHMeanDose and DVHMaximumDose are percentages of although they are tagged GY; None if they are Gy.

    The unit is taken for percent if the stated values do not fit the curves, but do after division by one and the same
    number throughout.
    """
    pairs = [
        (curve, stated)
        for dvh in dvhs
        if dvh.dose_units == "GY"
        for curve, stated in ((dvh.mean, dvh.stated_mean), (dvh.maximum, dvh.stated_maximum))
        if stated is not None and stated > 0.0
    ]
    largest = max((curve for curve, _ in pairs), default=0.0)
    ratios = np.array([curve / stated for curve, stated in pairs if curve > NEGLIGIBLE * largest])
    if len(ratios) < FEWEST_VALUES or _share_near(ratios, 1.0) >= FITTING_SHARE:
        return None
    common = float(np.median(ratios))
    return 100.0 * common if _share_near(ratios, common) >= FITTING_SHARE else None


def _share_near(ratios: FloatArray, value: float) -> float:
    return float(np.mean(np.abs(ratios / value - 1.0) <= FITS))


def _dvh(item: DicomReader) -> EmbeddedDvh:
    kind = item.text("DVHType")
    pairs = item.numbers("DVHData")
    if kind not in (CUMULATIVE, DIFFERENTIAL) or pairs.size % 2 or pairs.min() < -ROUNDING * pairs.max():
        found = f"is of type '{kind}' with {pairs.size} values, the smallest {pairs.min():g}"
        raise item.refuse("DVHData", found, expected="pairs of bin width and volume", interlock=Interlock.ATTRIBUTE)
    widths, volumes = np.maximum(pairs, 0.0).reshape(-1, 2).T
    scaling = item.number("DVHDoseScaling") if item.has("DVHDoseScaling") else 1.0
    doses = np.concatenate([[0.0], np.cumsum(widths)]) * scaling
    at_least = volumes if kind == CUMULATIVE else np.cumsum(volumes[::-1])[::-1]
    curve = np.append(at_least, 0.0)
    if curve[0] <= 0.0:
        raise item.refuse("DVHData", "holds no volume", interlock=Interlock.ATTRIBUTE)
    rois = [roi for roi in item.items("DVHReferencedROISequence") if roi.text("DVHROIContributionType") != "EXCLUDED"]
    return EmbeddedDvh(
        roi_numbers=tuple(roi.whole("ReferencedROINumber") for roi in rois),
        kind=kind,
        dose_units=item.text("DoseUnits"),
        volume_units=item.text("DVHVolumeUnits"),
        doses=doses,
        volumes=curve,
        stated_minimum=_optional(item, "DVHMinimumDose"),
        stated_mean=_optional(item, "DVHMeanDose"),
        stated_maximum=_optional(item, "DVHMaximumDose"),
    )


def _optional(item: DicomReader, keyword: str) -> float | None:
    return item.number(keyword) if item.has(keyword) else None
