"""Finer samples where a structure is hottest, so that D0.03cc is no lottery in a large organ.

A metric on a volume v is read from the hottest v of a structure. Its cells are cut in eight, and the finer cells again,
until the cells around the hottest v are no larger than v / 400, for every v from 0.01 cc up: some thousand additional
samples, whatever the size of the structure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from ..model.arrays import BoolArray, FloatArray
from ..model.course import Course
from ..model.protocol import Basis
from .accumulation import StructureDose
from .cells import Body
from .dvh import descending_order
from .occupancy import cut_samples

CELLS_PER_VOLUME = 400
"""How many whole cells the hottest volume of a metric is to hold."""

SMALLEST_VOLUME_CC = 0.01
"""Metrics on smaller volumes are not refined for."""

HOT_CELLS = 4 * CELLS_PER_VOLUME
"""Cells that are looked at: the hottest ones, with a reserve for those that hold a hotter corner."""

MOST_ROUNDS = 6

Ranking: TypeAlias = Callable[[StructureDose], FloatArray]
"""What makes a sample hot, shape (n,), such as one of the sums that metrics are read from."""


def sum_rankings(alpha_beta_gy: float, with_recovery: bool, new: Course | None) -> list[Ranking]:
    """The sums that the metrics of a structure are read from.

    Parameters
    ----------
    alpha_beta_gy : float
    with_recovery : bool
        Whether there is a recovered sum besides the raw one.
    new : Course or None
        The new course, if it is among the courses: then there is also a sum without it.
    """

    def ranking(basis: Basis, left_out: Course | None) -> Ranking:
        def sum_gy(dose: StructureDose) -> FloatArray:
            return (dose.without_course(left_out.identifier) if left_out else dose).eqd2_gy(alpha_beta_gy, basis)

        return sum_gy

    bases = tuple(Basis) if with_recovery else (Basis.RAW,)
    return [ranking(basis, left_out) for basis in bases for left_out in ((None, new) if new else (None,))]


def refined(dose: StructureDose, body: Body, rankings: Sequence[Ranking]) -> StructureDose:
    """Cut the hottest cells of a structure until they are small against the volumes that metrics are read from.

    Parameters
    ----------
    dose : StructureDose
        Of samples of the body. If they have no cells that may be cut, it comes back as it is.
    body : Body
    rankings : sequence of callables
        Each gives a value per sample; the hottest cells by any of them are cut.
    """
    if dose.samples.cells is None:
        return dose
    is_hot = np.zeros(len(dose.samples.volumes_cc), dtype=np.bool_)
    for ranking in rankings:
        values = ranking(dose)
        count = min(HOT_CELLS, len(values))
        is_hot[np.argpartition(-values, count - 1)[:count]] = True
    hot, rest = dose.at(is_hot), dose.at(~is_hot)
    for _ in range(MOST_ROUNDS):
        coarse = _too_coarse(hot, rankings)
        if not coarse.any():
            break
        finer = hot.sampled_at(cut_samples(hot.samples, body, coarse))
        hot = hot.at(~coarse).joined(finer)
    return rest.joined(hot)


def _too_coarse(dose: StructureDose, rankings: Sequence[Ranking]) -> BoolArray:
    """Cells that are larger than their share of the volume that is at least as hot."""
    cells = dose.samples.cells
    assert cells is not None
    coarse = np.zeros(len(dose.samples.volumes_cc), dtype=np.bool_)
    for ranking in rankings:
        order = descending_order(ranking(dose))
        hotter_cc = np.maximum(np.cumsum(dose.samples.volumes_cc[order]), SMALLEST_VOLUME_CC)
        coarse[order] |= cells.volumes_cc[order] > hotter_cc / CELLS_PER_VOLUME
    return coarse
