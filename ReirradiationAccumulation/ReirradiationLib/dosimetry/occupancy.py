"""Structures as volume samples."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, FloatArray
from ..model.errors import DosimetryError
from ..model.geometry import Geometry
from ..model.segment import AnyStructure
from ..model.structure import EndCaps
from .bodies import body_of
from .cells import Body, Cells, Filling

WANTED_SAMPLES = 80_000
"""Samples aimed at per structure; the step between them follows from the structure's size."""


@dataclass(frozen=True, eq=False)
class StructureSamples:
    """Points that fill a structure, each standing for a piece of its volume.

    Parameters
    ----------
    name : str
    points_mm : array, shape (n, 3)
        LPS, current frame: of contours the centroid of the part of the cell that lies in the structure, of voxels a place
        within that part.
    volumes_cc : array, shape (n,)
        Volume that each point stands for.
    step_mm : float
        Distance between points in the plane.
    end_caps : EndCaps
    cells : Cells or None
        The cells that the points stand for; None if they cannot be cut.
    """

    name: str
    points_mm: FloatArray
    volumes_cc: FloatArray
    step_mm: float
    end_caps: EndCaps = EndCaps.HALF_SLICE
    cells: Cells | None = None

    @property
    def volume_cc(self) -> float:
        """Volume of the structure."""
        return float(self.volumes_cc.sum())

    def at(self, which: BoolArray) -> StructureSamples:
        """Some of the samples."""
        cells = None if self.cells is None else self.cells.at(which)
        return replace(
            self, points_mm=self.points_mm.take(np.flatnonzero(which), 0), volumes_cc=self.volumes_cc[which], cells=cells
        )

    def joined(self, other: StructureSamples) -> StructureSamples:
        """The samples of both."""
        cells = Cells.joined([self.cells, other.cells]) if self.cells is not None and other.cells is not None else None
        return replace(
            self,
            points_mm=np.concatenate([self.points_mm, other.points_mm]),
            volumes_cc=np.concatenate([self.volumes_cc, other.volumes_cc]),
            cells=cells,
        )

    @property
    def finest_cc(self) -> float:
        """Volume of the smallest cell."""
        return float(self.volumes_cc.mean() if self.cells is None else self.cells.volumes_cc.min())

    @property
    def finest_mm(self) -> float:
        """Distance between the points where they are closest."""
        return self.step_mm if self.cells is None else float(self.cells.sizes_mm[:, 0].min())


def structure_samples(
    structure: AnyStructure,
    geometry: Geometry,
    wanted: int = WANTED_SAMPLES,
    end_caps: EndCaps = EndCaps.HALF_SLICE,
) -> StructureSamples:
    """Fill a structure with sub-voxel samples.

    Parameters
    ----------
    structure : Structure, LabelmapStructure or SurfaceStructure
    geometry : Geometry
        Grid of the current CT.
    wanted : int
        How many samples are aimed at.
    end_caps : EndCaps
        How far contours reach beyond the first and the last.

    Raises
    ------
    DosimetryError
        If the structure encloses nothing, or what was drawn cannot be used.
    """
    return body_samples(body_of(structure, geometry, end_caps, wanted))


def body_samples(body: Body) -> StructureSamples:
    """Fill a body with samples.

    Raises
    ------
    DosimetryError
        If it encloses nothing.
    """
    filling = body.filled()
    if filling is None:
        raise DosimetryError(
            f"Structure '{body.name}'",
            f"encloses no volume at a step of {body.step_mm:.2f} mm with end caps '{body.end_caps.value}'",
            "Correct its contours, choose other end caps, or leave it out of the case.",
        )
    return _samples(body, filling)


def cut_samples(samples: StructureSamples, body: Body, which: BoolArray) -> tuple[StructureSamples, NDArray[np.int32]]:
    """The samples of some cells, each cut in eight; only these.

    Parameters
    ----------
    samples : StructureSamples
        Of the body, with cells.
    body : Body
    which : array of bool, shape (n,)

    Returns
    -------
    samples : StructureSamples
    of_parent : array of int
        For each, which of the chosen cells it was cut from, from 0.
    """
    assert samples.cells is not None
    filling = body.covered(samples.cells.at(which).cut_in_eight())
    return _samples(body, filling), filling.cells.cut_from


def _samples(body: Body, filling: Filling) -> StructureSamples:
    return StructureSamples(
        name=body.name,
        points_mm=body.to_lps(filling.centroids_mm),
        volumes_cc=filling.volumes_cc,
        step_mm=body.step_mm,
        end_caps=body.end_caps,
        cells=filling.cells if body.has_centroids else None,
    )
