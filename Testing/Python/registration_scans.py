"""What makes a second scan of the same anatomy differ: grid, slice thickness, noise, blur, kV, contrast, couch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from registration_maps import in_blocks
from registration_sources import AIR_HU, BODY_HU, Source
from ReirradiationLib.model.geometry import Geometry, Vector3
from scipy import ndimage
from scipy.spatial.transform import Rotation

HEAD_FIRST = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
FEET_FIRST_PRONE = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
FEET_FIRST_SUPINE = ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
HEAD_FIRST_PRONE = ((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0))
OBLIQUE_HEAD_FIRST, OBLIQUE_FEET_FIRST = (
    tuple(tuple(row) for row in (Rotation.from_euler("xyz", angles, degrees=True).as_matrix() @ axes).tolist())
    for angles, axes in (((8.0, -3.0, 5.0), HEAD_FIRST), ((-6.0, 10.0, 4.0), FEET_FIRST_SUPINE))
)
CONTINUED_MM = 120.0
"""How far the anatomy goes on, mirrored, above and below the source; both scans show the same continuation."""
AIR_RIM = 4
ENHANCED = {"kidney": 150.0, "aorta": 140.0, "vena_cava": 90.0, "spleen": 70.0, "liver": 45.0, "Parotid": 40.0}
"""HU that contrast adds in organs whose names contain these words, ignoring case."""

Pull = Callable[[np.ndarray], np.ndarray]
"""From points of a scan to points of the source, both (n, 3) LPS mm."""


class Couch(Enum):
    """What the patient lies on; drawn in the scanner's frame, so it does not move with the patient."""

    NONE = "none"
    FLAT = "flat"
    CURVED = "curved"


@dataclass(frozen=True)
class Scan:
    """How one CT is taken.

    Parameters
    ----------
    spacing_mm : (i, j, k) or None
        Of the source if None.
    extent_mm : (x, y, z) or None
        Size of the field of view; that of the source if None.
    size : (ni, nj, nk) or None
        Number of voxels, instead of ``extent_mm``.
    offset_mm : (x, y, z)
        Of the centre of the field of view from where the centre of the source lies in this frame.
    axes : 3×3
        Direction cosines: how the patient lay, the anatomy staying where it is in LPS.
    slice_mm : float
        Thickness that every slice averages over; 0 for none.
    blur_mm : float
        Standard deviation of an in-plane Gaussian.
    noise_hu : float
        Standard deviation of white noise.
    bone_scale : float
        Of HU above 150 (kV).
    contrast : float
        Share of :data:`ENHANCED` in organs, and of up to 60 HU in soft tissue, varying smoothly over the patient.
    lung_hu : float
        Added where HU lie between −950 and −500 (breathing).
    couch : Couch
    couch_gap_mm, couch_aside_mm : float
        Between the back and the couch, and sideways.
    seed : int
        Of the noise.
    """

    spacing_mm: Vector3 | None = None
    extent_mm: Vector3 | None = None
    size: tuple[int, int, int] | None = None
    offset_mm: Vector3 = (0.0, 0.0, 0.0)
    axes: tuple[Vector3, Vector3, Vector3] = HEAD_FIRST
    slice_mm: float = 0.0
    blur_mm: float = 0.0
    noise_hu: float = 0.0
    bone_scale: float = 1.0
    contrast: float = 0.0
    lung_hu: float = 0.0
    couch: Couch = Couch.NONE
    couch_gap_mm: float = 3.0
    couch_aside_mm: float = 0.0
    seed: int = 1


def scan_grid(scan: Scan, source: Source, centre_mm: np.ndarray) -> Geometry:
    """The grid of a scan; ``centre_mm`` is where the centre of the source lies in the scan's frame."""
    there = source.geometry
    extent = np.asarray(scan.extent_mm or np.multiply(there.spacing_mm, there.size))
    axes = np.asarray(scan.axes)
    spacing = np.asarray(scan.spacing_mm or there.spacing_mm)
    along = np.abs(axes).T @ extent  # the field of view is given in x, y, z
    size = scan.size or tuple(int(n) for n in np.maximum(1, np.round(along / spacing)))
    origin = centre_mm + np.asarray(scan.offset_mm) - axes @ (spacing * (np.asarray(size) - 1) / 2.0)
    return Geometry(tuple(origin.tolist()), tuple(spacing.tolist()), scan.axes, size)


def take(scan: Scan, source: Source, grid: Geometry, pull: Pull) -> np.ndarray:
    """The scan's HU, float32 (nk, nj, ni): the source pulled back by cubic splines, then what the scanner does to it."""
    volume, geometry = continued(altered(scan, source), source.geometry)
    coefficients = ndimage.spline_filter(volume, order=3, output=np.float32)

    def hu_at(points: np.ndarray) -> np.ndarray:
        index = geometry.to_index(pull(points))[:, ::-1].T
        return ndimage.map_coordinates(coefficients, index, order=3, mode="nearest", prefilter=False)

    hu = np.empty(grid.shape, dtype=np.float32)
    for k in range(grid.size[2]):
        planes = [in_blocks(hu_at, grid.plane_points(k) + shift * grid.normal) for shift in within_slice(scan, source)]
        hu[k] = np.mean(planes, axis=0).reshape(grid.shape[1:])
    if scan.blur_mm > 0.0:
        hu = ndimage.gaussian_filter(hu, (0.0, scan.blur_mm / grid.spacing_mm[1], scan.blur_mm / grid.spacing_mm[0]))
    draw_couch(scan, hu, grid)
    noise = np.random.default_rng(scan.seed).standard_normal(grid.shape, dtype=np.float32)
    return np.clip(hu + np.float32(scan.noise_hu) * noise, -1024.0, 3071.0)


