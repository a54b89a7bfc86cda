"""Changes of how a prior course is registered: each gives a choice that a case file may hold.

Whoever changes what is registered takes the signature away with it: nobody has looked at the new registration.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .case import PriorCourse
from .registration import EngineName, RegistrationChoice, RegistrationKind, RegistrationMethod
from .registration_entry import OF_FILES


def with_method(choice: RegistrationChoice | None, method: RegistrationMethod) -> RegistrationChoice:
    """Another method, without what belongs to the former one; what the registration is judged by stays."""
    if choice is not None and choice.method is method:
        return choice
    kind = RegistrationKind.DEFORMABLE if method is RegistrationMethod.IMAGES else None
    return RegistrationChoice(method, kind=kind, landmarks=choice.landmarks if choice else None)


def with_file(choice: RegistrationChoice, file: Path | None) -> RegistrationChoice:
    """Another file of the transform or the landmarks that it is made of; None until one is chosen."""
    return choice if choice.file == file else replace(choice, file=file, sign_off=None)


def with_kind(choice: RegistrationChoice, kind: RegistrationKind) -> RegistrationChoice:
    """Rigid or deformable; only a deformable one can be limited to the surroundings of the dose."""
    if choice.kind is kind:
        return choice
    return replace(choice, kind=kind, near_dose=choice.near_dose and kind is RegistrationKind.DEFORMABLE, sign_off=None)


def with_engine(choice: RegistrationChoice, engine: EngineName | None) -> RegistrationChoice:
    """Another engine; None for the best that is there."""
    return choice if choice.engine is engine else replace(choice, engine=engine, sign_off=None)


def with_near_dose(choice: RegistrationChoice, near_dose: bool) -> RegistrationChoice:
    """Limited to the surroundings of the prior high dose, or not."""
    return choice if choice.near_dose is near_dose else replace(choice, near_dose=near_dose, sign_off=None)


def with_landmarks(choice: RegistrationChoice, landmarks: Path | None) -> RegistrationChoice:
    """Other landmarks to judge by; the registration stays, and who has signed it."""
    return replace(choice, landmarks=landmarks)


def needs_file(method: RegistrationMethod) -> bool:
    """Whether the transform of a method comes out of a file."""
    return method in OF_FILES


def can_be_limited(choice: RegistrationChoice) -> bool:
    """Whether the registration may be limited to the surroundings of the dose."""
    return choice.method is RegistrationMethod.IMAGES and choice.kind is RegistrationKind.DEFORMABLE


def why_not_usable(choice: RegistrationChoice, course: PriorCourse) -> str:
    """What is missing before a course can be registered so, as far as can be told without opening a file; else empty."""
    if choice.method is RegistrationMethod.IMAGES and course.ct is None:
        return f"'{course.label}' has no CT that could be registered: name its folder in the records."
    if needs_file(choice.method) and choice.file is None:
        return "Choose the file that the transform comes from."
    for file in (choice.file, choice.landmarks):
        if file is not None and not file.is_file():
            return f"There is no file '{file}'."
    return ""
