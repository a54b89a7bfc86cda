"""Real exports held against what their own systems say: stored DVHs, shapes of known size, where a beam enters."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from ReirradiationLib.dicom.dose import read_dose, read_grid
from ReirradiationLib.dicom.embedded_dvh import EmbeddedDvh, read_embedded_dvhs
from ReirradiationLib.dicom.reader import SopClass, open_dicom
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.dvh import CumulativeDvh, cumulative_dvh
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.interpolation import trilinear
from ReirradiationLib.model.polygons import signed_area
from ReirradiationLib.model.structure import Structure, StructureSet
from shared_data import extracted, shared_data

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def grid_around(structures: StructureSet, spacing_mm: float) -> Geometry:
    """A grid with a slice on every contour plane, wide enough for all of them: the CTs themselves are not there."""
    points = np.concatenate([contour for one in structures.structures for contour in one.contours_mm])
    low, high = points.min(axis=0) - 5.0, points.max(axis=0) + 5.0
    heights = np.unique(points[:, 2].round(2))
    first = float(heights[0]) - 2 * spacing_mm
    size = (int(high[0] - low[0]) + 1, int(high[1] - low[1]) + 1, round((heights[-1] - heights[0]) / spacing_mm) + 5)
    return Geometry((float(low[0]), float(low[1]), first), (1.0, 1.0, spacing_mm), AXIAL, size)


DOSE_TOLERANCE_GY, VOLUME_TOLERANCE_PERCENT = 0.14, 1.0
"""1 % of the maximum dose and 1 % of the volume, the usual criterion for DVHs of two systems (Ebert 2010)."""

AGREEING_SHARE = 0.975
"""Of the points of a curve: SlicerRT's own figure against Eclipse."""

BREAST = ("Breast", "Heart", "Lt Lung", "Tumor Bed", "Tumor Bed Block")
"""The structures above 10 cc whose contours are complete; BODY's stored volume leaves parts of the contours out."""


def breast() -> tuple[StructureSet, Path]:
    folder = shared_data("04_dicompyler_breast")
    return read_structures(folder / "rtss.dcm"), folder / "rtdose.dcm"


def our_dvh(structure: Structure, structures: StructureSet, dose: Path) -> tuple[CumulativeDvh, float]:
    """The DVH of a structure, and its mean dose."""
    voxels, geometry, _ = read_grid(open_dicom(dose, SopClass.RTDOSE))
    samples = structure_samples(structure, grid_around(structures, 3.0))
    values, inside = trilinear(voxels, geometry.to_index(samples.points_mm))
    assert inside.all()
    return cumulative_dvh(values, samples.volumes_cc), float(np.average(values, weights=samples.volumes_cc))


@pytest.mark.parametrize("name", BREAST)
def test_our_dvh_is_the_one_that_eclipse_stored_in_the_dose(name: str) -> None:
    structures, dose = breast()
    structure = structures.find(name)
    stored: EmbeddedDvh = next(dvh for dvh in read_embedded_dvhs(dose) if dvh.roi_numbers == (structure.number,))
    ours, mean_gy = our_dvh(structure, structures, dose)
    axis = np.arange(DOSE_TOLERANCE_GY, 15.0, 0.05)
    theirs = 100.0 * np.interp(axis, stored.doses, stored.volumes, right=0.0) / stored.volumes[0]
    assert mean_gy == pytest.approx(stored.mean, abs=0.05)
    not_above = theirs <= ours.curve(axis - DOSE_TOLERANCE_GY) + VOLUME_TOLERANCE_PERCENT
    not_below = theirs >= ours.curve(axis + DOSE_TOLERANCE_GY) - VOLUME_TOLERANCE_PERCENT
    assert (not_above & not_below).mean() >= AGREEING_SHARE
    assert float(ours.dose_gy[0]) == pytest.approx(stored.maximum, abs=0.2)


ARIA_SLICE_MM = 2.5


def aria_structures(tmp_path: Path) -> StructureSet:
    folder = extracted(shared_data("03_aria_phantom_reg"), tmp_path)
    sets = [read_structures(path) for path in sorted(folder.rglob("RS*.dcm"))]
    return next(one for one in sets if "10mm_holed_circs" in one.names())


def slab_cc(structure: Structure, thickness_mm: float) -> float:
    """Areas by the vendor's own marking of holes (their sense of rotation), times the distance of the slices."""
    by_plane: dict[float, float] = defaultdict(float)
    for contour in structure.contours_mm:
        by_plane[round(float(contour[0, 2]), 2)] += signed_area(contour[:, :2])
    return sum(abs(area) for area in by_plane.values()) * thickness_mm / 1000.0


def test_holes_of_aria_are_holes(tmp_path: Path) -> None:
    """A disc of 10 mm with fifteen holes, one of them around a smaller disc's rim: half of it is missing."""
    structures = aria_structures(tmp_path)
    holed = structures.find("10mm_holed_circs")
    volume_cc = structure_samples(holed, grid_around(structures, ARIA_SLICE_MM)).volume_cc
    assert volume_cc == pytest.approx(slab_cc(holed, ARIA_SLICE_MM), rel=0.01)
    assert volume_cc < 0.6 * np.pi * 5.0**2 * ARIA_SLICE_MM / 1000.0


@pytest.mark.parametrize(
    ("name", "area_mm2"), [("20mm_water_cube", 400.0), ("5mm_circle", np.pi * 6.25), ("2mm_circle", np.pi)]
)
def test_shapes_of_aria_have_the_size_in_their_names(tmp_path: Path, name: str, area_mm2: float) -> None:
    structures = aria_structures(tmp_path)
    structure = structures.find(name)
    planes = len({round(float(contour[0, 2]), 2) for contour in structure.contours_mm})
    volume_cc = structure_samples(structure, grid_around(structures, ARIA_SLICE_MM)).volume_cc
    assert volume_cc == pytest.approx(area_mm2 * ARIA_SLICE_MM * planes / 1000.0, rel=0.01)


def test_a_feet_first_dose_lies_where_the_beam_was() -> None:
    """A field of 95 mm from the front, its isocentre at the origin: read head first it would be 20 cm towards the head."""
    dose = read_dose(shared_data("08_odd_rtdose/RD.TBB_feet_in_supine.dcm"))
    index = np.argwhere(dose.voxels_gy > 0.5 * dose.voxels_gy.max())[:, ::-1]
    points = dose.geometry.to_lps(index.astype(float))
    assert abs(points[:, 2].min() + points[:, 2].max()) < 1.0
    assert abs(points[:, 0].min() + points[:, 0].max()) < 5.0
    front, back = points[:, 1].min(), points[:, 1].max()  # LPS: −y is the patient's front
    depth_dose = [dose.voxels_gy[:, j].max() for j in range(dose.geometry.size[1])]
    assert dose.geometry.to_lps(np.array([[0.0, float(np.argmax(depth_dose)), 0.0]]))[0, 1] == pytest.approx(front, abs=15.0)
    assert back - front > 100.0
