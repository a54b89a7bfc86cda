"""Dates and intervals between courses."""

from __future__ import annotations

from datetime import date, datetime, time

from .protocol import DAYS_PER_MONTH

EXPORT_SECONDS = 60
"""Some systems write the time of the export into all objects, which are written one after the other."""


def dicom_date(text: str) -> date | None:
    """A DICOM date (DA, YYYYMMDD), or None if absent or unreadable."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def dicom_moment(day: str, clock: str) -> datetime | None:
    """A DICOM date and time (DA, TM) to the second; the start of the day without a readable time; None without a day."""
    on = dicom_date(day)
    if on is None:
        return None
    try:
        at = time(int(clock[:2]), int(clock[2:4] or 0), int(clock[4:6] or 0))
    except ValueError:
        at = time()
    return datetime.combine(on, at)


def reference_day(stated: date | None, planned: date | None, ct_study_date: str) -> date | None:
    """The day that intervals are counted to: the one stated for the new course, else its plan's, else the current CT's."""
    return stated or planned or dicom_date(ct_study_date)


def months_between(earlier: date | None, later: date | None) -> float | None:
    """Interval in months, None if a date is missing."""
    return (later - earlier).days / DAYS_PER_MONTH if earlier and later else None
