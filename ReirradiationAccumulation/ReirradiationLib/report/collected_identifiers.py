"""Every identifier that a case and its records hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain

from ..dicom.course_record import CourseRecord
from ..dicom.registration import registration_patient
from ..model.case import Case
from ..model.constraint import Constraint
from ..model.dates import dicom_date
from ..model.image import Image, Patient
from ..model.planning_choice import OptimizationRequest
from ..model.points import PointDose
from ..model.registration import RegistrationMethod
from .folded_text import fold, spellings
from .identifier_spellings import without_signs
from .identifiers import Identifier, Identifiers, Kind, Occurrence, identifiers_of
from .neutral_names import DerivedName, neutral_names
from .own_words import anatomical_words, is_own_phrase, own_words, words
from .results import CaseRecords, CaseResults, Transfer

LEAST_LETTERS = 3
"""Of a word in a script with capitals: shorter names cannot be told from words."""
LEAST_SIGNS = 2
"""Of a word in any other script."""
LEAST_DIGITS = 5
"""Of an ID of digits only: shorter ones are numbers like any other."""
LEAST_MARKED = 2
"""Of an ID that is looked for behind a word such as ID."""
LEAST_ID_LENGTH = 4
LEAST_NAME_LENGTH = 6
"""Of the name of a file, and of a label."""
LEAST_KEY_LENGTH = 8
LEAST_TEXT_LENGTH = 20
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TITLES = frozenset(
    ("dr", "prof", "med", "mr", "mrs", "ms", "herr", "frau", "phd", "md", "msc", "bsc", "dipl", "ing", "phys")
)


def collect_identifiers(case: Case, found: CaseRecords) -> Identifiers:
    """All identifiers.

    Parameters
    ----------
    case : Case
        As the user wrote it.
    found : CaseRecords
        Of the case under neutral names, as far as it was computed.
    """
    own = own_words()
    patients = tuple(dict.fromkeys(_patients(found)))
    people = tuple(dict.fromkeys(_people(case)))
    days = sorted(set(_days(case, found, patients)))
    texts = [
        *(one for patient in patients for one in _names(patient.name, own)),
        *(one for patient in patients for one in _id(patient.patient_id, own)),
        *(Identifier(Kind.DATE, day.isoformat(), Occurrence.DAY) for day in days),
        *(Identifier(Kind.UID, uid, Occurrence.ALONE) for uid in _uids(found) if uid.count(".") > 1),
        *(one for who in people for one in _person(who, own)),
        *(one for name in _file_names(case, found) for one in _by_length(Kind.FILE, name, own, LEAST_NAME_LENGTH)),
        *(one for label in _labels(case, found) if _YEAR.search(label) for one in _label(label)),
        *(one for text in _texts(case, found) for one in _by_length(Kind.TEXT, text, own, LEAST_TEXT_LENGTH)),
        *(Identifier(Kind.KEY, key, Occurrence.ALONE) for key in _keys(case, found) if len(key) >= LEAST_KEY_LENGTH),
    ]
    in_names = {word for patient in patients for word in _words(patient.name)}
    in_names |= {word for who in people for word in _words(who) if word not in own}
    in_names |= {one.text for one in texts if one.occurrence is Occurrence.CODE}
    renamed = neutral_names(
        *(_structure_names(found), _derived_names(found)),
        identifiers=identifiers_of(texts),
        within=in_names,
        kept=anatomical_words(),
    )
    return identifiers_of(texts, renamed)


def _words(name: str) -> Iterator[str]:
    """The words of a name that are long enough, in all their spellings."""
    for part in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", name):
        for piece in dict.fromkeys((part, *re.split(r"['’]", part), re.sub(r"['’]", "", part))):
            for spelling in spellings(piece):
                if len(spelling) >= (LEAST_LETTERS if _has_case(piece) else LEAST_SIGNS):
                    yield spelling


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()


def _names(name: str, own: frozenset[str]) -> Iterator[Identifier]:
    """The words of a PersonName, of all component groups; those of the program itself are left alone."""
    for word in dict.fromkeys(_words(name)):
        if word not in own:
            yield Identifier(Kind.NAME, word, Occurrence.WORD if _has_case(word) else Occurrence.ANYWHERE)
    for group in name.split("="):
        family, *others = group.split("^")
        given = " ".join(others[:2])  # given and middle; prefix and suffix tell nothing
        yield from _whole_name(Kind.NAME, family, given)


def _whole_name(kind: Kind, family: str, given: str) -> Iterator[Identifier]:
    """Family and given name beside each other, whether or not the program uses the words too."""
    lasts, firsts = (re.findall(r"[^\W\d_]+", part) for part in (family, given))
    if not lasts or not firsts or sum(map(len, (*lasts, *firsts))) < LEAST_ID_LENGTH:
        return
    written = [" ".join(firsts)]
    if not any(word in anatomical_words() for word in words(family)):
        written.append(" ".join(word[0] for word in firsts))  # "Lung L" would be an organ
    for first in written:
        for spelling in spellings(f"{family}^{first}"):
            yield Identifier(kind, spelling, Occurrence.WHOLE_NAME)


def _id(text: str, own: frozenset[str]) -> Iterator[Identifier]:
    """With any signs in it; a short one only where it is called an ID."""
    code = without_signs(fold(text).text)
    if any(True for _ in _by_length(Kind.ID, code, own, LEAST_ID_LENGTH)):
        yield Identifier(Kind.ID, code, Occurrence.CODE)
    elif len(code) >= LEAST_MARKED:
        yield Identifier(Kind.ID, code, Occurrence.MARKED)


def _person(who: str, own: frozenset[str]) -> Iterator[Identifier]:
    yield from _by_length(Kind.PERSON, who, own, LEAST_ID_LENGTH)
    for word in dict.fromkeys(_words(who)):
        if word not in own and len(word) >= LEAST_ID_LENGTH:
            yield Identifier(Kind.PERSON, word, Occurrence.WORD if _has_case(word) else Occurrence.ANYWHERE)
    named = [word for word in re.findall(r"[^\W\d_]+,?", who) if word.strip(",").lower() not in _TITLES]
    if len(named) > 1 and not is_own_phrase(who):
        is_reversed = named[0].endswith(",")
        family, given = (named[0], named[1:]) if is_reversed else (named[-1], named[:-1])
        yield from _whole_name(Kind.PERSON, family.strip(","), " ".join(given))


def _label(label: str) -> Iterator[Identifier]:
    folded = fold(label).text.strip()
    if len(folded) >= LEAST_NAME_LENGTH:
        yield Identifier(Kind.LABEL, folded, Occurrence.ALONE)


def _by_length(kind: Kind, text: str, own: frozenset[str], least: int) -> Iterator[Identifier]:
    """Looked for wherever it stands if it is long enough and no wording of the program."""
    folded = fold(text).text.strip()
    is_number = not any(character.isalpha() for character in folded)
    needed = max(least, LEAST_DIGITS) if is_number else least
    is_common = not any(character.isdigit() for character in folded) and all(word in own for word in words(text))
    if len(folded) >= needed and not is_common:
        yield Identifier(kind, folded, Occurrence.ALONE)
    elif kind in (Kind.FILE, Kind.TEXT):
        yield Identifier(kind, folded, Occurrence.IN_PARENTHESES)


def _records(found: CaseRecords) -> tuple[CourseRecord, ...]:
    return (*found.records.prior, *((found.records.new,) if found.records.new else ()))


def _images(found: CaseRecords) -> tuple[Image, ...]:
    return (found.records.ct, *(record.ct for record in _records(found) if record.ct))


def _points(found: CaseRecords) -> Iterator[PointDose]:
    return chain(*(one.points for one in _records(found)), *(one.points for one in found.point_courses))


def _patients(found: CaseRecords) -> Iterator[Patient]:
    yield found.records.structures.patient
    yield from (image.patient for image in _images(found))
    for record in _records(found):
        yield record.dose.patient
        yield from (one.patient for one in (record.plan, record.structures) if one is not None)
        choice = record.registration
        if choice is not None and choice.file is not None and choice.method is RegistrationMethod.DICOM:
            yield registration_patient(choice.file)


def _people(case: Case) -> Iterator[str]:
    yield from (one.who for one in case.decisions)
    yield from (one.who for one in case.tasks)
    if case.screening:
        yield case.screening.who
    for course in case.prior_courses:
        if course.registration and course.registration.sign_off:
            yield course.registration.sign_off.who


def _days(case: Case, found: CaseRecords, patients: Iterable[Patient]) -> Iterator[date]:
    read = [dicom_date(text) for text in (*(p.birth_date for p in patients), *(i.study_date for i in _images(found)))]
    stated = [case.new_course.date, *(course.date for course in case.prior_courses), *(one.date for one in _records(found))]
    planned = [record.plan.date for record in _records(found) if record.plan]
    points = [point.date for point in _points(found)]
    yield from (day for day in (*read, *stated, *planned, *points, *(one.when for one in case.tasks)) if day is not None)


def _uids(found: CaseRecords) -> Iterator[str]:
    for image in _images(found):
        yield from (image.frame_uid, image.study_uid, image.series_uid, *image.slice_uids)
    yield from (found.records.structures.sop_instance_uid, found.records.structures.frame_uid)
    for file in found.records.inputs(found.case):
        yield file.sop_instance_uid
    for record in _records(found):
        yield from (record.dose.frame_uid, record.dose.plan_uid)
        if record.plan:
            yield from (record.plan.frame_uid, record.plan.structure_set_uid)


def _file_names(case: Case, found: CaseRecords) -> Iterator[str]:
    """Paths and names of all inputs, and of the folders that the case lies in."""
    folder = case.file.parent
    yield str(folder)
    yield from (name for name in (case.file.stem, folder.name) if sum(character.isdigit() for character in name) > 1)
    for file in found.records.inputs(found.case):
        yield from (str(file.path), file.path.name)
        if file.path.is_relative_to(folder):
            yield file.path.relative_to(folder).as_posix()
    if case.protocol_folder is not None:
        yield from (str(case.protocol_folder), case.protocol_folder.name)


def _labels(case: Case, found: CaseRecords) -> Iterator[str]:
    yield from (case.title, found.records.structures.label, *(image.description for image in _images(found)))
    yield case.new_course.label
    for course in case.prior_courses:
        yield from (course.label, course.identifier)
    yield from (record.plan.label for record in _records(found) if record.plan)


def _texts(case: Case, found: CaseRecords) -> Iterator[str]:
    texts = case.texts
    for text in (texts.planning_approach, texts.discussion, texts.delivery):
        yield from text.splitlines()
    yield from (one.reason for one in case.decisions)
    yield from (one.comment for one in case.tasks)
    yield from (one.reason for one in case.structures)
    if case.screening:
        yield case.screening.reason
    for course in case.prior_courses:
        if course.registration and course.registration.sign_off:
            yield course.registration.sign_off.comment
    yield from (point.source for point in _points(found))
    limits: list[Constraint | OptimizationRequest] = [*case.constraints, *case.optimization]
    yield from (one.source for one in limits if not one.row or case.protocol_folder is not None)
    yield from (one.override.reason for one in limits if one.override)
    if case.protocol_folder is not None:
        yield from (one.row for one in limits)


def _keys(case: Case, found: CaseRecords) -> Iterator[str]:
    if isinstance(found, Transfer):
        yield from (course.transform.key for course in found.prior_courses)
    for course in case.prior_courses:
        if course.registration and course.registration.sign_off:
            yield course.registration.sign_off.key


def _structure_names(found: CaseRecords) -> tuple[str, ...]:
    sets = [found.records.structures, *(one.structures for one in _records(found) if one.structures)]
    return tuple(dict.fromkeys(name for one in sets for name in one.names()))


def _derived_names(found: CaseRecords) -> tuple[DerivedName, ...]:
    """Optimization structures, whose names hold the first letters of the organ's."""
    results = found.optimization if isinstance(found, CaseResults) else ()
    return tuple(DerivedName(shell.structure.name, one.request.structure) for one in results for shell in one.shells)
