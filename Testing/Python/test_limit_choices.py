"""Structures with what their names propose, the limits that fit them, and limits put into a case."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from ReirradiationLib.case_document import CaseDocument
from ReirradiationLib.model.case import Case, StructureChoice
from ReirradiationLib.model.case_edits import with_constraint, with_recovery, with_structure, without_constraint
from ReirradiationLib.model.case_file import case_to_json
from ReirradiationLib.model.constraint import Constraint, LimitRow, Sense
from ReirradiationLib.model.errors import CaseError, ProtocolError
from ReirradiationLib.model.limit_choices import (
    fitting_rows,
    limit_text,
    own_limit,
    published_limit,
    taken_as,
    typed_unit,
    why_not_usable,
)
from ReirradiationLib.model.limit_offers import limit_offers
from ReirradiationLib.model.open_choices import CHOOSE_TISSUE
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.protocol_choices import ProtocolChoices, load_choices
from ReirradiationLib.model.protocol_tables import default_protocol_folder
from ReirradiationLib.model.structure_rows import StructureRow, structure_rows


@pytest.fixture(scope="module")
def choices() -> ProtocolChoices:
    return load_choices(None)


def rows_of(case: Case, choices: ProtocolChoices, *names: str) -> dict[str, StructureRow]:
    return {row.name: row for row in structure_rows(case, names, choices)}


def document(case: Case) -> CaseDocument:
    text = case_to_json(case)
    return CaseDocument(case.file, text, text)


def row(choices: ProtocolChoices, identifier: str) -> LimitRow:
    return next(one for one in choices.limits if one.identifier == identifier)


def test_rows_follow_the_structure_set_and_keep_what_only_the_case_names(demo_case: Case, choices: ProtocolChoices) -> None:
    rows = structure_rows(demo_case, ("BODY", "colon"), choices)
    assert [one.name for one in rows[:2]] == ["BODY", "colon"]
    assert {one.name for one in rows} == {"BODY", *(one.name for one in demo_case.structures)}
    assert not rows[0].is_used and rows[1].is_used


def test_a_row_tells_tissue_alpha_beta_and_number_of_limits(demo_case: Case, choices: ProtocolChoices) -> None:
    cord = rows_of(demo_case, choices)["spinal_cord"]
    assert cord.tissue is not None and cord.tissue.name == "spinal cord" and cord.alpha_beta_gy == 2.0
    assert cord.limits == sum(one.structure == "spinal_cord" for one in demo_case.constraints) == 2
    own = with_structure(demo_case, StructureChoice("spinal_cord", "spinal cord", 1.5, "our protocol"))
    assert rows_of(own, choices)["spinal_cord"].alpha_beta_gy == 1.5


def test_a_certain_name_is_taken_with_its_tissue_and_another_one_must_be_chosen(
    demo_case: Case, choices: ProtocolChoices
) -> None:
    rows = rows_of(replace(demo_case, structures=()), choices, "SpinalCord", "Kidney", "BODY")
    assert rows["SpinalCord"].first_choice == StructureChoice("SpinalCord", "spinal cord", None, "")
    assert rows["Kidney"].first_choice.tissue == CHOOSE_TISSUE, "no side: not certain"
    assert rows["BODY"].first_choice.tissue == CHOOSE_TISSUE
    assert rows["BODY"].organs == frozenset()


def test_the_organ_is_that_of_the_name_unless_somebody_chose_another_tissue(
    demo_case: Case, choices: ProtocolChoices
) -> None:
    assert rows_of(demo_case, choices)["spinal_cord"].organs == {"spinal cord"}
    other = with_structure(demo_case, StructureChoice("spinal_cord", "rectum", None, ""))
    assert rows_of(other, choices)["spinal_cord"].organs == {"rectum"}
    unnamed = with_structure(demo_case, StructureChoice("organ 7", "colon", None, ""))
    assert "colon" in rows_of(unnamed, choices)["organ 7"].organs


def test_fitting_rows_are_those_of_the_organ_and_no_other(choices: ProtocolChoices) -> None:
    found = fitting_rows(choices.limits, {"colon"})
    assert {one.identifier for one in found} >= {"slevin.colon", "umich.colon"}
    assert {one.organ for one in found} == {"colon"}
    assert fitting_rows(choices.limits, ()) == ()


def test_every_published_limit_is_put_into_a_case_as_it_was_published(demo_case: Case, choices: ProtocolChoices) -> None:
    base = with_recovery(replace(demo_case, constraints=()), "UMich/Paradis")
    for one in choices.limits:
        (stored,) = document(base).with_case(with_constraint(base, published_limit(one, "colon"))).case.constraints
        assert replace(stored, source="") == replace(one.limit, structure="colon", source=""), one.identifier
        assert stored.source.startswith(one.limit.source) and stored.override is None


def test_a_changed_published_limit_keeps_what_was_published_beside_it(demo_case: Case, choices: ProtocolChoices) -> None:
    changed = published_limit(row(choices, "nieder.cord"), "spinal_cord", 60.0, 55.0, "tumour board")
    former = taken_as(demo_case, "spinal_cord", row(choices, "nieder.cord"))
    assert former is not None
    stored = document(demo_case).with_case(with_constraint(demo_case, changed, former)).case
    assert len(stored.constraints) == len(demo_case.constraints)
    kept = taken_as(stored, "spinal_cord", row(choices, "nieder.cord"))
    assert kept is not None and (kept.limit, kept.warning) == (60.0, 55.0)
    assert kept.override is not None and kept.override.published_limit == 67.75 and kept.override.reason == "tumour board"
    assert kept.source.startswith("CHANGED FOR THIS CASE")
    back = document(stored).with_case(
        with_constraint(stored, published_limit(row(choices, "nieder.cord"), "spinal_cord"), kept)
    )
    assert back.case.constraints == demo_case.constraints


def test_a_published_limit_is_changed_for_a_reason_only(choices: ProtocolChoices) -> None:
    cord = row(choices, "nieder.cord")
    with pytest.raises(CaseError, match="changed without a reason"):
        published_limit(cord, "spinal_cord", 60.0)
    with pytest.raises(CaseError, match="but the published values"):
        published_limit(cord, "spinal_cord", 67.75, None, "no change at all")


def test_a_warning_beyond_the_limit_is_refused_by_the_case(demo_case: Case, choices: ProtocolChoices) -> None:
    wrong = published_limit(row(choices, "slevin.colon"), "colon", 80.0, 90.0, "because")
    with pytest.raises((CaseError, ProtocolError), match="warning level 90"):
        document(demo_case).with_case(with_constraint(demo_case, wrong))


def test_an_own_limit_is_stored_as_it_was_stated(demo_case: Case) -> None:
    own = own_limit("colon", "D0.5cc", Sense.AT_MOST, 80.0, Basis.RAW, 3.0, " our protocol 4.2 ")
    assert limit_text(own) == "D0.5cc[Gy] ≤ 80" and own.source == "our protocol 4.2"
    stored = document(demo_case).with_case(with_constraint(demo_case, own)).case
    assert stored.constraints == (*demo_case.constraints, own)
    assert without_constraint(stored, own).constraints == demo_case.constraints


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": "D0.5xx"}, "D0.5xx"),
        ({"metric": "  "}, "metric"),
        ({"limit": 0.0}, "limit"),
        ({"limit": float("inf")}, "limit"),
        ({"alpha_beta_gy": 0.0}, "α/β"),
        ({"source": "  "}, "source"),
    ],
)
def test_an_own_limit_that_lacks_something_is_refused(change: dict, message: str) -> None:
    given = {"metric": "Dmax[Gy]", "limit": 50.0, "alpha_beta_gy": 2.0, "source": "ours", **change}
    with pytest.raises((CaseError, ProtocolError), match=message):
        own_limit(
            "colon", given["metric"], Sense.AT_MOST, given["limit"], Basis.RAW, given["alpha_beta_gy"], given["source"]
        )


@pytest.mark.parametrize(
    ("metric", "unit"),
    [("D0.1cc", "Gy"), (" V20Gy[%] ", "%"), ("CV16Gy[cc]", "cc"), ("Dnearmax", "Gy"), ("D0.", ""), ("", ""), ("V20Gy", "")],
)
def test_the_unit_of_a_metric_is_known_as_soon_as_it_can_be_read(metric: str, unit: str) -> None:
    assert typed_unit(metric) == unit


def test_a_recovered_limit_without_a_recovery_table_is_not_usable_and_the_case_refuses_it(
    demo_case: Case, choices: ProtocolChoices
) -> None:
    recovered = row(choices, "umich.cord")
    assert why_not_usable(demo_case, Basis.RECOVERED) and not why_not_usable(demo_case, Basis.RAW)
    assert not why_not_usable(with_recovery(demo_case, "UMich/Paradis"), Basis.RECOVERED)
    with pytest.raises(CaseError, match="recovered sum"):
        document(demo_case).with_case(with_constraint(demo_case, published_limit(recovered, "spinal_cord")))


def test_offers_begin_with_what_the_case_has(demo_case: Case, choices: ProtocolChoices) -> None:
    cord = rows_of(demo_case, choices)["spinal_cord"]
    offers = limit_offers(demo_case, cord, choices.limits, of_all_organs=False)
    assert [one.is_used for one in offers[:2]] == [True, True] and not any(one.is_used for one in offers[2:])
    assert offers[0].row is None and offers[1].row == row(choices, "nieder.cord")
    assert {one.row.organ for one in offers[1:] if one.row} == {"spinal cord"}
    assert len({one.key for one in offers}) == len(offers)
    for one in offers[2:]:
        assert bool(one.why_not) is (one.constraint.basis is Basis.RECOVERED)
        assert one.constraint.source in one.described and "α/β" in one.described
    everything = limit_offers(demo_case, cord, choices.limits, of_all_organs=True)
    assert len(everything) == len(choices.limits) + 1  # the own one; nieder.cord is in the case already


def test_a_limit_that_is_not_there_is_neither_changed_nor_taken_out(demo_case: Case) -> None:
    absent: Constraint = own_limit("colon", "Dmax", Sense.AT_MOST, 1.0, Basis.RAW, 3.0, "nowhere")
    with pytest.raises(CaseError, match="no limit"):
        without_constraint(demo_case, absent)
    with pytest.raises(CaseError, match="no limit"):
        with_constraint(demo_case, absent, absent)


def test_a_folder_without_synonyms_and_limits_takes_the_shipped_names_of_its_tissues(tmp_path: Path) -> None:
    for name in ("tissues.csv", "recovery.csv"):
        shutil.copy(default_protocol_folder() / name, tmp_path)
    lines = (tmp_path / "tissues.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("rectum,")]
    (tmp_path / "tissues.csv").write_text("\n".join(kept), encoding="utf-8")
    found = load_choices(tmp_path)
    assert found.limits == () and len(found.synonyms) > 100
    assert {one.tissue for one in found.synonyms} <= {one.name for one in found.protocol.tissues}


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"tissues\.csv"):
        load_choices(tmp_path)
