"""Whether two objects are of the same patient."""

from __future__ import annotations

import re

from ..model.finding import Finding
from ..model.image import Patient
from ..model.interlock import Interlock


def identity_findings(subject: str, found: Patient, expected: Patient, of: str = "the current CT") -> list[Finding]:
    """What differs between the Patient modules of two objects.

    A PatientID must be the same; name, birth date and sex are compared where both objects state them.

    Parameters
    ----------
    subject : str
        What ``found`` was read from.
    found, expected : Patient
    of : str
        What ``expected`` was read from.
    """
    findings = []
    if found.patient_id != expected.patient_id:
        seen, wanted = f"PatientID '{found.patient_id}'", f"'{expected.patient_id}' as in {of}"
        findings.append(Finding(Interlock.PATIENT_ID, subject, seen, wanted))
    if found.name and expected.name and plain_name(found.name) != plain_name(expected.name):
        seen, wanted = f"PatientName '{found.name}'", f"'{expected.name}' as in {of}"
        findings.append(Finding(Interlock.PATIENT_NAME, subject, seen, wanted))
    if found.birth_date and expected.birth_date and found.birth_date != expected.birth_date:
        seen, wanted = f"birth date {found.birth_date}", f"{expected.birth_date} as in {of}"
        findings.append(Finding(Interlock.PATIENT_BIRTH_DATE, subject, seen, wanted))
    if found.sex and expected.sex and found.sex != expected.sex:
        seen, wanted = f"sex '{found.sex}'", f"'{expected.sex}' as in {of}"
        findings.append(Finding(Interlock.PATIENT_SEX, subject, seen, wanted))
    return findings


def plain_name(name: str) -> str:
    """A name without letter case and separators: systems write DOE^JANE, Doe^Jane^^^ and Doe, Jane."""
    return " ".join(re.split(r"[\s^,=]+", name.casefold())).strip()
