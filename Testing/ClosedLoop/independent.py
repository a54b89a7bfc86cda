"""Cumulative dose of an organ by plain numpy, scipy and pydicom: the check that owes nothing to this project's code.

No rasterizer, registration, mapping or EQD2 of the library is used. Contours become points that fill each contour's
slab (half a slice up and down); the prior dose is looked up through the exact map by which the demo's second CT was made
(``truth/truth_params.npz``) instead of through the REG; doses are interpolated linearly on their own grids.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree


@dataclass(frozen=True, eq=False)
class Points:
    """Points (LPS mm, shape (n, 3)) that fill a structure, and the volume that each stands for."""

    at_mm: np.ndarray
    each_cc: float

    @property
    def volume_cc(self) -> float:
        return len(self.at_mm) * self.each_cc


@dataclass(frozen=True)
class Lattice:
    """Of a CT's voxels: side of a pixel, centre of the first one (x, y), distance of the slices."""

    pixel_mm: float
    origin_mm: tuple[float, float]
    slice_mm: float


@dataclass(frozen=True, eq=False)
class DoseGrid:
    """Gy at [k, j, i] of an axial RTDOSE."""

    gy: np.ndarray
    origin_mm: np.ndarray
    spacing_mm: np.ndarray

    def at(self, points_mm: np.ndarray) -> np.ndarray:
        """Linear between voxels; 0 outside, where no dose is stored."""
        index = (points_mm - self.origin_mm) / self.spacing_mm
        return map_coordinates(self.gy, index[:, ::-1].T, order=1, mode="constant", cval=0.0)

    def steepness(self, points_mm: np.ndarray, step_mm: float = 0.5) -> np.ndarray:
        """Length of the gradient in Gy/mm, by central differences, shape (n,)."""
        steps = step_mm * np.eye(3)
        return np.linalg.norm([(self.at(points_mm + s) - self.at(points_mm - s)) / (2.0 * step_mm) for s in steps], axis=0)


def read_dose(path: Path) -> DoseGrid:
    """An RTDOSE with axial planes in equal steps."""
    dose = pydicom.dcmread(path)
    steps = np.diff(np.asarray(dose.GridFrameOffsetVector, dtype=float))
    axial = np.allclose(np.asarray(dose.ImageOrientationPatient, dtype=float), [1, 0, 0, 0, 1, 0])
    if not axial or dose.DoseUnits != "GY" or dose.DoseType != "PHYSICAL" or not np.allclose(steps, steps[0]):
        raise ValueError(f"{path}: not a physical dose in axial planes of equal steps")
    spacing_mm = np.array([*map(float, dose.PixelSpacing[::-1]), steps[0]])
    origin_mm = np.asarray(dose.ImagePositionPatient, dtype=float)
    return DoseGrid(dose.pixel_array * float(dose.DoseGridScaling), origin_mm, spacing_mm)


def read_fractions(plan: Path) -> int:
    """Planned fractions of the only fraction group."""
    (group,) = pydicom.dcmread(plan).FractionGroupSequence
    return int(group.NumberOfFractionsPlanned)


def read_lattice(folder: Path) -> Lattice:
    """Of an axial CT with square pixels."""
    slices = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.iterdir())]
    heights_mm = np.sort([float(one.ImagePositionPatient[2]) for one in slices])
    x_mm, y_mm = (float(value) for value in slices[0].ImagePositionPatient[:2])
    return Lattice(float(slices[0].PixelSpacing[0]), (x_mm, y_mm), float(heights_mm[1] - heights_mm[0]))


