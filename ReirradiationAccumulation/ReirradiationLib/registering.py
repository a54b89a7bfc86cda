"""Bringing the prior courses to the current CT, each by what the case chose for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .dicom.course_record import CourseRecord
from .dicom.registration import read_registration
from .model.errors import CaseError, RegistrationError
from .model.image import Image
from .model.registration import EngineName, RegistrationChoice, RegistrationKind, RegistrationMethod
from .model.transform import Affine, SpatialTransform, identity_transform
from .registration.cache import CachedEngine, RegistrationCache
from .registration.engine import IsCancelled, Progress, Registered, RegistrationEngine, RegistrationSettings
from .registration.engines import chosen_engine
from .registration.high_dose_box import high_dose_box
from .registration.in_steps import completed
from .registration.landmark_table import LandmarkPairs, read_landmarks, require_others, require_within
from .registration.landmarks import register_landmarks
from .registration.transform_file import read_transform_file


@dataclass(frozen=True, eq=False)
class CourseRegistration:
    """How a prior course came to the current CT.

    Parameters
    ----------
    transform : SpatialTransform
        Current to prior.
    log : tuple of str
        What was done, line by line.
    backward : SpatialTransform or None
        Prior to current, registered on its own for comparison; only of the images.
    landmarks : LandmarkPairs or None
        What the registration is judged by; not those that it was made from.
    """

    transform: SpatialTransform
    log: tuple[str, ...] = ()
    backward: SpatialTransform | None = None
    landmarks: LandmarkPairs | None = None


@dataclass(frozen=True, eq=False)
class Registrar:
    """Registers the courses of a case.

    Parameters
    ----------
    engines : sequence of RegistrationEngine
        Those that may be chosen.
    cache : RegistrationCache
        Where results of earlier runs are kept.
    progress : callable
        Told what is being done; may raise :class:`~ReirradiationLib.model.errors.Cancelled`.
    is_cancelled : callable
    """

    engines: Sequence[RegistrationEngine]
    cache: RegistrationCache
    progress: Progress
    is_cancelled: IsCancelled

    def register(self, record: CourseRecord, current: Image) -> CourseRegistration:
        """Bring one prior course to the current CT.

        Raises
        ------
        RegistrationError, DicomError, GeometryError
            If the file that the case names cannot be used, an engine is not there, or finds nothing.
        Cancelled
            If the user asked to stop.
        """
        choice = record.registration or RegistrationChoice(RegistrationMethod.SAME_FRAME)
        pairs = self._pairs_to_judge_by(choice, record, current)
        return replace(self._by_method(choice, record, current), landmarks=pairs)

    def _pairs_to_judge_by(self, choice: RegistrationChoice, record: CourseRecord, current: Image) -> LandmarkPairs | None:
        if choice.landmarks is None:
            return None
        pairs = read_landmarks(choice.landmarks)
        require_within(pairs, current.geometry, record.ct.geometry if record.ct else None)
        if choice.method is RegistrationMethod.LANDMARKS and choice.file is not None:
            require_others(pairs, read_landmarks(choice.file))
        return pairs

    def _by_method(self, choice: RegistrationChoice, record: CourseRecord, current: Image) -> CourseRegistration:
        prior_frame = record.dose.frame_uid
        if choice.method is RegistrationMethod.IMAGES:
            return self._by_images(choice, record, current)
        if choice.file is None:
            return CourseRegistration(identity_transform(current.frame_uid))
        if choice.method is RegistrationMethod.DICOM:
            return CourseRegistration(read_registration(choice.file, current.frame_uid, prior_frame))
        if choice.method is RegistrationMethod.TRANSFORM_FILE:
            transform = read_transform_file(choice.file, current.frame_uid, prior_frame, current.geometry)
            return CourseRegistration(transform)
        pairs = read_landmarks(choice.file)
        require_within(pairs, current.geometry, record.ct.geometry if record.ct else None)
        fitted = register_landmarks(pairs, current.frame_uid, prior_frame)
        return CourseRegistration(fitted.transform, fitted.log)

    def _by_images(self, choice: RegistrationChoice, record: CourseRecord, current: Image) -> CourseRegistration:
        if record.ct is None:
            raise CaseError(f"Course '{record.label}'", "no 'ct' to register", "Name the folder of the prior CT.")
        prior = record.ct
        if choice.kind is RegistrationKind.RIGID:
            settings = RegistrationSettings(RegistrationKind.RIGID)
            engine = self._engine(choice.engine or EngineName.SIMPLEITK)
            forward = self._run(engine, current, prior, settings)
            return self._with_backward(forward, (), lambda: self._run(engine, prior, current, settings))
        engine = self._engine(choice.engine)
        start, rigid_log = self._rigid_start(current, prior)
        region = high_dose_box(record.dose, start) if choice.near_dose else None
        settings = RegistrationSettings(RegistrationKind.DEFORMABLE, start, region)
        back_region = high_dose_box(record.dose, Affine(np.eye(4))) if choice.near_dose else None
        back_settings = RegistrationSettings(RegistrationKind.DEFORMABLE, start.inverse(), back_region)
        forward = self._run(engine, current, prior, settings)
        return self._with_backward(forward, rigid_log, lambda: self._run(engine, prior, current, back_settings))

    def _rigid_start(self, current: Image, prior: Image) -> tuple[Affine, tuple[str, ...]]:
        """One rigid start for every deformable engine; kept by itself, so that an interrupted run goes on after it."""
        found = self._run(self._engine(EngineName.SIMPLEITK), current, prior, RegistrationSettings(RegistrationKind.RIGID))
        (step,) = found.transform.steps
        assert isinstance(step, Affine)
        return step, found.log

    def _with_backward(
        self, forward: Registered, log: tuple[str, ...], backward: Callable[[], Registered]
    ) -> CourseRegistration:
        """With the same in the other direction, which the quality needs and the result does not."""
        self.progress("the other direction, for comparison")
        try:
            back = backward().transform
        except RegistrationError as error:
            failed = f"the registration in the other direction failed: {error.found}"
            return CourseRegistration(forward.transform, (*log, *forward.log, failed))
        return CourseRegistration(forward.transform, (*log, *forward.log), back)

    def _engine(self, name: EngineName | None) -> RegistrationEngine:
        return CachedEngine(chosen_engine(name, self.engines), self.cache)

    def _run(self, engine: RegistrationEngine, fixed: Image, moving: Image, settings: RegistrationSettings) -> Registered:
        found = engine.register(fixed, moving, settings, self.progress, self.is_cancelled)
        if settings.region is None or not found.transform.is_deformable:
            return found
        return replace(found, transform=completed(found.transform, fixed.geometry))
