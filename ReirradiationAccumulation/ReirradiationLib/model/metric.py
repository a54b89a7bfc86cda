"""Dose–volume metrics in the field's notation: one grammar, parsed and printed here."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum

import numpy as np

from .errors import ProtocolError


class MetricKind(str, Enum):
    """What is asked of a cumulative DVH."""

    DOSE_AT_CC = "dose at absolute volume"
    DOSE_AT_PERCENT = "dose at relative volume"
    MAXIMUM = "maximum dose"
    MEAN = "mean dose"
    MINIMUM = "minimum dose"
    GENERALIZED_EUD = "generalized equivalent uniform dose"
    VOLUME_CC = "absolute volume at dose"
    VOLUME_PERCENT = "relative volume at dose"
    COLD_VOLUME_CC = "absolute volume below dose"
    COLD_VOLUME_PERCENT = "relative volume below dose"


_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_GRAMMAR: tuple[tuple[str, MetricKind], ...] = (
    (rf"D{_NUMBER}cc(?:\[Gy\])?", MetricKind.DOSE_AT_CC),
    (rf"D{_NUMBER}%(?:\[Gy\])?", MetricKind.DOSE_AT_PERCENT),
    (r"Dmax(?:\[Gy\])?", MetricKind.MAXIMUM),
    (r"Dmean(?:\[Gy\])?", MetricKind.MEAN),
    (r"Dmin(?:\[Gy\])?", MetricKind.MINIMUM),
    (r"gEUD(-?[0-9]+(?:\.[0-9]+)?)(?:\[Gy\])?", MetricKind.GENERALIZED_EUD),
    (rf"V{_NUMBER}Gy\[cc\]", MetricKind.VOLUME_CC),
    (rf"V{_NUMBER}Gy\[%\]", MetricKind.VOLUME_PERCENT),
    (rf"CV{_NUMBER}Gy\[cc\]", MetricKind.COLD_VOLUME_CC),
    (rf"CV{_NUMBER}Gy\[%\]", MetricKind.COLD_VOLUME_PERCENT),
)
_OTHER_SPELLINGS = {"Dnearmax": "D2%", "Dnearmin": "D98%"}
"""Near-maximum and near-minimum of ICRU Report 83 (2010)."""

_PRINTED = {
    MetricKind.DOSE_AT_CC: "D{}cc[Gy]",
    MetricKind.DOSE_AT_PERCENT: "D{}%[Gy]",
    MetricKind.MAXIMUM: "Dmax[Gy]",
    MetricKind.MEAN: "Dmean[Gy]",
    MetricKind.MINIMUM: "Dmin[Gy]",
    MetricKind.GENERALIZED_EUD: "gEUD{}[Gy]",
    MetricKind.VOLUME_CC: "V{}Gy[cc]",
    MetricKind.VOLUME_PERCENT: "V{}Gy[%]",
    MetricKind.COLD_VOLUME_CC: "CV{}Gy[cc]",
    MetricKind.COLD_VOLUME_PERCENT: "CV{}Gy[%]",
}
_WITHOUT_ARGUMENT = (MetricKind.MAXIMUM, MetricKind.MEAN, MetricKind.MINIMUM)
_EXPECTED = (
    "D0.03cc[Gy], D95%[Gy], Dnearmax, Dnearmin, Dmax[Gy], Dmean[Gy], Dmin[Gy], gEUD8[Gy], V20Gy[cc], V20Gy[%], "
    "CV16Gy[cc] or CV16Gy[%]"
)


LARGEST_HOT_CC = 2.0
"""The largest volume of a near-maximum in use (D2cc of brachytherapy, GEC-ESTRO)."""

LARGEST_HOT_PERCENT = 2.0
"""D2% is the near-maximum of ICRU Report 83."""


@dataclass(frozen=True)
class Metric:
    """A dose–volume metric, such as ``D0.03cc[Gy]``, ``D95%[Gy]``, ``V20Gy[%]``, ``CV16Gy[cc]`` or ``gEUD8[Gy]``.

    Parameters
    ----------
    kind : MetricKind
    at : float
        The volume in cc or %, the dose in Gy, or the exponent a of gEUD (Niemierko 1999: negative for targets, positive
        for organs, not 0); 0 where the kind has no argument.

    Raises
    ------
    ProtocolError
        If the argument is not finite or out of its range.
    """

    kind: MetricKind
    at: float = 0.0

    def __post_init__(self) -> None:
        if not self._is_in_range():
            raise _not_understood(f"{self.kind.value} at {self.at}")

    @property
    def unit(self) -> str:
        """Unit of the metric's value: ``Gy``, ``cc`` or ``%``."""
        return str(self)[:-1].rsplit("[", 1)[1]

    @property
    def is_cold(self) -> bool:
        """Whether the value falls as the dose rises: a volume that is spared."""
        return self.kind in (MetricKind.COLD_VOLUME_CC, MetricKind.COLD_VOLUME_PERCENT)

    @property
    def is_near_maximum(self) -> bool:
        """Whether it stands for the hottest points of a structure: the maximum, or a dose to a small volume."""
        largest = {
            MetricKind.MAXIMUM: 0.0,
            MetricKind.DOSE_AT_CC: LARGEST_HOT_CC,
            MetricKind.DOSE_AT_PERCENT: LARGEST_HOT_PERCENT,
        }
        return self.at <= largest.get(self.kind, -1.0)

    def __str__(self) -> str:
        return _PRINTED[self.kind].format(np.format_float_positional(self.at, trim="-"))

    @staticmethod
    def parse(text: str) -> Metric:
        """Read a metric from text; the unit may be left out where only Gy is possible.

        ``Dnearmax`` and ``Dnearmin`` are read as ``D2%`` and ``D98%``.

        Raises
        ------
        ProtocolError
            If the text is not a metric of this grammar.
        """
        spelling = text.strip()
        name = spelling.removesuffix("[Gy]")
        spelling = _OTHER_SPELLINGS.get(name, spelling)
        for pattern, kind in _GRAMMAR:
            match = re.fullmatch(pattern, spelling, re.ASCII)
            if match:
                at = float(match.group(1)) if match.groups() else 0.0
                try:
                    return Metric(kind, at)
                except ProtocolError as error:
                    raise _not_understood(f"'{text}'") from error
        raise _not_understood(f"'{text}'")

    def _is_in_range(self) -> bool:
        if not math.isfinite(self.at):
            return False
        if self.kind is MetricKind.DOSE_AT_CC:
            return self.at > 0.0
        if self.kind is MetricKind.DOSE_AT_PERCENT:
            return 0.0 < self.at <= 100.0
        if self.kind is MetricKind.GENERALIZED_EUD:
            return abs(self.at) > 0.0
        return abs(self.at) <= 0.0 if self.kind in _WITHOUT_ARGUMENT else self.at >= 0.0


def _not_understood(metric: str) -> ProtocolError:
    remedy = "Correct the spelling, the volume or the unit; small and capital letters differ, decimals have a point."
    if re.fullmatch(rf"'C?V{_NUMBER}(Gy)?(\[.*\])?'", metric):
        remedy = "Write the dose in Gy and the unit of the volume: V20Gy[cc] or V20Gy[%]."
    elif re.fullmatch(rf"'D{_NUMBER}(\[Gy\])?'", metric):
        remedy = "Write the unit of the volume: D0.03cc or D95%."
    return ProtocolError(f"Metric {metric}", "not understood", remedy, _EXPECTED)