def read_points(path: Path, name: str, lattice: Lattice, per_pixel: int = 6, layers: int = 4) -> Points:
    """Fill the contours of one ROI; several in one plane by the even-odd rule.

    Each voxel of the CT is divided into ``per_pixel`` by ``per_pixel`` by ``layers`` points; one of each gives the centres
    of the voxels themselves.
    """
    planes: dict[float, list[np.ndarray]] = {}
    for contour in contours(path, name):
        planes.setdefault(round(float(contour[0, 2]), 3), []).append(contour[:, :2])
    spacing_mm = lattice.pixel_mm / per_pixel
    through_mm = np.array(lattice.origin_mm) - lattice.pixel_mm / 2.0 + spacing_mm / 2.0
    layers_mm = lattice.slice_mm * ((np.arange(layers) + 0.5) / layers - 0.5)
    parts = []
    for z_mm, polygons in planes.items():
        inside = points_in_plane(polygons, spacing_mm, through_mm)
        parts += [np.column_stack([inside, np.full(len(inside), z_mm + layer)]) for layer in layers_mm]
    return Points(np.concatenate(parts), spacing_mm**2 * lattice.slice_mm / layers / 1000.0)


def contours(path: Path, name: str) -> list[np.ndarray]:
    """Closed contours of one ROI, each of shape (n, 3), LPS mm."""
    dataset = pydicom.dcmread(path)
    (number,) = [roi.ROINumber for roi in dataset.StructureSetROISequence if roi.ROIName == name]
    (roi,) = [item for item in dataset.ROIContourSequence if item.ReferencedROINumber == number]
    return [np.reshape(np.asarray(item.ContourData, dtype=float), (-1, 3)) for item in roi.ContourSequence]


def points_in_plane(polygons: list[np.ndarray], spacing_mm: float, through_mm: np.ndarray) -> np.ndarray:
    """Points of a lattice through ``through_mm`` (x, y) that lie inside an odd number of polygons, shape (n, 2)."""
    corners = np.concatenate(polygons)
    low = np.floor((corners.min(axis=0) - through_mm) / spacing_mm).astype(int)
    high = np.ceil((corners.max(axis=0) - through_mm) / spacing_mm).astype(int)
    axes = [t + spacing_mm * np.arange(a, b + 1) for t, a, b in zip(through_mm, low, high, strict=True)]
    x, y = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    inside = np.zeros(len(x), dtype=bool)
    for polygon in polygons:
        for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            straddles = (y1 > y) != (y2 > y)
            if straddles.any():
                inside ^= straddles & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return np.column_stack([x, y])[inside]


def prior_points_mm(current_mm: np.ndarray, truth: Path) -> np.ndarray:
    """Where points of the current CT were in the prior one, by the exact map of the demo case.

    That map goes the other way: turned and shifted, then pushed by smooth bumps; so it is solved step by step.
    """
    with np.load(truth) as parameters:
        turn, centre, shift, bumps = (parameters[key] for key in ("A", "c", "OFF", "bumps"))
    turned = current_mm.copy()
    for _ in range(60):
        turned = current_mm - _push(turned, bumps)
    if np.abs(turned + _push(turned, bumps) - current_mm).max() > 1e-6:
        raise ValueError("the map of the demo case could not be inverted")
    return (turned - centre) @ turn + centre + shift


def _push(points_mm: np.ndarray, bumps: np.ndarray) -> np.ndarray:
    """Sum of Gaussians: centre (3), amplitude (3), sigma."""
    moved = np.zeros_like(points_mm)
    for bump in bumps:
        square = ((points_mm - bump[:3]) ** 2).sum(axis=1)
        moved += np.exp(-square / (2.0 * bump[6] ** 2))[:, None] * bump[3:6]
    return moved


def eqd2_gy(dose_gy: np.ndarray, fractions: int, alpha_beta_gy: float) -> np.ndarray:
    """EQD2 = D (D/n + α/β) / (2 + α/β)."""
    return dose_gy * (dose_gy / fractions + alpha_beta_gy) / (2.0 + alpha_beta_gy)


def near_maximum_gy(dose_gy: np.ndarray, each_cc: float, volume_cc: float) -> float:
    """Highest dose that the hottest ``volume_cc`` receives at least, e.g. D0.03cc."""
    count = max(1, round(volume_cc / each_cc))
    if count > len(dose_gy):
        raise ValueError(f"the structure has less than {volume_cc} cc")
    return float(np.partition(dose_gy, -count)[-count])


def distance_mm(points_mm: np.ndarray, others_mm: np.ndarray) -> np.ndarray:
    """From each point to the nearest of others, shape (n,)."""
    return cKDTree(others_mm).query(points_mm)[0]
