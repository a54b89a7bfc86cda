"""Finer samples where a structure is hottest, so that D0.03cc is no lottery in a large organ.

Cells are cut in eight level by level. At each level *all* cells that may hold one of the hottest points are cut: by the dose
in their middle, those of the hottest volume, and those that are cooler by no more than doses differ within cells there. A
cell is never cut because its own sample happens to be hot while others like it are left: replacing lucky samples only would
lower every maximum. Where that would be too many cells – a flat or a noisy dose – the samples stay as they are: then many
samples are about as hot, and they tell the metric without bias.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, FloatArray
from ..model.course import Course
from ..model.protocol import Basis
from .accumulation import StructureDose
from .cells import Body
from .dvh import descending_order
from .occupancy import cut_samples

CELLS_PER_VOLUME = 400
"""How many whole cells the hottest volume of a metric is to hold."""

HOTTEST_CELLS = (400, 200, 100, 50, 25)
"""Cells of the hottest volume that is resolved at a level: the first number for which not too many must be cut."""

SMALLEST_VOLUME_CC = 0.01
"""Metrics on smaller volumes are not refined for."""

TRIED_CELLS = 256
"""Cells that are cut to see how much doses differ within cells."""

EXCESS_PERCENT = 99.0
"""Of their parts, by which it is measured how much doses differ within cells."""

MOST_CELLS = 6000
"""More cells are not cut at a level."""

MOST_LEVELS = 6

LUCK_GY = 0.05
LUCK_SHARE = 0.3
"""Cells are not cut if their samples were hotter than the cells on average by more than this dose, and by more than this
share of the standard deviation: noise from voxel to voxel."""

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
    rest: list[StructureDose] = []
    for _ in range(MOST_LEVELS):
        if dose.samples.cells is None:
            break
        # Judged by the dose in their middle, not by their sample: cells whose sample happens to be hot are not favoured.
        middle = dose.sampled_at(replace(dose.samples, points_mm=body.to_lps(dose.samples.cells.centres_mm)))
        chosen = np.zeros(len(dose.samples.volumes_cc), dtype=np.bool_)
        for ranking in rankings:
            chosen |= _may_be_hottest(middle, body, ranking)
        if not chosen.any() or np.count_nonzero(chosen) > MOST_CELLS:
            break
        whole = dose.at(chosen)
        cut, of_whole = _cut(whole, body)
        if any(_were_lucky(whole, cut, of_whole, ranking) for ranking in rankings):
            break
        rest.append(dose.at(~chosen))
        dose = cut
    for part in reversed(rest):
        dose = part.joined(dose)
    return dose


def _may_be_hottest(dose: StructureDose, body: Body, ranking: Ranking) -> BoolArray:
    """Cells that may hold a point of the hottest volume; none if they are small enough, or if these would be too many.

    The volume is as large as cells of this size can do without being cut, or smaller where only a smaller one stands out.
    """
    cells = dose.samples.cells
    assert cells is not None
    none = np.zeros(len(dose.samples.volumes_cc), dtype=np.bool_)
    is_coarse = cells.volumes_cc > SMALLEST_VOLUME_CC / CELLS_PER_VOLUME
    if not is_coarse.any():
        return none
    values = ranking(dose)
    order = descending_order(values)
    for count in HOTTEST_CELLS:
        last = min(count, len(order) - 1)
        excess = _excess(dose, body, ranking, values, order[last : 3 * last])
        chosen = np.asarray(is_coarse & (values >= values[order[last]] - excess))
        if np.count_nonzero(chosen) <= MOST_CELLS:
            return chosen
    return none


def _excess(dose: StructureDose, body: Body, ranking: Ranking, values: FloatArray, beside: NDArray[np.intp]) -> float:
    """By how much points of cells, the next ones after the hottest, exceed the samples of these cells."""
    if not beside.size:
        return 0.0
    tried = np.zeros(len(values), dtype=np.bool_)
    tried[beside[np.linspace(0, len(beside) - 1, min(TRIED_CELLS, len(beside))).astype(np.intp)]] = True
    finer, of_parent = cut_samples(dose.samples, body, tried)
    above = ranking(dose.sampled_at(finer)) - values[np.flatnonzero(tried)[of_parent]]
    return max(float(np.percentile(above, EXCESS_PERCENT)), 0.0) if above.size else 0.0


def _cut(dose: StructureDose, body: Body) -> tuple[StructureDose, NDArray[np.intp]]:
    """All cells cut in eight, and the number of the cell that each is from.

    The volume of a cell is shared among its parts, so that cutting changes no volume; a cell of which no part is found to
    lie in the body stays whole.
    """
    volumes = dose.samples.volumes_cc
    finer, of_whole = cut_samples(dose.samples, body, np.ones(len(volumes), dtype=np.bool_))
    parts = np.bincount(of_whole, weights=finer.volumes_cc, minlength=len(volumes))
    is_lost = parts <= 0.0
    scaled = finer.volumes_cc * (volumes / np.where(is_lost, 1.0, parts))[of_whole]
    cut = dose.sampled_at(replace(finer, volumes_cc=scaled))
    numbers = np.concatenate([np.flatnonzero(is_lost), of_whole])
    return dose.at(is_lost).joined(cut), numbers


def _were_lucky(whole: StructureDose, cut: StructureDose, of_whole: NDArray[np.intp], ranking: Ranking) -> bool:
    """Whether the samples of cells were clearly hotter than these cells are on average.

    Then the cells were chosen for luck, not for their dose, as in a noisy dose: cutting them would lower every maximum.
    """
    volumes = whole.samples.volumes_cc
    means = np.bincount(of_whole, weights=ranking(cut) * cut.samples.volumes_cc, minlength=len(volumes)) / volumes
    luck = ranking(whole) - means
    return bool(np.average(luck, weights=volumes) > max(LUCK_GY, LUCK_SHARE * float(np.std(luck))))
