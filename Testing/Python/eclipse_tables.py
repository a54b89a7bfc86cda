"""The DVHs that Eclipse exported with the RANDO phantom (SlicerRT's EclipseEnt test data), and ours beside them.

The agreement is Ebert's gamma for DVHs (Ebert MA et al., Phys Med Biol 55:N337 (2010)) at 1 % of the volume and 1 % of the
maximum dose of the grid, counted over all bins of Eclipse's table, as SlicerRT's own test does.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.interpolation import trilinear
from ReirradiationLib.model.structure import EndCaps

VOLUME_PERCENT = 1.0
DOSE_PERCENT = 1.0
SMALL_CC = 3.0


@dataclass(frozen=True)
class Comparison:
    """One structure: Eclipse's curve against ours."""

    name: str
    eclipse_cc: float
    ours_cc: float
    mean_difference_gy: float
    d95_difference_gy: float
    d2_difference_gy: float
    largest_difference_percent: float
    agreeing_bins: int
    bins: int


@dataclass(frozen=True)
class Table:
    """A cumulative curve: percent of the volume over dose."""

    volume_cc: float
    dose_gy: np.ndarray
    percent: np.ndarray

    @property
    def mean_gy(self) -> float:
        parts = -np.diff(self.percent, append=0.0)
        middles = np.append((self.dose_gy[1:] + self.dose_gy[:-1]) / 2.0, self.dose_gy[-1])
        return float(np.sum(parts * middles) / self.percent[0])


def read_tables(path: Path) -> dict[str, Table]:
    """Pairs of columns, dose and percent, headed ``NAME_DvhArray … (% of V cc)``."""
    with path.open(newline="") as file:
        heading, *rows = list(csv.reader(file))
    tables = {}
    for column in range(0, len(heading), 2):
        volume = re.search(r"% of ([\d.]+) cc", heading[column + 1])
        assert volume is not None
        pairs = np.array(
            [[float(row[column]), float(row[column + 1])] for row in rows if row[column : column + 2] > ["", ""]]
        )
        tables[heading[column].split("_DvhArray")[0]] = Table(float(volume[1]), *pairs.T)
    return tables


def comparisons(folder: Path, end_caps: EndCaps) -> list[Comparison]:
    """All structures of the phantom, first day, by one rule for the end caps."""
    ct = read_ct(folder / "CT")
    dose = read_dose(folder / "RD_Day1.dcm")
    structures = {_letters(one.name): one for one in read_structures(folder / "RS.dcm").structures}
    found = []
    for name, table in read_tables(folder / "EclipseEnt_DvhTable_Eclipse.csv").items():
        samples = structure_samples(structures[_letters(name)], ct.geometry, end_caps=end_caps)
        values, _ = trilinear(dose.voxels_gy, dose.geometry.to_index(samples.points_mm))
        dvh = cumulative_dvh(values, samples.volumes_cc)
        ours = dvh.curve(table.dose_gy)
        gamma = gamma_of_curve(table.dose_gy, ours, table.percent, float(dose.voxels_gy.max()))
        found.append(
            Comparison(
                name=name,
                eclipse_cc=table.volume_cc,
                ours_cc=dvh.total_cc,
                mean_difference_gy=float(np.average(values, weights=samples.volumes_cc)) - table.mean_gy,
                d95_difference_gy=_dose_at(95.0, table.dose_gy, ours) - _dose_at(95.0, table.dose_gy, table.percent),
                d2_difference_gy=_dose_at(2.0, table.dose_gy, ours) - _dose_at(2.0, table.dose_gy, table.percent),
                largest_difference_percent=float(np.abs(ours - table.percent).max()),
                agreeing_bins=int(np.count_nonzero(gamma <= 1.0)),
                bins=len(gamma),
            )
        )
    return found


def gamma_of_curve(dose_gy: np.ndarray, ours: np.ndarray, reference: np.ndarray, maximum_gy: float) -> np.ndarray:
    """Ebert's gamma at every bin of our curve against all bins of the reference."""
    across = (ours[:, None] - reference) / VOLUME_PERCENT
    along = 100.0 * (dose_gy[:, None] - dose_gy) / (DOSE_PERCENT * maximum_gy)
    return np.sqrt(across**2 + along**2).min(axis=1)


def _dose_at(percent: float, dose_gy: np.ndarray, curve: np.ndarray) -> float:
    return float(np.interp(-percent, -curve, dose_gy))


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def mean_of(found: list[Comparison], quantity: str) -> float:
    """Mean absolute value over structures."""
    return float(np.mean([abs(getattr(one, quantity)) for one in found]))


def agreement_percent(found: list[Comparison]) -> float:
    """Share of all bins with gamma up to 1."""
    return 100.0 * sum(one.agreeing_bins for one in found) / sum(one.bins for one in found)
