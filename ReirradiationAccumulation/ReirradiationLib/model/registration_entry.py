"""The ``registration`` of a prior course in a case file."""

from __future__ import annotations

from dataclasses import fields

from .errors import CaseError
from .json_entry import JsonEntry
from .registration import EngineName, RegistrationChoice, RegistrationKind, RegistrationMethod, SignOff

OF_FILES = (RegistrationMethod.DICOM, RegistrationMethod.TRANSFORM_FILE, RegistrationMethod.LANDMARKS)
"""Methods whose transform comes out of a file."""


def registration_choice(entry: JsonEntry) -> RegistrationChoice:
    """Read how a prior course is registered.

    Raises
    ------
    CaseError
        Naming the entry, if something is missing or does not go with the method.
    """
    method = entry.choice("method", RegistrationMethod)
    is_of_images = method is RegistrationMethod.IMAGES
    if (method in OF_FILES) is not entry.has("file"):
        found = "no 'file'" if method in OF_FILES else f"'file' with the method '{method.value}'"
        names = ", ".join(f"'{one.value}'" for one in OF_FILES)
        raise CaseError(entry.where, found, "Name a file, or choose another method.", f"'file' with {names}, and no other")
    near_dose = entry.flag("near_dose")
    for key in [key for key in ("kind", "engine") if entry.has(key)] + (["near_dose"] if near_dose else []):
        if not is_of_images:
            found = f"with the method '{method.value}'"
            raise CaseError(entry.at(key), found, f"Only '{RegistrationMethod.IMAGES.value}' takes it.")
    choice = RegistrationChoice(
        method=method,
        file=entry.optional_path("file"),
        kind=_kind(entry) if is_of_images else None,
        engine=entry.choice("engine", EngineName) if entry.has("engine") else None,
        near_dose=near_dose,
        landmarks=entry.optional_path("landmarks"),
        sign_off=_sign_off(entry) if entry.has("sign_off") else None,
    )
    if choice.near_dose and choice.kind is RegistrationKind.RIGID:
        raise CaseError(entry.at("near_dose"), "with a rigid registration", "Only a deformable one can be limited.")
    return choice


def _kind(entry: JsonEntry) -> RegistrationKind:
    return entry.choice("kind", RegistrationKind) if entry.has("kind") else RegistrationKind.DEFORMABLE


def _sign_off(registration: JsonEntry) -> SignOff:
    entry = registration.child("sign_off", [field.name for field in fields(SignOff)])
    when = entry.day("when")
    if when is None:
        raise CaseError(entry.where, "'when' is missing", "Add 'when'.", "YYYY-MM-DD")
    return SignOff(entry.text("who"), when, entry.text("comment"), entry.text("key", default=""))
