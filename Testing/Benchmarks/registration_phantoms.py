"""The pairs of the registration benchmark, and the files through which every method gets them.

A real CT of hips to liver (3 mm), moved by a known rigid motion and a smooth field, scanned twice on finer grids with
independent noise; registration_pairs.py says how. Methods get two volumes and points; the truth stays here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from registration_maps import Motion
from registration_pairs import RegistrationPair, make_pair
from registration_scans import Couch, Scan
from registration_sources import Source
from ReirradiationLib.model.image import Image

NEIGHBOUR_MM = 1.0
MOTION = Motion((2.0, -1.5, 2.5), (7.0, -8.0, 6.0), field_mm=24.0, wavelength_mm=220.0, seed=9)
"""3.5° about an oblique axis, 12 mm, and waves of up to 24 mm, 8.8 in the mean; no rigid motion comes closer than 8.7 mm."""
FINE = Scan(spacing_mm=(2.0, 2.0, 2.0), noise_hu=15.0)
COARSE = replace(FINE, spacing_mm=(4.5, 4.5, 4.5))
WHOLE = Scan(
    spacing_mm=(0.9765625, 0.9765625, 2.5), size=(512, 512, 200), noise_hu=15.0, couch=Couch.FLAT, extent_mm=(500.0,) * 3
)
CHANGED = {"contrast": 1.0, "bone_scale": 1.1, "lung_hu": 80.0, "blur_mm": 1.0, "noise_hu": 25.0}


@dataclass(frozen=True)
class Phantom:
    """A pair of the benchmark and what of it the table says."""

    title: str
    motion: Motion
    fixed: Scan
    moving: Scan

    def pair(self, source: Source) -> RegistrationPair:
        return make_pair(source, self.motion, self.fixed, self.moving, self.title)


PHANTOMS: Mapping[str, Phantom] = {
    "equal": Phantom("4.7 million voxels, equal intensities", MOTION, FINE, FINE),
    "contrast": Phantom("4.7 million voxels, contrast, kV, blur and more noise", MOTION, FINE, replace(FINE, **CHANGED)),
    "large": Phantom(
        "512 × 512 × 200, flat and curved couch", MOTION, WHOLE, replace(WHOLE, couch=Couch.CURVED, couch_aside_mm=25.0)
    ),
    "quick": Phantom("0.4 million voxels of 4.5 mm", MOTION, COARSE, COARSE),
}


def write_pair(pair: RegistrationPair, folder: Path) -> None:
    """``fixed.nrrd``, ``moving.nrrd`` and ``points.npy``: every landmark and its six neighbours, (7, n, 3), fixed LPS mm."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, scan in (("fixed", pair.fixed), ("moving", pair.moving)):
        sitk.WriteImage(to_sitk(scan), str(folder / f"{name}.nrrd"))
    np.save(folder / "points.npy", with_neighbours(pair.landmarks_mm))


def with_neighbours(points_mm: np.ndarray) -> np.ndarray:
    """Points (n, 3) and those 1 mm beside them along ±x, ±y, ±z, (7, n, 3)."""
    steps = NEIGHBOUR_MM * np.eye(3)
    return np.stack([points_mm, *(points_mm + sign * step for step in steps for sign in (1.0, -1.0))])


def to_sitk(scan: Image) -> sitk.Image:
    image = sitk.GetImageFromArray(np.round(scan.voxels_hu).astype(np.int16))
    image.SetOrigin(scan.geometry.origin_mm)
    image.SetSpacing(scan.geometry.spacing_mm)
    image.SetDirection(np.asarray(scan.geometry.direction).ravel().tolist())
    return image
