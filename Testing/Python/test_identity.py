"""Whether two objects are of the same patient."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.dicom.identity import identity_findings
from ReirradiationLib.model.finding import Severity
from ReirradiationLib.model.image import Patient

JANE = Patient("P1", "Doe^Jane", "19600101", "F")
TEXT = st.text(max_size=8)
ANYBODY = st.builds(Patient, TEXT, TEXT, TEXT, TEXT)


@given(ANYBODY)
def test_everybody_is_the_same_as_themselves(patient: Patient) -> None:
    assert identity_findings("x", patient, patient) == []


@given(ANYBODY, ANYBODY)
def test_another_id_is_never_passed_over(one: Patient, other: Patient) -> None:
    found = {finding.identifier for finding in identity_findings("x", one, other)}
    assert ("patient.id-differs" in found) is (one.patient_id != other.patient_id)
    assert found == {finding.identifier for finding in identity_findings("x", other, one)}


@pytest.mark.parametrize(
    ("change", "identifier"),
    [
        ({"patient_id": "P2"}, "patient.id-differs"),
        ({"patient_id": ""}, "patient.id-differs"),
        ({"name": "Roe^Jane"}, "patient.name-differs"),
        ({"birth_date": "19600102"}, "patient.birth-date-differs"),
        ({"sex": "M"}, "patient.sex-differs"),
    ],
)
def test_every_difference_needs_a_decision(change: dict, identifier: str) -> None:
    (finding,) = identity_findings("dose", replace(JANE, **change), JANE)
    assert (finding.identifier, finding.severity, finding.subject) == (identifier, Severity.DECISION, "dose")


@pytest.mark.parametrize("name", ["DOE^JANE", "Doe^Jane^^^", "doe, jane", "", "Doe Jane"])
def test_the_way_a_name_is_written_is_no_difference(name: str) -> None:
    assert identity_findings("dose", replace(JANE, name=name, birth_date="", sex=""), JANE) == []
