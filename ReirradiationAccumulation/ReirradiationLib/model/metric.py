"""Dose–volume metrics in the field's notation: one grammar, parsed and printed here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from .errors import ProtocolError


class MetricKind(str, Enum):
    """What is asked of a cumulative DVH."""

    DOSE_AT_CC = "dose at absolute volume"
    DOSE_AT_PERCENT = "dose at relative volume"
    MAXIMUM = "maximum dose"
    MEAN = "mean dose"
    MINIMUM = "minimum dose"
    VOLUME_CC = "absolute volume at dose"
    VOLUME_PERCENT = "relative volume at dose"
    COLD_VOLUME_CC = "absolute volume below dose"


_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_GRAMMAR: tuple[tuple[str, MetricKind], ...] = (
    (rf"D{_NUMBER}cc(?:\[Gy\])?", MetricKind.DOSE_AT_CC),
    (rf"D{_NUMBER}%(?:\[Gy\])?", MetricKind.DOSE_AT_PERCENT),
    (r"Dmax(?:\[Gy\])?", MetricKind.MAXIMUM),
    (r"Dmean(?:\[Gy\])?", MetricKind.MEAN),
    (r"Dmin(?:\[Gy\])?", MetricKind.MINIMUM),
    (rf"V{_NUMBER}Gy\[cc\]", MetricKind.VOLUME_CC),
    (rf"V{_NUMBER}Gy\[%\]", MetricKind.VOLUME_PERCENT),
    (rf"CV{_NUMBER}Gy\[cc\]", MetricKind.COLD_VOLUME_CC),
)
_PRINTED = {
    MetricKind.DOSE_AT_CC: "D{:g}cc[Gy]",
    MetricKind.DOSE_AT_PERCENT: "D{:g}%[Gy]",
    MetricKind.MAXIMUM: "Dmax[Gy]",
    MetricKind.MEAN: "Dmean[Gy]",
    MetricKind.MINIMUM: "Dmin[Gy]",
    MetricKind.VOLUME_CC: "V{:g}Gy[cc]",
    MetricKind.VOLUME_PERCENT: "V{:g}Gy[%]",
    MetricKind.COLD_VOLUME_CC: "CV{:g}Gy[cc]",
}


@dataclass(frozen=True)
class Metric:
    """A dose–volume metric, such as ``D0.03cc[Gy]``, ``D95%[Gy]``, ``V20Gy[%]`` or ``CV16Gy[cc]``.

    Parameters
    ----------
    kind : MetricKind
    at : float
        The volume in cc or %, or the dose in Gy; 0 where the kind has no argument.
    """

    kind: MetricKind
    at: float = 0.0

    @property
    def unit(self) -> str:
        """Unit of the metric's value: ``Gy``, ``cc`` or ``%``."""
        return str(self)[:-1].rsplit("[", 1)[1]

    def __str__(self) -> str:
        return _PRINTED[self.kind].format(self.at)

    @staticmethod
    def parse(text: str) -> Metric:
        """Read a metric from text; the unit may be left out where only Gy is possible.

        Raises
        ------
        ProtocolError
            If the text is not a metric of this grammar.
        """
        for pattern, kind in _GRAMMAR:
            match = re.fullmatch(pattern, text.strip())
            if match:
                at = float(match.group(1)) if match.groups() else 0.0
                if kind in (MetricKind.DOSE_AT_CC, MetricKind.DOSE_AT_PERCENT) and at <= 0.0:
                    break
                if kind is MetricKind.DOSE_AT_PERCENT and at > 100.0:
                    break
                return Metric(kind, at)
        raise ProtocolError(
            f"Metric '{text}'",
            "not understood",
            "Correct the spelling, the volume or the unit.",
            "D0.03cc[Gy], D95%[Gy], Dmax[Gy], Dmean[Gy], Dmin[Gy], V20Gy[cc], V20Gy[%] or CV16Gy[cc]",
        )
