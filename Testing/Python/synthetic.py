"""Synthetic grids, doses and structures whose truth is known in closed form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ReirradiationLib.model.course import Course
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Dose, Patient, SourceObject
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.model.transform import SpatialTransform, identity_transform

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
FRAME = "1.2.3.4"
PATIENT = Patient("P1", "Doe^Jane", "", "F")


def grid(spacing_mm: float = 2.0, half_mm: float = 40.0, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Geometry:
    """A cube of voxels around a centre."""
    count = round(2 * half_mm / spacing_mm) + 1
    origin = tuple(float(c - half_mm) for c in centre)
    return Geometry(origin, (spacing_mm,) * 3, AXIAL, (count,) * 3)


def voxel_points(geometry: Geometry) -> np.ndarray:
    return np.concatenate([geometry.plane_points(k) for k in range(geometry.size[2])])


def dose_of(function, geometry: Geometry, frame: str = FRAME) -> Dose:
    """A dose with the given function of LPS points."""
    voxels = np.asarray(function(voxel_points(geometry)), dtype=np.float32).reshape(geometry.shape)
    return Dose(voxels, geometry, frame, "1.10", PATIENT, (SourceObject(Path("RD.dcm"), "1.9"),))


def course_of(dose: Dose, fractions: int, identifier: str = "c", transform: SpatialTransform | None = None) -> Course:
    return Course(identifier, identifier, dose, fractions, None, None, transform or identity_transform(dose.frame_uid))


def ball(radius_mm: float, spacing_mm: float, centre=(0.0, 0.0, 0.0), name: str = "ball", points: int = 180) -> Structure:
    """Contours of a sphere on planes at multiples of the spacing."""
    angle = np.linspace(0.0, 2 * np.pi, points, endpoint=False)
    contours = []
    for n in range(-int(radius_mm / spacing_mm), int(radius_mm / spacing_mm) + 1):
        height = n * spacing_mm
        radius = np.sqrt(max(radius_mm**2 - height**2, 0.0))
        if radius > 1e-6:
            circle = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(points, height)], axis=1)
            contours.append(circle + np.asarray(centre))
    return Structure(name, 1, tuple(contours))


def cylinder(radius_mm: float, height_mm: float, spacing_mm: float, name: str = "cylinder") -> Structure:
    """A cylinder along z whose slabs (with half-slice caps) fill exactly ``height_mm``."""
    angle = np.linspace(0.0, 2 * np.pi, 720, endpoint=False)
    planes = np.arange(-height_mm / 2 + spacing_mm / 2, height_mm / 2, spacing_mm)
    circle = np.stack([radius_mm * np.cos(angle), radius_mm * np.sin(angle)], axis=1)
    return Structure(name, 1, tuple(np.column_stack([circle, np.full(720, z)]) for z in planes))
