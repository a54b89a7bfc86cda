"""Folders of DICOM files to the courses of radiotherapy in them, with what is wrong or missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...model.errors import Cancelled, DicomError
from ...model.finding import Finding
from ...model.interlock import Interlock, Severity
from .course_checks import CourseChecks, check_course
from .course_findings import course_findings
from .course_groups import CourseGroup, group_courses
from .course_names import tail
from .header_reader import read_header
from .headers import Header, RegistrationHeader
from .scan_duplicates import without_duplicates
from .scan_files import FoundFile, files_under, is_archive


@dataclass(frozen=True)
class FileCounts:
    """What became of the files.

    Parameters
    ----------
    files : int
        All.
    used : int
        Those whose objects are in the courses or registrations.
    copies : int
        Those that repeat, or contradict, another object.
    refused : int
        DICOM files that are damaged.
    not_dicom : int
    archives : tuple of str
        Named, not opened.
    other_classes : tuple of (name, count)
        DICOM objects of SOP Classes that are not read.
    """

    files: int
    used: int
    copies: int
    refused: int
    not_dicom: int
    archives: tuple[str, ...]
    other_classes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ScannedCourse:
    """A course, what its doses hold (None if only headers were read), and its findings, the gravest first."""

    group: CourseGroup
    checks: CourseChecks | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Scan:
    """What was found in folders.

    Parameters
    ----------
    counts : FileCounts
    courses : tuple of ScannedCourse
        By patient, then by date.
    registrations : tuple of RegistrationHeader
    findings : tuple of Finding
        About files and registrations rather than courses.
    """

    counts: FileCounts
    courses: tuple[ScannedCourse, ...]
    registrations: tuple[RegistrationHeader, ...]
    findings: tuple[Finding, ...]


def _no_progress(done: int, total: int) -> None:
    """Say nothing."""


def _never() -> bool:
    return False


def scan(
    folders: Sequence[Path],
    on_progress: Callable[[int, int], None] = _no_progress,
    is_cancelled: Callable[[], bool] = _never,
    *,
    headers_only: bool = False,
) -> Scan:
    """Find every course of radiotherapy under some folders.

    Files are classified by SOP Class; neither their names nor their places matter. CT pixels are never read; dose pixels
    and contours only in the second phase, one object at a time.

    Parameters
    ----------
    folders : sequence of Path
    on_progress : callable (done, total)
        Called after every file of the first phase.
    is_cancelled : callable
    headers_only : bool
        Leave out the second phase, which reads dose pixels and contours.

    Raises
    ------
    DicomError
        If a folder is absent or cannot be listed.
    Cancelled
        If ``is_cancelled`` said so.
    """
    return scan_found(files_under(folders), on_progress, is_cancelled, headers_only=headers_only)


def scan_found(
    files: Sequence[FoundFile],
    on_progress: Callable[[int, int], None] = _no_progress,
    is_cancelled: Callable[[], bool] = _never,
    *,
    headers_only: bool = False,
) -> Scan:
    """Find every course of radiotherapy in given files, and in no others; all else as in :func:`scan`."""
    headers: list[Header] = []
    refusals: list[tuple[FoundFile, DicomError]] = []
    others: Counter[str] = Counter()
    not_dicom = 0
    for n, file in enumerate(files):
        if is_cancelled():
            raise Cancelled
        try:
            header = read_header(file)
        except DicomError as error:
            refusals.append((file, error))
        else:
            if header is None:
                not_dicom += 1
            elif isinstance(header, str):
                others[header] += 1
            else:
                headers.append(header)
        on_progress(n + 1, len(files))
    kept, duplicate_findings = without_duplicates(headers)
    registrations = tuple(sorted((h for h in kept if isinstance(h, RegistrationHeader)), key=lambda h: h.origin.uid))
    courses = []
    for group in group_courses(kept):
        if is_cancelled():
            raise Cancelled
        checks = None if headers_only else check_course(group, is_cancelled)
        courses.append(ScannedCourse(group, checks, _sorted(course_findings(group) + (checks.findings if checks else []))))
    counts = FileCounts(
        files=len(files),
        used=len(kept),
        copies=len(headers) - len(kept),
        refused=len(refusals),
        not_dicom=not_dicom,
        archives=tuple(file.shown for file in files if is_archive(file)),
        other_classes=_named(others),
    )
    findings = [*_refusal_findings(refusals), *duplicate_findings, *_registration_findings(registrations, courses)]
    return Scan(counts, tuple(courses), registrations, _sorted(findings))


_GRAVEST_FIRST = (Severity.ERROR, Severity.DECISION, Severity.NOTE)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    def order(finding: Finding) -> tuple[int, str, str, str]:
        return (_GRAVEST_FIRST.index(finding.severity), finding.identifier, finding.subject, finding.found)

    return tuple(sorted(findings, key=order))


def _named(classes: Counter[str]) -> tuple[tuple[str, int], ...]:
    from pydicom.uid import UID

    return tuple(sorted((UID(uid).name if uid else "no SOP Class", count) for uid, count in classes.items()))


def _refusal_findings(refusals: Sequence[tuple[FoundFile, DicomError]]) -> list[Finding]:
    """One finding for all files of a folder that are refused for the same reason."""
    grouped: dict[tuple[str, Interlock, str, str], list[str]] = defaultdict(list)
    for file, error in refusals:
        where = error.subject.removeprefix(str(file.path)).lstrip(":, ")
        found = f"{where} {error.found}".strip()
        key = (file.shown.rpartition("/")[0], error.interlock or Interlock.FILE_UNREADABLE, found, error.expected)
        grouped[key].append(file.shown)
    return [
        Finding(interlock, shown[0] if len(shown) == 1 else f"{len(shown)} files, the first {shown[0]}", found, expected)
        for (_, interlock, found, expected), shown in grouped.items()
    ]


def _registration_findings(registrations: Sequence[RegistrationHeader], courses: Sequence[ScannedCourse]) -> list[Finding]:
    present = {frame for course in courses for frame in course.group.frame_uids}
    findings = []
    for registration in registrations:
        here = [uid for uid in registration.frame_uids if uid in present]
        if len(here) < 2:
            found = f"{len(here)} of the {len(registration.frame_uids)} frames of reference it connects are here"
            subject = f"Registration {tail(registration.origin.uid)}"
            findings.append(Finding(Interlock.REGISTRATION_UNCONNECTED, subject, found))
    return findings
