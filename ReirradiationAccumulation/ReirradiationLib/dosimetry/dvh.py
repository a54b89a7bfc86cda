"""Cumulative dose–volume histograms and metrics, from sorted samples rather than bins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import Float32Array, FloatArray
from ..model.errors import DosimetryError
from ..model.metric import Metric, MetricKind

VOLUME_TOLERANCE = 1e-9
"""Share of its volume by which a metric may ask for more than a structure has: rounding, no more."""


@dataclass(frozen=True, eq=False)
class CumulativeDvh:
    """The samples of a structure, hottest first; made by :func:`cumulative_dvh`, which sorts once for all metrics.

    A sample's dose is that of the middle of the volume it stands for. So D(v) is the polygon through the samples' doses at
    the middles of their places in the sorted volume, level before the hottest and after the coldest sample; and V(d) is
    its inverse, the largest volume that receives at least d. V(D(v)) = v wherever D falls.

    Parameters
    ----------
    dose_gy : array, shape (n,)
        Sorted descending.
    volumes_cc : array, shape (n,)
        Volume that each sample stands for, above 0.
    """

    dose_gy: FloatArray
    volumes_cc: FloatArray

    @cached_property
    def _covered_cc(self) -> FloatArray:
        """Volume of the samples up to and including each, shape (n,)."""
        return np.cumsum(self.volumes_cc, dtype=np.float64)

    @cached_property
    def _middle_cc(self) -> FloatArray:
        """Middle of each sample's place in the sorted volume, shape (n,)."""
        return np.asarray(self._covered_cc - self.volumes_cc / 2.0)

    @property
    def total_cc(self) -> float:
        """Volume of the structure."""
        return float(self._covered_cc[-1])

    def curve(self, dose_axis_gy: FloatArray) -> FloatArray:
        """Percent of the volume that receives at least each dose of the axis, shape as the axis."""
        # Of equal doses np.interp takes the last: the largest volume that still receives that dose.
        volume_cc = np.interp(-dose_axis_gy, -self.dose_gy, self._middle_cc, left=0.0)
        return np.where(dose_axis_gy <= self.dose_gy[-1], 100.0, 100.0 * volume_cc / self.total_cc)

    def value(self, metric: Metric) -> float:
        """A metric, in its own unit.

        Raises
        ------
        DosimetryError
            If the metric asks for a larger volume than the structure has, or for the gEUD of negative doses.
        """
        if metric.kind is MetricKind.MAXIMUM:
            return float(self.dose_gy[0])
        if metric.kind is MetricKind.MINIMUM:
            return float(self.dose_gy[-1])
        if metric.kind is MetricKind.MEAN:
            return float(np.average(self.dose_gy, weights=self.volumes_cc))
        if metric.kind is MetricKind.GENERALIZED_EUD:
            return self._generalized_eud(metric.at)
        if metric.kind is MetricKind.DOSE_AT_CC:
            return self._dose_at(metric.at, metric)
        if metric.kind is MetricKind.DOSE_AT_PERCENT:
            return self._dose_at(metric.at / 100.0 * self.total_cc, metric)
        percent = float(self.curve(np.array([metric.at]))[0])
        if metric.is_cold:
            percent = 100.0 - percent
        is_relative = metric.kind in (MetricKind.VOLUME_PERCENT, MetricKind.COLD_VOLUME_PERCENT)
        return percent if is_relative else percent / 100.0 * self.total_cc

    def _dose_at(self, volume_cc: float, metric: Metric) -> float:
        if volume_cc > self.total_cc * (1.0 + VOLUME_TOLERANCE):
            raise DosimetryError(
                f"Metric {metric}", f"the structure has only {self.total_cc:.4g} cc", "Choose a smaller volume."
            )
        return float(np.interp(volume_cc, self._middle_cc, self.dose_gy))

    def _generalized_eud(self, exponent: float) -> float:
        """``(Σ v_i d_i^a)^(1/a)`` with shares v_i of the volume (Niemierko A, Med Phys 26:1100 (1999), abstract).

        Doses are taken relative to the hottest (a > 0) or coldest sample (a < 0), so that no power exceeds 1, and powers
        as differences from 1, which keeps all digits for small |a|. With a < 0 a sample of 0 Gy makes it 0.
        """
        coldest_gy = float(self.dose_gy[-1])
        if coldest_gy < 0.0:
            raise DosimetryError("gEUD", f"a dose of {coldest_gy:g} Gy", "Report this.", "no negative dose")
        reference_gy = float(self.dose_gy[0]) if exponent > 0.0 else coldest_gy
        if reference_gy <= 0.0:
            return 0.0
        with np.errstate(divide="ignore"):  # log(0) = -inf counts as a power of 0
            powers_less_one = np.expm1(exponent * np.log(self.dose_gy / reference_gy))
        mean_less_one = float(np.average(powers_less_one, weights=self.volumes_cc))
        return float(reference_gy * np.exp(np.log1p(mean_less_one) / exponent))


def cumulative_dvh(dose_gy: FloatArray | Float32Array, volumes_cc: FloatArray) -> CumulativeDvh:
    """Sort samples into a cumulative DVH.

    Parameters
    ----------
    dose_gy, volumes_cc : arrays, shape (n,)
        Dose at each sample and the volume it stands for; samples of no volume are left out.

    Raises
    ------
    DosimetryError
        If there are no samples, the shapes differ, a value is not finite, or a volume is negative.
    """
    fits = dose_gy.ndim == 1 and dose_gy.shape == volumes_cc.shape and bool((volumes_cc > 0.0).any())
    if not fits or not (np.isfinite(dose_gy).all() and np.isfinite(volumes_cc).all()) or (volumes_cc < 0.0).any():
        raise DosimetryError(
            "DVH", f"samples of shape {dose_gy.shape} and {volumes_cc.shape}", "Report this.", "finite values of one shape"
        )
    order = descending_order(dose_gy)
    if not volumes_cc.all():
        order = order[volumes_cc[order] > 0.0]
    return CumulativeDvh(np.asarray(dose_gy[order], dtype=np.float64), np.asarray(volumes_cc[order], dtype=np.float64))


def descending_order(values: FloatArray | Float32Array) -> NDArray[np.intp]:
    """Indices that sort values from the highest to the lowest, equal ones in their order.

    A radix sort of the bits in single precision, then a merge of what is already nearly in order: several times as fast as
    comparing all, and the same on every machine.
    """
    bits = np.asarray(values, dtype=np.float32).view(np.uint32)
    # IEEE 754: the bits of floats rise with their value, those of negative ones fall.
    keys = np.where(bits >> np.uint32(31), bits, ~bits & np.uint32(0x7FFFFFFF))
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    order = order[np.argsort((keys >> np.uint32(16)).astype(np.uint16)[order], kind="stable")]
    falling = -values[order]
    return np.asarray(order if (falling[1:] >= falling[:-1]).all() else order[np.argsort(falling, kind="stable")])
