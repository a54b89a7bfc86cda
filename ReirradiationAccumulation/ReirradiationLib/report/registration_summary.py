"""The registrations as plain data, for JSON and report."""

from __future__ import annotations

from ..model.registration import RegistrationKind, RegistrationMethod
from .evaluation import RegistrationSummary
from .results import RegistrationResult, Transfer

NOT_SIGNED = "not signed off"
KEYLESS = "names no key: it does not tell whether this very registration was looked at"

_METHODS = {
    RegistrationMethod.SAME_FRAME: "none: same frame of reference",
    RegistrationMethod.DICOM: "DICOM REG, given",
    RegistrationMethod.TRANSFORM_FILE: "transform file, given",
    RegistrationMethod.LANDMARKS: "rigid, from pairs of landmarks",
}


def registration_summaries(results: Transfer) -> tuple[RegistrationSummary, ...]:
    """One for every prior course with a dose distribution."""
    limits = results.protocol.registration_limits
    is_shipped = limits.is_shipped or results.case.protocol_folder is None
    origin = "shipped with the software" if is_shipped else "the institution's"
    return tuple(_summary(one, f"registration_limits.csv, {origin}") for one in results.registrations)


def _summary(result: RegistrationResult, limits: str) -> RegistrationSummary:
    transform = result.course.transform
    return RegistrationSummary(
        course=result.course.identifier,
        method=_method(result),
        source=transform.source,
        key=transform.key,
        log=result.log,
        sign_off=_sign_off(result),
        limits=limits,
        verdict=result.quality.verdict,
        high_dose=result.quality.high_dose,
        landmarks=result.quality.landmarks,
        organs=result.quality.organs,
        verdicts=result.quality.verdicts,
    )


def _method(result: RegistrationResult) -> str:
    choice = result.choice
    if choice.method is not RegistrationMethod.IMAGES:
        return _METHODS[choice.method]
    kind = choice.kind or RegistrationKind.DEFORMABLE
    where = ", near the prior dose" if choice.near_dose else ""
    return f"{kind.value}{where}, from the images"


def _sign_off(result: RegistrationResult) -> str:
    sign_off = result.choice.sign_off
    if sign_off is None:
        return NOT_SIGNED
    signed = f"{sign_off.who}, {sign_off.when.isoformat()}: {sign_off.comment}"
    if not sign_off.key and result.choice.method is RegistrationMethod.IMAGES:
        signed += f" ({KEYLESS})"
    return signed if result.is_signed else f"{NOT_SIGNED} ({signed}, of another registration: {sign_off.key})"
