"""What a draft of a case leaves open: paths and tissues that no run accepts, and how they are settled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from .case import Case, PriorCourse
from .case_edits import prior_course, with_course, without_course

CHOOSE_TISSUE = "CHOOSE A TISSUE"
"""Stands for the tissue of a structure; a case that still holds it is refused."""

_ONE_OF = "CHOOSE ONE OF: "
_TREATED = re.compile(r"CHOOSE IF '(?P<plan>.*)' WAS TREATED: (?P<rest>.*)$", re.DOTALL)
# Only in front of an absolute path: a folder may have OR in its name.
_OR = re.compile(r" OR (?=/|[A-Za-z]:/)")
_AND = re.compile(r" AND (?=/|[A-Za-z]:/)")


class Open(str, Enum):
    """What is open."""

    CURRENT_CT = "planning CT of today"
    CURRENT_STRUCTURES = "structure set of today"
    NEW_DOSE = "dose of the new plan"
    COURSE_TREATED = "was it treated?"
    COURSE_DOSE = "dose"
    COURSE_CT = "planning CT"
    COURSE_REGISTRATION = "registration"


@dataclass(frozen=True)
class OpenChoice:
    """One path of a case that stands for a choice.

    Parameters
    ----------
    of : Open
    course : str
        Identifier of the prior course; empty for the current anatomy and the new course.
    alternatives : tuple of Path
        One of them is to be chosen; of :attr:`Open.COURSE_TREATED` what is kept if the plan was treated.
    plan : str
        Label of the plan that :attr:`Open.COURSE_TREATED` asks about.
    """

    of: Open
    course: str
    alternatives: tuple[Path, ...]
    plan: str = ""


def one_of(paths: Sequence[Path]) -> Path:
    """The only path, or one that no run accepts and that lists them."""
    return paths[0] if len(paths) == 1 else Path(_ONE_OF + " OR ".join(map(str, paths)))


def if_treated(plan: str, paths: Sequence[Path]) -> Path:
    """A path that no run accepts and that lists the doses of a plan, to be kept if it was treated."""
    return Path(f"CHOOSE IF '{plan}' WAS TREATED: {' AND '.join(map(str, paths))}")


def open_choices(case: Case) -> tuple[OpenChoice, ...]:
    """The choices that the paths of a case leave open, in the order of the case."""
    return tuple(_open_choices(case))


def why_open(case: Case) -> str:
    """What must be chosen before the files of a case can be read; empty if nothing."""
    found = open_choices(case)
    if not found:
        return ""
    labels = {course.identifier: course.label for course in case.prior_courses}
    named = [f"{labels[one.course]}: {one.of.value}" if one.course else one.of.value for one in found]
    return f"Choose first: {'; '.join(named)}."


def structures_without_tissue(case: Case) -> tuple[str, ...]:
    """The structures whose tissue nobody has chosen yet."""
    return tuple(one.name for one in case.structures if one.tissue == CHOOSE_TISSUE)


def with_chosen(case: Case, choice: OpenChoice, path: Path) -> Case:
    """The case with an alternative taken."""
    if choice.of is Open.CURRENT_CT:
        return replace(case, current=replace(case.current, ct=path))
    if choice.of is Open.CURRENT_STRUCTURES:
        return replace(case, current=replace(case.current, structures=path))
    if choice.of is Open.NEW_DOSE:
        return replace(case, new_course=replace(case.new_course, dose=(path,)))
    course = prior_course(case, choice.course)
    if choice.of is Open.COURSE_DOSE:
        return with_course(case, replace(course, dose=(path,)))
    if choice.of is Open.COURSE_CT:
        return with_course(case, replace(course, ct=path))
    if choice.of is Open.COURSE_REGISTRATION and course.registration is not None:
        return with_course(case, replace(course, registration=replace(course.registration, file=path)))
    return case


def with_treated(case: Case, choice: OpenChoice, is_treated: bool) -> Case:
    """The case with a plan known to be treated, or without the course of it."""
    if not is_treated:
        return without_course(case, choice.course)
    return with_course(case, replace(prior_course(case, choice.course), dose=choice.alternatives))


def _open_choices(case: Case) -> Iterator[OpenChoice]:
    yield from _alternatives(Open.CURRENT_CT, "", case.current.ct)
    yield from _alternatives(Open.CURRENT_STRUCTURES, "", case.current.structures)
    for course in case.prior_courses:
        yield from _of_course(course)
    for path in case.new_course.dose:
        yield from _alternatives(Open.NEW_DOSE, "", path)


def _of_course(course: PriorCourse) -> Iterator[OpenChoice]:
    name = course.identifier
    for path in course.dose:
        asked = _TREATED.search(path.as_posix())
        if asked:
            rest = asked["rest"]
            kept = (rest,) if rest.startswith(_ONE_OF) else _AND.split(rest)
            yield OpenChoice(Open.COURSE_TREATED, name, tuple(map(Path, kept)), asked["plan"])
        else:
            yield from _alternatives(Open.COURSE_DOSE, name, path)
    if course.ct is not None:
        yield from _alternatives(Open.COURSE_CT, name, course.ct)
    if course.registration is not None and course.registration.file is not None:
        yield from _alternatives(Open.COURSE_REGISTRATION, name, course.registration.file)


def _alternatives(of: Open, course: str, path: Path) -> Iterator[OpenChoice]:
    # The case has resolved the path against its folder: what is in front of the words is that folder.
    _, mark, listed = path.as_posix().partition(_ONE_OF)
    if mark:
        yield OpenChoice(of, course, tuple(map(Path, _OR.split(listed))))
