"""What is noticed about the registrations, and what a sign-off accepts."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np

from ..model.case import Case
from ..model.errors import CaseError
from ..model.finding import Decision, Finding
from ..model.interlock import Interlock
from ..model.registration import RegistrationMethod
from ..model.registration_quality import Verdict
from ..model.transform import LARGEST_VOLUME_CHANGE, Affine, SpatialTransform
from .results import RegistrationResult

NEED_SIGN_OFF = (RegistrationMethod.IMAGES, RegistrationMethod.TRANSFORM_FILE, RegistrationMethod.LANDMARKS)
"""A DICOM REG names its frames of reference, and was made and seen in another system."""

LARGEST_TURN_DEGREES = 45.0
"""Patient coordinates follow the patient: whoever lies on a table otherwise is not turned in them."""


def registration_findings(result: RegistrationResult) -> list[Finding]:
    """Nobody has judged it, it folds, turns or scales, moves nothing, or must not be relied on in a structure."""
    transform = result.course.transform
    subject = _subject(result)
    if transform.fixed_frame_uid == transform.moving_frame_uid:
        return _verdict_findings(result, subject)
    return [
        *_sign_off_findings(result, subject),
        *_folding_findings(result, subject),
        *_matrix_findings(result, subject),
        *_verdict_findings(result, subject),
    ]


def sign_off_decisions(result: RegistrationResult) -> list[Decision]:
    """The decision that a sign-off is, if it is of this very registration."""
    sign_off = result.choice.sign_off
    if sign_off is None or not result.is_signed:
        return []
    return [
        Decision(one.identifier, _subject(result), sign_off.who, sign_off.when.isoformat(), sign_off.comment)
        for one in (Interlock.REGISTRATION_COMPUTED, Interlock.REGISTRATION_UNCHECKED)
    ]


def require_signatures(case: Case) -> None:
    """Refuse a case with a registration that needs a sign-off and has none, before anything is computed.

    Raises
    ------
    CaseError
        Naming the course, and how to look at its registration.
    """
    for course in case.prior_courses:
        choice = course.registration
        if choice is not None and choice.method in NEED_SIGN_OFF and choice.sign_off is None:
            interlock = Interlock.REGISTRATION_COMPUTED
            found = f"a registration by '{choice.method.value}' that nobody has signed off"
            raise CaseError(f"Course '{course.label}'", found, interlock.advice, interlock=interlock)


def _subject(result: RegistrationResult) -> str:
    return f"Course '{result.course.label}'"


def _sign_off_findings(result: RegistrationResult, subject: str) -> list[Finding]:
    key = result.course.transform.key
    sign_off = result.choice.sign_off
    if sign_off is not None and not result.is_signed:
        found = f"the sign-off of {sign_off.when} is of the registration {sign_off.key}, this one is {key}"
        return [Finding(Interlock.REGISTRATION_SIGN_OFF, subject, found)]
    if result.choice.method in NEED_SIGN_OFF:
        angle = _turn_degrees(result.course.transform)
        found = f"{result.course.transform.source}, key {key}: it turns by {angle:.1f}°"
        return [Finding(Interlock.REGISTRATION_COMPUTED, subject, found, "a registration that somebody has looked at")]
    if all(not organ.is_checked for organ in result.quality.verdicts):
        found = f"{result.course.transform.source}, key {key}: no prior CT, contours or landmarks that could show an error"
        return [Finding(Interlock.REGISTRATION_UNCHECKED, subject, found, "something to check it by, or a sign-off")]
    return []


def _folding_findings(result: RegistrationResult, subject: str) -> list[Finding]:
    findings = []
    for organ in result.quality.organs:
        regions = [region for region in (organ.organ, organ.overlap) if region is not None]
        smallest = min((region.jacobian.smallest for region in regions if region.jacobian is not None), default=1.0)
        if smallest <= 0.0:
            found = f"the registration folds in {organ.name}: Jacobian determinant {smallest:.2f}"
            findings.append(Finding(Interlock.REGISTRATION_FOLDING, subject, found, "> 0"))
    return findings


def _matrix_findings(result: RegistrationResult, subject: str) -> list[Finding]:
    transform = result.course.transform
    matrices = [step.matrix for step in transform.steps if isinstance(step, Affine)]
    findings = []
    if (angle := _turn_degrees(transform)) > LARGEST_TURN_DEGREES:
        found = f"it turns the patient by {angle:.0f}°"
        findings.append(Finding(Interlock.REGISTRATION_TURNED, subject, found, f"at most {LARGEST_TURN_DEGREES:g}°"))
    volume_change = math.prod(float(np.linalg.det(matrix)) for matrix in matrices)
    if abs(volume_change - 1.0) > LARGEST_VOLUME_CHANGE:
        found = f"its matrices multiply volumes by {volume_change:.3g}"
        findings.append(Finding(Interlock.REGISTRATION_SCALES, subject, found, f"1 within {LARGEST_VOLUME_CHANGE:.0%}"))
    elif not transform.is_deformable and all(np.allclose(matrix, np.eye(4), atol=1e-6) for matrix in matrices):
        findings.append(Finding(Interlock.REGISTRATION_IDENTITY, subject, "the identity between two frames of reference"))
    return findings


def _verdict_findings(result: RegistrationResult, subject: str) -> list[Finding]:
    names = [organ.organ for organ in result.quality.verdicts if organ.verdict is Verdict.WORKSHEET]
    if not names:
        return []
    found = f"the mapped dose must not be relied on in {', '.join(names)}"
    return [Finding(Interlock.REGISTRATION_WORKSHEET, subject, found)]


def _turn_degrees(transform: SpatialTransform) -> float:
    matrices = [step.matrix for step in transform.steps if isinstance(step, Affine)]
    turn = reduce(np.matmul, [matrix[:3, :3] for matrix in matrices], np.eye(3))
    return math.degrees(math.acos(float(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0))))
