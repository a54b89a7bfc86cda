"""Pairs of CTs with the exact map between them: a real CT, moved by a known map and scanned again.

``make_pair(source, motion, fixed_scan, moving_scan)`` makes any; ``named_pair(name)`` the ones of :data:`NAMED`. The map
takes fixed (current) LPS points to moving (prior) ones, as every registration here does. The moving CT is the pull-back
moving(y) = patient(T⁻¹(y)) by cubic splines, so that the two agree exactly at x and T(x) but for interpolation, noise and
what :class:`registration_scans.Scan` changes. Everything is seeded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from registration_maps import KnownMap, Motion, known_map
from registration_scans import (
    FEET_FIRST_SUPINE,
    OBLIQUE_FEET_FIRST,
    OBLIQUE_HEAD_FIRST,
    Couch,
    Pull,
    Scan,
    mask_in,
    scan_grid,
    take,
)
from registration_sources import Source, demo_source, other_patient
from ReirradiationLib.model.geometry import Geometry, apply_affine
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.transform import SpatialTransform
from scipy import ndimage

FIXED_FRAME, MOVING_FRAME = "1.2.826.0.1.3680043.10.1", "1.2.826.0.1.3680043.10.2"
LANDMARKS = 1500
RIM_MM = 5.0
"""Landmarks keep this distance from the ends of both fields of view."""
LEAST_JACOBIAN = 0.3


@dataclass(frozen=True, eq=False)
class RegistrationPair:
    """Two CTs and the truth between them.

    Parameters
    ----------
    fixed, moving : Image
        Current and prior CT.
    truth : KnownMap or None
        Fixed to moving LPS points; None if they are of different patients.
    landmarks_mm : array, shape (1500, 3)
        Random points of the body in the fixed frame that both scans show.
    source : Source
        The patient; its frame is the fixed frame.
    """

    name: str
    fixed: Image
    moving: Image
    truth: KnownMap | None
    landmarks_mm: np.ndarray
    source: Source

    @property
    def landmarks_moving_mm(self) -> np.ndarray:
        """The same points in the moving frame, (1500, 3)."""
        return self._map()(self.landmarks_mm)

    def errors_mm(self, transform: SpatialTransform) -> np.ndarray:
        """Target registration errors at the landmarks, (1500,); NaN where the transform is undefined."""
        return np.linalg.norm(transform.apply(self.landmarks_mm) - self.landmarks_moving_mm, axis=1)

    @property
    def organs(self) -> Mapping[str, np.ndarray]:
        """Points of each organ in the fixed frame, (n, 3) LPS mm."""
        return {name: self.source.points(mask) for name, mask in self.source.organs.items()}

    def fixed_mask(self, organ: str) -> np.ndarray:
        """An organ on the grid of the fixed CT."""
        return mask_in(self.source.organs[organ], self.source, self.fixed.geometry, lambda points: points)

    def moving_mask(self, organ: str) -> np.ndarray:
        """An organ on the grid of the moving CT."""
        return mask_in(self.source.organs[organ], self.source, self.moving.geometry, pull_of(self._map(), self.source))

    def _map(self) -> KnownMap:
        if self.truth is None:
            raise ValueError(f"'{self.name}' shows two patients: no point of one belongs to a point of the other")
        return self.truth


def make_pair(
    source: Source, motion: Motion, fixed_scan: Scan, moving_scan: Scan, name: str = "", landmarks: int = LANDMARKS
) -> RegistrationPair:
    """Scan a patient, move it, scan it again.

    The field of view of the moving scan follows the patient but for ``moving_scan.offset_mm``. The noises are independent
    even where the scans' seeds are equal.

    Raises
    ------
    ValueError
        If the motion folds or nearly folds the body.
    """
    body_mm = source.points(source.body)
    truth = known_map(motion, body_mm)
    least = truth.jacobian(body_mm[::37]).min()
    if least <= LEAST_JACOBIAN:
        raise ValueError(f"{motion} shrinks a part of the body to {least:.2f} of its volume; take a longer wavelength")
    centre = source.geometry.to_lps((np.asarray(source.geometry.size)[None] - 1) / 2.0)
    fixed_grid = scan_grid(fixed_scan, source, centre[0])
    moving_grid = scan_grid(moving_scan, source, apply_affine(truth.rigid, centre)[0])
    fixed = take(fixed_scan, source, fixed_grid, lambda points: points)
    moving = take(replace(moving_scan, seed=moving_scan.seed + 7919), source, moving_grid, pull_of(truth, source))
    seen = body_mm[inside(fixed_grid, body_mm)]
    seen = seen[inside(moving_grid, truth(seen))]
    picked = np.random.default_rng(5).choice(len(seen), min(landmarks, len(seen)), replace=False)
    # Between the voxel centres of the source, where grids favour nobody.
    jitter = np.random.default_rng(6).uniform(-0.5, 0.5, (len(picked), 3)) * source.geometry.spacing_mm
    return RegistrationPair(
        name or f"{source.name} {motion}",
        image(fixed, fixed_grid, FIXED_FRAME, source.name),
        image(moving, moving_grid, MOVING_FRAME, source.name),
        truth,
        seen[picked] + jitter,
        source,
    )


def wrong_patient_pair(source: Source, other: Source, fixed_scan: Scan, moving_scan: Scan) -> RegistrationPair:
    """The CT of one patient and that of another, laid upon each other by their centres."""
    fixed = make_pair(source, Motion(), fixed_scan, replace(fixed_scan, spacing_mm=(20.0,) * 3))
    moving = make_pair(other, Motion(), moving_scan, replace(moving_scan, spacing_mm=(20.0,) * 3)).fixed
    prior = replace(moving, frame_uid=MOVING_FRAME, patient=fixed.fixed.patient)
    return RegistrationPair("wrong patient", fixed.fixed, prior, None, fixed.landmarks_mm, source)


def pull_of(truth: KnownMap, source: Source) -> Pull:
    """Moving to fixed points; those far from the body stay where the rigid part puts them, in air too: it saves time."""
    box = source.points(source.body)
    low, high = box.min(axis=0)[:2], box.max(axis=0)[:2]
    back = np.linalg.inv(truth.rigid)

    def pull(points: np.ndarray) -> np.ndarray:
        found = apply_affine(back, points)
        if truth.displacement is not None:
            margin = 2.0 * truth.longest_mm + 5.0
            near = np.all((found[:, :2] > low - margin) & (found[:, :2] < high + margin), axis=1)
            found[near] = truth.inverse(points[near])
        return found

    return pull


def inside(grid: Geometry, points_mm: np.ndarray) -> np.ndarray:
    """Which points lie within a grid, but for a rim."""
    rim = RIM_MM / np.asarray(grid.spacing_mm)
    index = grid.to_index(points_mm)
    return np.all((index >= rim) & (index <= np.asarray(grid.size) - 1 - rim), axis=1)


def image(hu: np.ndarray, grid: Geometry, frame: str, patient: str) -> Image:
    return Image(
        voxels_hu=hu.astype(np.float32), geometry=grid, frame_uid=frame, study_uid=f"{frame}.1", series_uid=f"{frame}.1.1",
        slice_uids=tuple(f"{frame}.1.1.{k}" for k in range(grid.size[2])), files=(),
        patient=Patient(patient, patient, "", ""), study_date="", description="",
    )  # fmt: skip


def disagreement_hu(pair: RegistrationPair, points_mm: np.ndarray) -> np.ndarray:
    """moving(T(x)) − fixed(x) by cubic interpolation at points that both scans show, (n,)."""
    return hu_at(pair.moving, pair._map()(points_mm)) - hu_at(pair.fixed, points_mm)


def hu_at(scan: Image, points_mm: np.ndarray) -> np.ndarray:
    return ndimage.map_coordinates(scan.voxels_hu, scan.geometry.to_index(points_mm)[:, ::-1].T, order=3, mode="nearest")


QUIET = Scan(noise_hu=10.0)
RIGID = Motion(rotation_deg=(2.0, -1.5, 2.5), shift_mm=(7.0, -8.0, 6.0))
SMOOTH = replace(RIGID, field_mm=10.0)
NAMED: Mapping[str, tuple[Motion, Scan, Scan]] = {
    "same": (Motion(), QUIET, QUIET),
    "rigid": (RIGID, QUIET, QUIET),
    "smooth 5 mm": (replace(RIGID, field_mm=5.0), QUIET, QUIET),
    "smooth 10 mm": (SMOOTH, QUIET, QUIET),
    "smooth 15 mm": (replace(RIGID, field_mm=15.0), QUIET, QUIET),
    "bumps 10 mm": (replace(RIGID, field_mm=10.0, bumps=True), QUIET, QUIET),
    "noise": (SMOOTH, QUIET, Scan(noise_hu=60.0)),
    "kv": (SMOOTH, QUIET, Scan(noise_hu=20.0, bone_scale=1.35)),
    "thick slices": (SMOOTH, QUIET, Scan(noise_hu=10.0, spacing_mm=(3.5, 3.5, 6.0), slice_mm=6.0, blur_mm=1.5)),
    "contrast": (SMOOTH, QUIET, Scan(noise_hu=15.0, contrast=1.0, bone_scale=1.1, lung_hu=80.0, blur_mm=1.0)),
    "cropped": (SMOOTH, QUIET, Scan(noise_hu=10.0, extent_mm=(240.0, 210.0, 105.0), offset_mm=(10.0, 5.0, 15.0))),
    "couch": (
        SMOOTH,
        replace(QUIET, couch=Couch.FLAT, extent_mm=(500.0, 420.0, 150.0)),
        replace(QUIET, couch=Couch.CURVED, couch_aside_mm=30.0, extent_mm=(500.0, 420.0, 150.0), offset_mm=(0.0, 30.0, 0.0)),
    ),
    "feet first": (SMOOTH, QUIET, replace(QUIET, axes=FEET_FIRST_SUPINE)),
    "oblique, feet first": (
        SMOOTH, replace(QUIET, axes=OBLIQUE_HEAD_FIRST), replace(QUIET, axes=OBLIQUE_FEET_FIRST)
    ),
    "turned about SI": (replace(RIGID, rotation_deg=(0.0, 0.0, 178.0)), QUIET, QUIET),
    "turned about AP": (replace(RIGID, rotation_deg=(0.0, 178.0, 0.0)), QUIET, QUIET),
    "head-foot +100 mm": (replace(RIGID, shift_mm=(3.0, -4.0, 100.0)), QUIET, QUIET),
    "head-foot −100 mm": (replace(RIGID, shift_mm=(3.0, -4.0, -100.0)), QUIET, QUIET),
    "overlap of half": (RIGID, QUIET, replace(QUIET, offset_mm=(0.0, 0.0, 70.0))),
}  # fmt: skip
"""Motion, fixed scan and moving scan of pairs for tests; ``wrong patient`` besides."""


def named_pair(name: str, source: Source | None = None) -> RegistrationPair:
    """One of :data:`NAMED` or ``wrong patient``, of the demo case's patient if no other is given."""
    patient = demo_source() if source is None else source
    if name == "wrong patient":
        return wrong_patient_pair(patient, other_patient(patient), QUIET, replace(QUIET, seed=2))
    motion, fixed_scan, moving_scan = NAMED[name]
    return make_pair(patient, motion, fixed_scan, moving_scan, name)
