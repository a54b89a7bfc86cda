"""Nodes held against the files that they were loaded from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..dicom.ct import read_ct
from ..dicom.dose import read_grid
from ..dicom.reader import SopClass, open_dicom
from ..dicom.scan.ct_series import CtSeries, series_findings
from ..model.arrays import Float32Array, FloatArray
from ..model.errors import CaseError, DicomError
from ..model.geometry import Geometry, Vector3, box_corners
from ..model.loaded import LoadedCt, LoadedDose, NodeReader

SAME_PLACE_MM = 0.05
"""Corners of a grid this close are the same: a hundredth of a CT voxel's diagonal; DS values carry few digits."""

SAME_DOSE = 1e-6
"""Doses of a node and its file differ by less than this share of the maximum: SlicerRT computes in single precision."""

SAME_HU = 0.5
"""CT numbers of a node and its file differ by less: Slicer keeps whole ones where the file's rescaling gives such."""

FROM_FOLDER = "Load it again, or start from the folder of its files."


def require_dose_of_file(node: LoadedDose, reader: NodeReader, file: Path) -> str:
    """Refuse a dose node whose voxels or grid are not those of its file.

    Returns
    -------
    str
        A remark if the node shows the dose at another place than the file says though nobody changed it, else empty:
        SlicerRT takes unevenly spaced planes for even ones.

    Raises
    ------
    CaseError
        If voxels or grid were changed.
    DicomError
        If the file cannot be read.
    """
    held = reader.volume(node.node_id)
    voxels, geometry, added = read_grid(open_dicom(file, SopClass.RTDOSE))
    if added:
        return _uneven_dose_remark(node, held.voxels, voxels, file)
    flipped = same_grid(held.geometry, geometry)
    if flipped is None:
        raise CaseError(f"The {node}", f"its grid is not that of {file.name}", FROM_FOLDER, _words(geometry))
    _require_same_dose(node, held.voxels[::-1] if flipped else held.voxels, voxels, file)
    return ""


def require_ct_of_series(node: LoadedCt, reader: NodeReader, series: CtSeries) -> None:
    """Refuse a CT node whose grid is not that of its slices, or whose slices make no CT.

    Raises
    ------
    DicomError
        If the slices are uneven, tilted, or of several grids: Slicer then shows them under a transform that bends space.
    CaseError
        If the grid was changed, or the node holds other slices than the series.
    """
    geometry = series_geometry(series, f"The {node}")
    strangers = set(node.instance_uids) ^ series.slice_uids
    if strangers or same_grid(reader.geometry(node.node_id), geometry) is None:
        found = f"{len(strangers)} slices differ from the series" if strangers else "its grid is not that of its slices"
        raise CaseError(f"The {node}", found, FROM_FOLDER, _words(geometry))


def changed_ct_remark(node: LoadedCt, reader: NodeReader, series: CtSeries) -> str:
    """A remark if the voxels of a CT node were changed, else empty. The files are used: only they have an identity.

    Raises
    ------
    DicomError
        If the slices cannot be read.
    """
    image = read_ct(series.slices[0].origin.file.path.parent, series.origin.series_uid)
    held = reader.volume(node.node_id)
    flipped = same_grid(held.geometry, image.geometry)
    if flipped is None:
        return f"{node}: its grid is not that of its slices; the files are used, not the node"
    changed, largest_hu = 0, 0.0
    for own, other in zip(held.voxels[::-1] if flipped else held.voxels, image.voxels_hu, strict=True):
        difference = np.abs(own - other)
        changed += int(np.count_nonzero(difference > SAME_HU))
        largest_hu = max(largest_hu, float(difference.max()))
    if not changed:
        return ""
    found = f"{changed} of its voxels differ from its slices, by up to {largest_hu:.0f} HU"
    return f"{node}: {found}; the files are used, not the node"


def series_geometry(series: CtSeries, subject: str = "The CT") -> Geometry:
    """The LPS grid of a series.

    Raises
    ------
    DicomError
        If its slices are uneven, tilted, single or of several grids.
    """
    for finding in series_findings(series, subject)[:1]:
        raise DicomError(subject, finding.found, finding.interlock.advice, finding.expected, finding.interlock)
    first = series.slices[0]
    assert first.orientation is not None and first.position_mm is not None and first.spacing_mm is not None
    row, column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    row /= np.linalg.norm(row)
    column -= (row @ column) * row
    column /= np.linalg.norm(column)
    axes = np.column_stack([row, column, np.cross(row, column)])
    spacing = (first.spacing_mm[1], first.spacing_mm[0], float(np.mean(series.distances_mm)))
    rows = [_vector(each) for each in axes]
    return Geometry(first.position_mm, spacing, (rows[0], rows[1], rows[2]), (first.columns, first.rows, len(series.slices)))


def same_grid(one: Geometry, other: Geometry) -> bool | None:
    """Whether two grids are the same slices in the same (False) or the opposite order (True); None if they are not."""
    if one.size != other.size:
        return None
    last = np.asarray(one.size, dtype=np.float64) - 1.0
    corners = box_corners(np.zeros(3), last)
    turned = np.column_stack([corners[:, :2], last[2] - corners[:, 2]])
    places = other.to_lps(corners)
    for flipped, own in ((False, corners), (True, turned)):
        if np.abs(one.to_lps(own) - places).max() <= SAME_PLACE_MM:
            return flipped
    return None


def _require_same_dose(node: LoadedDose, held: Float32Array, voxels: Float32Array, file: Path) -> None:
    difference = float(np.abs(held - voxels).max()) if held.shape == voxels.shape else np.inf
    if not difference <= SAME_DOSE * float(voxels.max()):
        found = f"its voxels differ from those of {file.name} by up to {difference:.4g} Gy"
        remedy = f"A changed dose cannot be a record. {FROM_FOLDER}"
        raise CaseError(f"The {node}", found, remedy, "the dose of the file")


def _uneven_dose_remark(node: LoadedDose, held: Float32Array, voxels: Float32Array, file: Path) -> str:
    """Planes that were added lie between those of the file: every plane of the node must be one of them, in their order."""
    tolerance = SAME_DOSE * float(voxels.max())
    for planes in (held, held[::-1]):
        if _are_some_of(planes, voxels, tolerance):
            return f"{node}: its planes are unevenly spaced, and 3D Slicer shows them at wrong places; {file.name} is read"
    _require_same_dose(node, held, voxels, file)
    return ""


def _are_some_of(planes: Float32Array, others: Float32Array, tolerance: float) -> bool:
    """Whether planes occur among others in their order, the first and the last at the ends."""
    if planes.shape[1:] != others.shape[1:] or len(planes) > len(others):
        return False
    k = -1
    for plane in planes:
        k = next((n for n in range(k + 1, len(others)) if np.abs(others[n] - plane).max() <= tolerance), len(others))
        if k == len(others):
            return False
    return k == len(others) - 1


def _words(geometry: Geometry) -> str:
    size = " × ".join(map(str, geometry.size))
    spacing = " × ".join(f"{value:g}" for value in geometry.spacing_mm)
    origin = ", ".join(f"{value:.1f}" for value in geometry.origin_mm)
    return f"{size} voxels of {spacing} mm from ({origin}) mm LPS"


def _vector(values: FloatArray) -> Vector3:
    x, y, z = (float(value) for value in values)
    return (x, y, z)
