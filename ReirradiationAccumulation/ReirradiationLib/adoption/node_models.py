"""Nodes as the model's images and doses: what voxels and grid tell is the node's, what MRML does not keep is the file's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..dicom.dose import read_dose
from ..dicom.scan.ct_series import CtSeries
from ..model.errors import CaseError
from ..model.geometry import Geometry, Vector3
from ..model.image import Dose, Image
from ..model.loaded import LoadedCt, LoadedDose, NodeReader, NodeVolume
from .comparison import FROM_FOLDER, same_grid, series_geometry


def image_of_node(node: LoadedCt, reader: NodeReader, series: CtSeries) -> Image:
    """The CT of a node in its own coordinates, with identity and frame of reference of the slices behind it.

    Parameters
    ----------
    node : LoadedCt
    reader : NodeReader
    series : CtSeries
        The slices of the node.

    Raises
    ------
    CaseError
        If the node has another grid than its slices.
    DicomError
        If the slices make no CT.
    """
    held = _along_slices(node, reader.volume(node.node_id), series_geometry(series, f"The {node}"))
    origin = series.origin
    return Image(
        voxels_hu=held.voxels,
        geometry=held.geometry,
        frame_uid=origin.frame_uid,
        study_uid=origin.study_uid,
        series_uid=origin.series_uid,
        slice_uids=tuple(each.origin.uid for each in series.slices),
        files=tuple(each.origin.file.path for each in series.slices),
        patient=origin.patient,
        study_date=origin.study_day,
        description=origin.description,
    )


def dose_of_node(node: LoadedDose, reader: NodeReader, file: Path) -> Dose:
    """The dose of a node in its own coordinates; type, summation, beams, plan and frame of reference are those of its file.

    Raises
    ------
    CaseError
        If the node has another grid than its file.
    DicomError
        If the file cannot be used.
    """
    dose = read_dose(file)
    held = _along_slices(node, reader.volume(node.node_id), dose.geometry)
    return replace(dose, voxels_gy=held.voxels, geometry=held.geometry)


def _along_slices(node: LoadedCt | LoadedDose, held: NodeVolume, geometry: Geometry) -> NodeVolume:
    """A volume with its slices in the order of its file."""
    flipped = same_grid(held.geometry, geometry)
    if flipped is None:
        raise CaseError(f"The {node}", "its grid is not that of its file", FROM_FOLDER)
    return NodeVolume(held.voxels[::-1].copy(), _turned(held.geometry)) if flipped else held


def _turned(grid: Geometry) -> Geometry:
    """The same voxels from the last slice to the first."""
    origin = grid.to_lps(np.array([[0.0, 0.0, grid.size[2] - 1.0]]))[0]
    rows = [_vector((i, j, -k)) for i, j, k in grid.direction]
    return Geometry(_vector(origin.tolist()), grid.spacing_mm, (rows[0], rows[1], rows[2]), grid.size)


def _vector(values: Sequence[float]) -> Vector3:
    x, y, z = (float(value) for value in values)
    return (x, y, z)
