"""All measures of one registration: prepared once for the course, then taken organ by organ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import RegistrationError
from ..model.image import Dose, Image
from ..model.interpolation import trilinear
from ..model.registration_limits import RegistrationLimits
from ..model.registration_quality import CourseQuality, OrganQuality, Region, RegionQuality, ResidualShift
from ..model.transform import SpatialTransform
from .contour_agreement import ContourPair, contour_agreement
from .field_of_view import field_of_view
from .harmonic_energy import deformation_measure
from .high_dose import HIGH_SHARE, high_dose_points
from .image_noise import noise_gradient
from .inverse_consistency import inverse_consistency
from .jacobian import jacobian_matrices, jacobian_measure
from .landmark_table import LandmarkPairs
from .residual_shift import residual_shift
from .similarity import similarity
from .target_error import landmark_measure, pairs_near
from .verdict import judge_all
from .whole_patient import whole_patient_shift

MOST_POINTS = 10_000
"""Points judged in a region; a displacement field is smooth over the distance between them."""
LEAST_POINTS = 20
"""Points that an overlap needs to be a region of its own."""


@dataclass(frozen=True, eq=False)
class CourseCheck:
    """What a registration is checked by.

    Parameters
    ----------
    current : Image
    prior : Image or None
        The prior CT.
    dose : Dose
        The prior dose, on its own grid.
    transform : SpatialTransform
        Current to prior.
    backward : SpatialTransform or None
        Prior to current, from a registration of its own.
    landmarks : LandmarkPairs or None
        Pairs that the registration was not made from.
    """

    current: Image
    prior: Image | None
    dose: Dose
    transform: SpatialTransform
    backward: SpatialTransform | None = None
    landmarks: LandmarkPairs | None = None

    def __post_init__(self) -> None:
        self.transform.require_frames(self.current.frame_uid, self.dose.frame_uid)
        if self.prior is not None:
            self.transform.require_frames(self.current.frame_uid, self.prior.frame_uid)
        if self.backward is not None:
            self.backward.require_frames(self.dose.frame_uid, self.current.frame_uid)

    @property
    def is_same_frame(self) -> bool:
        """Whether nothing was registered because nothing had to be."""
        return not self.transform.steps and self.transform.fixed_frame_uid == self.transform.moving_frame_uid


@dataclass(frozen=True, eq=False)
class OrganRegion:
    """An organ to be judged.

    Parameters
    ----------
    name : str
    points_mm : array, shape (n, 3)
        Points that fill it evenly, LPS, current frame.
    contours : ContourPair or None
        If it was contoured on the prior CT as well.

    Raises
    ------
    RegistrationError
        If there are no points, or they are none.
    """

    name: str
    points_mm: FloatArray
    contours: ContourPair | None = None

    def __post_init__(self) -> None:
        points_mm = self.points_mm
        if points_mm.ndim != 2 or points_mm.shape[1] != 3 or not len(points_mm) or not np.isfinite(points_mm).all():
            raise RegistrationError(
                f"Quality of the registration in '{self.name}'",
                f"points of shape {points_mm.shape}" if np.isfinite(points_mm).all() else "coordinates that are no numbers",
                "Check its contours.",
                "at least one point, x, y and z in mm",
            )


def check_course(check: CourseCheck, organs: Sequence[OrganRegion], limits: RegistrationLimits) -> CourseQuality:
    """Measure and judge one registration in all organs."""
    noise = noise_gradient(check.current) if check.prior is not None else 0.0
    patient = whole_patient_shift(check.current, check.prior, check.transform, noise) if check.prior is not None else None
    high_mm = high_dose_points(check.current.geometry, check.dose, check.transform)
    qualities = tuple(check_organ(check, organ, noise, patient) for organ in organs)
    return CourseQuality(
        high_dose=region_quality(check, Region.HIGH_DOSE, high_mm, noise) if len(high_mm) >= LEAST_POINTS else None,
        landmarks=landmark_measure(check.transform, check.landmarks) if check.landmarks is not None else None,
        organs=qualities,
        verdicts=judge_all(qualities, limits),
    )


def check_organ(
    check: CourseCheck, organ: OrganRegion, noise_hu_per_mm: float, patient_shift: ResidualShift | None = None
) -> OrganQuality:
    """Take all measures in one organ.

    ``noise_hu_per_mm`` is :func:`~.image_noise.noise_gradient` of the current CT, ``patient_shift`` that of
    :func:`~.whole_patient.whole_patient_shift`.
    """
    share = _dose_shares(check, organ.points_mm)
    overlap_mm = organ.points_mm[share > HIGH_SHARE]
    near = pairs_near(check.landmarks, organ.points_mm) if check.landmarks is not None else None
    return OrganQuality(
        name=organ.name,
        is_same_frame=check.is_same_frame,
        has_prior_ct=check.prior is not None,
        has_backward=check.backward is not None,
        organ=region_quality(check, Region.ORGAN, organ.points_mm, noise_hu_per_mm),
        overlap=region_quality(check, Region.OVERLAP, overlap_mm, noise_hu_per_mm)
        if len(overlap_mm) >= LEAST_POINTS
        else None,
        contours=contour_agreement(check.transform, organ.contours) if organ.contours is not None else None,
        landmarks=landmark_measure(check.transform, near) if near is not None else None,
        highest_dose_share=float(share.max(initial=0.0)),
        patient_shift=patient_shift,
    )


def region_quality(check: CourseCheck, region: Region, points_mm: FloatArray, noise_hu_per_mm: float) -> RegionQuality:
    """Take all measures of one region; points (n, 3) fill it, evenly picked ones stand for very many."""
    picked_mm = points_mm[:: max(1, len(points_mm) // MOST_POINTS)]
    there_mm = check.transform.apply(picked_mm)
    matrices = jacobian_matrices(check.transform, picked_mm)
    current, prior, transform = check.current, check.prior, check.transform
    return RegionQuality(
        region=region,
        points=len(points_mm),
        field_of_view=field_of_view(prior.geometry if prior is not None else None, check.dose.geometry, there_mm),
        jacobian=jacobian_measure(matrices),
        deformation=deformation_measure(matrices, picked_mm, there_mm),
        inverse_consistency=inverse_consistency(check.backward, picked_mm, there_mm) if check.backward is not None else None,
        similarity=similarity(current, prior, transform, picked_mm) if prior is not None else None,
        residual_shift=residual_shift(current, prior, transform, picked_mm, noise_hu_per_mm) if prior is not None else None,
    )


def _dose_shares(check: CourseCheck, points_mm: FloatArray) -> FloatArray:
    """Mapped prior dose at points (n, 3) as a share of the prior maximum, shape (n,); 0 outside of its grid."""
    index = check.dose.geometry.to_index(check.transform.apply(points_mm))
    values, _ = trilinear(check.dose.voxels_gy, index)
    return np.asarray(values / max(float(check.dose.voxels_gy.max()), np.finfo(np.float32).tiny))
