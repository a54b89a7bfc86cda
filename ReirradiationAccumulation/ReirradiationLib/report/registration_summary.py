"""The registrations as plain data, for JSON and report."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.registration import RegistrationKind, RegistrationMethod
from ..model.registration_quality import LandmarkErrors, OrganQuality, OrganVerdict, RegionQuality, Verdict, worst
from .results import RegistrationResult, Transfer

WORDS = {Verdict.GO: "go", Verdict.CAUTION: "caution", Verdict.WORKSHEET: "use the point worksheet"}
NOT_SIGNED = "not signed off"
KEYLESS = "names no key: it does not tell whether this very registration was looked at"

_METHODS = {
    RegistrationMethod.SAME_FRAME: "none: same frame of reference",
    RegistrationMethod.DICOM: "DICOM REG, given",
    RegistrationMethod.TRANSFORM_FILE: "transform file, given",
    RegistrationMethod.LANDMARKS: "rigid, from pairs of landmarks",
}


@dataclass(frozen=True)
class RegistrationSummary:
    """How a prior course came to the current CT: by what, who took it, and measures and verdicts in every structure.

    ``key`` names the transform itself; a sign-off names it. ``limits`` says where the limits of the verdicts come from.
    """

    course: str
    method: str
    source: str
    key: str
    log: tuple[str, ...]
    sign_off: str
    limits: str
    verdict: Verdict
    high_dose: RegionQuality | None
    landmarks: LandmarkErrors | None
    organs: tuple[OrganQuality, ...]
    verdicts: tuple[OrganVerdict, ...]


def registration_summaries(results: Transfer) -> tuple[RegistrationSummary, ...]:
    """One for every prior course with a dose distribution."""
    limits = results.protocol.registration_limits
    is_shipped = limits.is_shipped or results.case.protocol_folder is None
    origin = "shipped with the software" if is_shipped else "the institution's"
    return tuple(_summary(one, f"registration_limits.csv, {origin}") for one in results.registrations)


def registration_word(results: Transfer, structure: str) -> str:
    """The worst verdict on any course's registration in a structure, in words; a dash where nothing is registered."""
    replaced = [one.course.label for one in results.registrations if one.course.point(structure) is not None]
    verdicts = [one.verdict(structure).verdict for one in results.registrations if one.course.label not in replaced]
    words = [WORDS[worst(verdicts)]] if verdicts else []
    words += [f"point in place of {label}" for label in replaced]
    return "; ".join(words) or "–"


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
    signed += f" (of this registration, key {sign_off.key})" if result.is_signed and sign_off.key else ""
    if not sign_off.key:
        signed += f" ({KEYLESS})"
    return signed if result.is_signed else f"{NOT_SIGNED} ({signed}, of another registration: {sign_off.key})"
