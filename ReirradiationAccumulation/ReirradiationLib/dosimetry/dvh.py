"""Cumulative dose–volume histograms and metrics, from sorted samples rather than bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import DosimetryError
from ..model.metric import Metric, MetricKind


@dataclass(frozen=True, eq=False)
class CumulativeDvh:
    """The samples of a structure, hottest first; made by :func:`cumulative_dvh`.

    Parameters
    ----------
    dose_gy : array, shape (n,)
        Sorted descending.
    volumes_cc : array, shape (n,)
        Volume that each sample stands for.
    """

    dose_gy: FloatArray
    volumes_cc: FloatArray

    @property
    def total_cc(self) -> float:
        """Volume of the structure."""
        return float(self.volumes_cc.sum())

    def curve(self, dose_axis_gy: FloatArray) -> FloatArray:
        """Percent of the volume that receives at least each dose of the axis, shape as the axis."""
        count = len(self.dose_gy) - np.searchsorted(self.dose_gy[::-1], dose_axis_gy, side="left")
        covered_cc = np.concatenate([[0.0], np.cumsum(self.volumes_cc)])[count]
        return np.asarray(100.0 * covered_cc / self.total_cc)

    def value(self, metric: Metric) -> float:
        """A metric, in its own unit.

        Raises
        ------
        DosimetryError
            If the metric asks for a larger volume than the structure has.
        """
        if metric.kind is MetricKind.MAXIMUM:
            return float(self.dose_gy[0])
        if metric.kind is MetricKind.MINIMUM:
            return float(self.dose_gy[-1])
        if metric.kind is MetricKind.MEAN:
            return float(np.average(self.dose_gy, weights=self.volumes_cc))
        if metric.kind is MetricKind.DOSE_AT_CC:
            return self._dose_at(metric.at, metric)
        if metric.kind is MetricKind.DOSE_AT_PERCENT:
            return self._dose_at(metric.at / 100.0 * self.total_cc, metric)
        percent = float(self.curve(np.array([metric.at]))[0])
        if metric.kind is MetricKind.VOLUME_PERCENT:
            return percent
        covered_cc = percent / 100.0 * self.total_cc
        return covered_cc if metric.kind is MetricKind.VOLUME_CC else max(self.total_cc - covered_cc, 0.0)

    def _dose_at(self, volume_cc: float, metric: Metric) -> float:
        if volume_cc > self.total_cc * (1.0 + 1e-9):
            raise DosimetryError(
                f"Metric {metric}", f"the structure has only {self.total_cc:.4g} cc", "Choose a smaller volume."
            )
        # A sample's dose is the middle of the dose within its own volume, so it belongs to the middle of that volume.
        middle_cc = np.cumsum(self.volumes_cc) - self.volumes_cc / 2.0
        return float(np.interp(volume_cc, middle_cc, self.dose_gy))


def cumulative_dvh(dose_gy: FloatArray, volumes_cc: FloatArray) -> CumulativeDvh:
    """Sort samples into a cumulative DVH.

    Parameters
    ----------
    dose_gy, volumes_cc : arrays, shape (n,)
        Dose at each sample and the volume it stands for.

    Raises
    ------
    DosimetryError
        If there are no samples, the shapes differ or a value is not finite.
    """
    fits = dose_gy.ndim == 1 and dose_gy.shape == volumes_cc.shape and len(dose_gy) > 0
    if not fits or not (np.isfinite(dose_gy).all() and np.isfinite(volumes_cc).all()):
        raise DosimetryError(
            "DVH", f"samples of shape {dose_gy.shape} and {volumes_cc.shape}", "Report this.", "finite values of one shape"
        )
    order = np.argsort(-dose_gy, kind="stable")
    return CumulativeDvh(dose_gy[order], volumes_cc[order])