def mask_in(mask: np.ndarray, source: Source, grid: Geometry, pull: Pull) -> np.ndarray:
    """A mask of the source on the grid of a scan: voxels whose centre lies in it (half-way between voxel centres)."""
    inside = mask.astype(np.float32)

    def share_at(points: np.ndarray) -> np.ndarray:
        return ndimage.map_coordinates(inside, source.geometry.to_index(pull(points))[:, ::-1].T, order=1)

    return np.stack([in_blocks(share_at, grid.plane_points(k)).reshape(grid.shape[1:]) >= 0.5 for k in range(grid.size[2])])


def within_slice(scan: Scan, source: Source) -> np.ndarray:
    """Distances from the middle of a slice that it averages over, no farther apart than the source's planes."""
    count = int(np.ceil(scan.slice_mm / source.geometry.spacing_mm[2])) + 1 if scan.slice_mm > 0.0 else 1
    return ((np.arange(count) + 0.5) / count - 0.5) * scan.slice_mm


def continued(hu: np.ndarray, geometry: Geometry) -> tuple[np.ndarray, Geometry]:
    """The source with a rim of air at the sides and mirrored anatomy above and below."""
    planes = min(round(CONTINUED_MM / geometry.spacing_mm[2]), len(hu) - 1)
    hu = np.pad(hu, ((planes, planes), (0, 0), (0, 0)), mode="reflect")
    hu = np.pad(hu, ((0, 0), (AIR_RIM, AIR_RIM), (AIR_RIM, AIR_RIM)), constant_values=AIR_HU)
    origin = geometry.to_lps(np.array([[-AIR_RIM, -AIR_RIM, -planes]], dtype=np.float64))[0]
    return hu, Geometry(tuple(origin.tolist()), geometry.spacing_mm, geometry.direction, hu.shape[::-1])


def altered(scan: Scan, source: Source) -> np.ndarray:
    """The source's HU as this scanner sees them: monotone within each region, smooth from region to region."""
    hu = source.hu.astype(np.float32)
    if scan.lung_hu:
        hu = hu + np.float32(scan.lung_hu) * plateau(hu, -950.0, -850.0, -600.0, -500.0) * source.body
    if scan.contrast:
        hu = hu + np.float32(scan.contrast) * enhancement_hu(source)
    return np.where(hu > 150.0, 150.0 + scan.bone_scale * (hu - 150.0), hu)


def enhancement_hu(source: Source) -> np.ndarray:
    """HU that full contrast adds."""
    k, j, i = (np.linspace(0.0, 2.0 * np.pi, n) for n in source.hu.shape)
    varying = 0.6 + 0.4 * np.sin(0.7 * k)[:, None, None] * np.cos(j)[:, None] * np.cos(0.8 * i)
    added = 60.0 * varying * plateau(source.hu, 0.0, 40.0, 120.0, 300.0)
    for name, mask in source.organs.items():
        of_organ = [hu for word, hu in ENHANCED.items() if word.lower() in name.lower()]
        if of_organ:
            added = np.maximum(added, of_organ[0] * ndimage.gaussian_filter(mask.astype(np.float32), 0.5))
    return np.where(source.body, added, 0.0).astype(np.float32)


def plateau(hu: np.ndarray, start: float, full: float, end: float, gone: float) -> np.ndarray:
    """1 between ``full`` and ``end``, 0 below ``start`` and above ``gone``, linear between."""
    return np.interp(hu, [start, full, end, gone], [0.0, 1.0, 1.0, 0.0]).astype(np.float32)


def draw_couch(scan: Scan, hu: np.ndarray, grid: Geometry) -> None:
    """A shell of 4 mm with foam in it, 500 mm wide and 50 mm thick, wherever there is air below the back."""
    if scan.couch is Couch.NONE:
        return
    x, y, _ = grid.plane_points(0).T.reshape(3, *grid.shape[1:])
    body = ndimage.binary_opening((hu > BODY_HU).any(axis=0), iterations=2)
    middle = x[body].mean() + scan.couch_aside_mm
    top = y[body].max() + scan.couch_gap_mm
    if scan.couch is Couch.CURVED:
        top = top - 25.0 + 25.0 * (1.0 - ((x - middle) / 250.0) ** 2)
    depth = y - top
    on_table = (np.abs(x - middle) < 250.0) & (depth >= 0.0) & (depth < 50.0)
    shell = on_table & ((depth < 4.0) | (depth >= 46.0))
    air = hu < -900.0
    hu[air & on_table] = -930.0
    hu[air & shell] = -150.0
