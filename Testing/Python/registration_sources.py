"""Real CTs that pairs are made of: the patient without the couch, continued beyond the scan, with organ masks.

The demo case is always there; the others lie beside the repository (shared_data.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.model.geometry import Geometry
from scipy import ndimage

AIR_HU = -1000.0
BODY_HU = -300.0
DEMO = Path(__file__).resolve().parent.parent / "Data" / "demo_case"
ABDOMEN_ORGANS = {
    "spleen": 1, "kidney_right": 2, "kidney_left": 3, "liver": 5, "stomach": 6, "pancreas": 7, "bowel": 18,
    "vertebra_L3": 29, "vertebra_L2": 30, "vertebra_L1": 31, "vertebra_T12": 32, "aorta": 52, "vena_cava": 63,
    "cord": 79,
}  # fmt: skip
"""Labels of TotalSegmentator 2 (class map 'total') with at least some hundred voxels."""
SEGMENTED_FROM_SLICE = 82
"""The shipped segmentation belongs to the uppermost 30 of 112 slices, though its header has the lowest one's origin."""


@dataclass(frozen=True, eq=False)
class Source:
    """A patient, in LPS on an upright grid.

    Parameters
    ----------
    hu : array, shape (nk, nj, ni)
        Air outside of the body.
    geometry : Geometry
        Axes along L, P and S.
    body : array of bool, same shape
    organs : mapping of name to array of bool, same shape
    """

    name: str
    hu: np.ndarray
    geometry: Geometry
    body: np.ndarray
    organs: Mapping[str, np.ndarray]

    def points(self, mask: np.ndarray) -> np.ndarray:
        """LPS mm of the voxel centres of a mask, (n, 3)."""
        return self.geometry.to_lps(np.argwhere(mask)[:, ::-1].astype(np.float64))


def demo_source() -> Source:
    """The current CT of the demo case, 122 × 101 × 50 at 3 mm: kidneys to liver."""
    ct = read_ct(DEMO / "course2" / "CT")
    structures = read_structures(DEMO / "course2" / "RS.dcm").structures
    organs = {s.name: structure_mask(s, ct.geometry, ct.geometry) for s in structures}
    return source_of("demo", ct.voxels_hu, ct.geometry, organs)


def abdomen_source(folder: Path) -> Source:
    """TotalSegmentator's example CT, 122 × 101 × 112 at 3 mm, hips to liver; organ masks in the uppermost 30 slices."""
    hu, geometry = upright(folder / "example_ct.nii.gz")
    labels = np.zeros(hu.shape, dtype=np.uint8)
    labels[SEGMENTED_FROM_SLICE:] = upright(folder / "example_seg.nii.gz")[0]
    return source_of(
        "abdomen", hu, geometry, {name: labels == n for name, n in ABDOMEN_ORGANS.items() if (labels == n).any()}
    )


def head_and_neck_source(folder: Path) -> Source:
    """A patient of OpenKBP, 128³ at 3.9 × 3.9 × 2.5 mm.

    Cut to the region that may get dose: the ends and the strip along the cord are no skin. Good for a wrong patient, less so
    for the exactness of a registration.
    """
    stored, geometry = upright(folder / "ct.nrrd")
    organs = {file.stem: upright(file)[0] > 0 for file in sorted(folder.glob("*.nrrd")) if file.stem not in ("ct", "dose")}
    return source_of(folder.name, stored - 1024.0, geometry, organs)


def other_patient(source: Source) -> Source:
    """Somebody else with the same region: mirrored, 9 % wider, 3 % deeper, 6 % shorter, fat 10 HU denser."""
    geometry = source.geometry
    sx, sy, sz = geometry.spacing_mm
    hu = np.where(source.body & (source.hu > -150) & (source.hu < -20), source.hu + 10.0, source.hu)
    return replace(
        source,
        name=f"other than {source.name}",
        hu=np.ascontiguousarray(hu[:, :, ::-1]),
        geometry=replace(geometry, spacing_mm=(sx * 1.09, sy * 1.03, sz * 0.94)),
        body=np.ascontiguousarray(source.body[:, :, ::-1]),
        organs={name: np.ascontiguousarray(mask[:, :, ::-1]) for name, mask in source.organs.items()},
    )


def source_of(name: str, hu: np.ndarray, geometry: Geometry, organs: Mapping[str, np.ndarray]) -> Source:
    body = body_mask(hu)
    return Source(name, np.where(body, np.maximum(hu, AIR_HU), AIR_HU).astype(np.float32), geometry, body, organs)


def body_mask(hu: np.ndarray) -> np.ndarray:
    """The largest thing in the scan, without the couch, its gas and lungs filled slice by slice."""
    opened = ndimage.binary_opening(hu > BODY_HU, iterations=2)
    labels, count = ndimage.label(opened)
    largest = labels == 1 + np.argmax(ndimage.sum_labels(opened, labels, np.arange(1, count + 1)))
    body = ndimage.binary_dilation(largest, iterations=2) & (hu > BODY_HU)
    return np.stack([ndimage.binary_fill_holes(plane) for plane in body])


def upright(file: Path) -> tuple[np.ndarray, Geometry]:
    """Voxels and grid of a file, its axes along L, P and S."""
    image = sitk.DICOMOrient(sitk.ReadImage(str(file)), "LPS")
    direction = tuple(tuple(row) for row in np.round(np.reshape(image.GetDirection(), (3, 3)), 6).tolist())
    geometry = Geometry(image.GetOrigin(), image.GetSpacing(), direction, image.GetSize())
    return sitk.GetArrayFromImage(image).astype(np.float32), geometry
