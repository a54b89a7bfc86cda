"""What planning must ask about: limits of other organs, and tissue hotter than P outside its region."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ReirradiationLib.model.case import Case, StructureChoice
from ReirradiationLib.model.constraint import Constraint
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.model.finding import Decision
from ReirradiationLib.model.interlock import Interlock
from ReirradiationLib.model.limit_table import limit_row, load_limit_rows
from ReirradiationLib.model.protocol_tables import default_protocol_folder
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.findings import optimization_findings
from ReirradiationLib.report.limit_findings import limit_findings
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.workflow import compute


def of_row(identifier: str, structure: str) -> Constraint:
    rows = load_limit_rows(default_protocol_folder())
    return replace(limit_row(rows, identifier, "test").limit, structure=structure)


@pytest.mark.parametrize(
    ("identifier", "structure", "tissue", "is_asked"),
    [
        ("nieder.cord", "spinal_cord", "spinal cord", False),
        ("nieder.cord", "spinal_cord", "spinal cord lumbar", False),  # the name says it
        ("nieder.cord", "RM", "spinal cord", False),  # the tissue says it
        ("slevin.colon", "spinal_cord", "spinal cord", True),
        ("slevin.small-bowel", "colon", "colon", True),
        ("umich.kidneys", "kidney_left", "kidney", False),
        ("umich.sigmoid", "colon", "colon", False),  # one tissue
        ("hytec.thecal-sac", "ThecalSac", "spinal cord", False),
    ],
)
def test_a_limit_of_another_organ_needs_a_decision(
    demo_results: CaseResults, identifier: str, structure: str, tissue: str, is_asked: bool
) -> None:
    constraint = of_row(identifier, structure)
    choice = StructureChoice(structure, tissue, None, "")
    case = replace(demo_results.case, constraints=(constraint,), optimization=())
    found = replace(demo_results, case=case, structures=(replace(demo_results.structures[0], choice=choice),))
    findings = limit_findings(found)
    assert [finding.interlock for finding in findings] == [Interlock.LIMIT_ORGAN] * is_asked
    assert not is_asked or f"'{constraint.organ}'" in findings[0].found


def test_a_limit_says_its_organ_wherever_its_source_is_shown() -> None:
    assert of_row("slevin.colon", "colon").source.startswith("Pelvic SABR Delphi, colon: ")


def test_tissue_hotter_than_p_outside_its_region_stops_the_case(demo_case: Case) -> None:
    """The cord within 5 mm of the target holds its hot part; P by D2cc leaves 2 cc out, which is asked for by the metric."""
    (request,) = demo_case.optimization
    names = ("spinal_cord", "PTV2_L1", "vertebrae_T12")
    narrow = replace(request, target="vertebrae_T12", margin_mm=1.0)
    case = replace(
        demo_case,
        optimization=(narrow,),
        constraints=(),
        structures=tuple(choice for choice in demo_case.structures if choice.name in names),
        new_course=replace(demo_case.new_course, prescription_gy=50.0, plan=None, dose=()),
        decisions=(),
    )
    with pytest.raises(CaseError, match=r"planning\.hotter-elsewhere") as caught:
        compute(case, Monitor())
    assert "prior dose and the limit of the hottest structure exceed A by up to" in caught.value.found
    subject = "Optimization structures of 'spinal_cord'"
    decision = Decision("planning.hotter-elsewhere", subject, "me", "2026-11-21", "no beam passes there")
    results = compute(replace(case, decisions=(*case.decisions, decision)), Monitor())
    near = results.optimization[0].prior
    assert near.organ_maximum_gy > near.value_gy + 1.0


def test_what_the_metric_of_p_leaves_out_is_not_asked_about(demo_results: CaseResults) -> None:
    (result,) = demo_results.optimization
    hotter = replace(result.prior, above_cc=0.014, organ_maximum_gy=result.prior.value_gy + 5.0)
    assert optimization_findings(replace(result, prior=hotter), ()) == []
    (finding,) = optimization_findings(replace(result, prior=replace(hotter, above_cc=0.5)), ())
    assert finding.interlock is Interlock.HOTTER_ELSEWHERE
