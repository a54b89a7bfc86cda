"""The acceptance list for a REG, rigid or deformable."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...model.arrays import FloatArray
from ...model.errors import DicomError, ReirradiationError
from ...model.finding import Finding
from ...model.image import Image
from ...model.interlock import Interlock
from ...model.transform import LARGEST_VOLUME_CHANGE, DisplacementGrid, SpatialTransform
from ..reader import DicomReader, SopClass
from ..registration import read_registration
from .validate_common import belonging, missing_attributes, unreadable_texts
from .validation import Rule, rules_of

KINDS = frozenset({"RIGID", "RIGID_SCALE", "AFFINE"})
"""Defined terms of FrameOfReferenceTransformationMatrixType (PS3.3 C.20.2.1.2)."""

FARTHEST_MM = 2000.0
"""A registration that moves points further than a patient is long is in other units, or of another thing."""


def registration_rules(reader: DicomReader, ct: Image | None) -> tuple[Rule, ...]:
    """Every rule of the list, checked; those that need the CT only with one."""
    frame = {reader.text("FrameOfReferenceUID")}
    transforms, findings = _transforms(reader)
    return rules_of(
        [
            (Interlock.EXPORT_PATIENT, lambda: belonging(reader, ct, frame)),
            (Interlock.EXPORT_ATTRIBUTE, lambda: missing_attributes(reader, "REG", "FrameOfReferenceUID")),
            (Interlock.EXPORT_CHARACTERS, lambda: unreadable_texts(reader)),
            (Interlock.EXPORT_REGISTRATION, lambda: [*findings, *_unknown_kinds(reader)]),
            (Interlock.REGISTRATION_SCALES, lambda: _volume_changes(reader)),
            (Interlock.EXPORT_REGISTRATION_FAR, lambda: _far(transforms, ct)),
            (Interlock.EXPORT_REGISTRATION_IMAGES, lambda: _images(reader)),
        ]
    )


def _transforms(reader: DicomReader) -> tuple[list[SpatialTransform], list[Finding]]:
    """The transform to every other frame, and what is wrong with those that cannot be read."""
    fixed = reader.text("FrameOfReferenceUID")
    others = [uid for uid in _frames(reader) if uid != fixed]
    if not fixed or not others:
        found = f"'{fixed}' alone"
        return [], [Finding(Interlock.EXPORT_REGISTRATION, "Frames of reference", found, "two different ones")]
    transforms, findings = [], []
    for other in others:
        try:
            transforms.append(read_registration(Path(reader.where), fixed, other))
        except ReirradiationError as error:
            findings.append(Finding(Interlock.EXPORT_REGISTRATION, f"Frame {other}", str(error)))
    return transforms, findings


def _unknown_kinds(reader: DicomReader) -> list[Finding]:
    keyword = "FrameOfReferenceTransformationMatrixType"
    kinds = {matrix.text(keyword) for item in _items(reader) for matrix in _matrices(item)}
    return [
        Finding(Interlock.EXPORT_REGISTRATION, keyword, f"'{kind}'", ", ".join(sorted(KINDS)))
        for kind in sorted(kinds - KINDS)
    ]


def _volume_changes(reader: DicomReader) -> list[Finding]:
    findings = []
    for n, item in enumerate(_items(reader)):
        try:
            matrices = [m.numbers("FrameOfReferenceTransformationMatrix", 16).reshape(4, 4) for m in _matrices(item)]
        except DicomError:
            continue  # told already, as a transform that cannot be read
        change = math.prod(float(np.linalg.det(matrix[:3, :3])) for matrix in matrices)
        if abs(change - 1.0) > LARGEST_VOLUME_CHANGE:
            found = f"its matrices multiply volumes by {change:.3g}"
            findings.append(
                Finding(Interlock.REGISTRATION_SCALES, f"Item {n}", found, f"1 within {LARGEST_VOLUME_CHANGE:.0%}")
            )
    return findings


def _far(transforms: Sequence[SpatialTransform], ct: Image | None) -> list[Finding]:
    findings = []
    for transform in transforms:
        shifts = [np.linalg.norm(transform.apply(points) - points, axis=1) for points in _points(transform, ct)]
        farthest_mm = max(float(np.nan_to_num(shift, nan=0.0).max()) for shift in shifts)
        if farthest_mm > FARTHEST_MM:
            subject, found = f"Frame {transform.moving_frame_uid}", f"it moves points by {farthest_mm:.0f} mm"
            findings.append(Finding(Interlock.EXPORT_REGISTRATION_FAR, subject, found, f"at most {FARTHEST_MM:.0f} mm"))
    return findings


def _points(transform: SpatialTransform, ct: Image | None) -> Iterator[FloatArray]:
    """Where to look: at every vector of a grid, or else at the corners of the CT, or else at the origin."""
    grids = [step.geometry for step in transform.steps if isinstance(step, DisplacementGrid)]
    for geometry in grids:
        yield from (geometry.plane_points(k) for k in range(geometry.size[2]))
    if not grids and ct is not None:
        yield ct.geometry.to_lps(np.array(list(np.ndindex(2, 2, 2)), dtype=np.float64) * ct.geometry.size - 0.5)
    elif not grids:
        yield np.zeros((1, 3))


def _items(reader: DicomReader) -> list[DicomReader]:
    return reader.items("RegistrationSequence" if _is_rigid(reader) else "DeformableRegistrationSequence")


def _matrices(item: DicomReader) -> list[DicomReader]:
    """All matrices of an item, rigid or deformable."""
    pre_and_post = ("PreDeformationMatrixRegistrationSequence", "PostDeformationMatrixRegistrationSequence")
    chained = [matrix for part in item.items("MatrixRegistrationSequence") for matrix in part.items("MatrixSequence")]
    return chained + [matrix for sequence in pre_and_post for matrix in item.items(sequence)]


def _frames(reader: DicomReader) -> list[str]:
    keyword = "FrameOfReferenceUID" if _is_rigid(reader) else "SourceFrameOfReferenceUID"
    return list(dict.fromkeys(uid for item in _items(reader) if (uid := item.text(keyword))))


def _images(reader: DicomReader) -> list[Finding]:
    without = [n for n, item in enumerate(_items(reader)) if not item.items("ReferencedImageSequence")]
    return [Finding(Interlock.EXPORT_REGISTRATION_IMAGES, f"Item {n}", "names no images") for n in without]


def _is_rigid(reader: DicomReader) -> bool:
    return reader.text("SOPClassUID") == SopClass.RIGID_REG.value
