"""Every number in the report is one of evaluation.json, and evaluation.json holds nothing that the report does not show.

Nothing here depends on how the report is laid out. Numbers are replaced by others, each by one of its own, so that a
number that comes from elsewhere, or from another place of the evaluation than it says, can be told.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from enum import Enum
from functools import cache
from typing import Any

import numpy as np
import pytest
from evaluation_leaves import Leaf, declared, field_of, filled, leaves, with_leaf
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_notes import FreeTexts, Task, TaskSignature
from ReirradiationLib.model.dose_response import DoseResponse, FractionationModel, Quantity
from ReirradiationLib.model.errors import ReirradiationError
from ReirradiationLib.model.planning_choice import IsodoseLine, Target, TargetOverlap
from ReirradiationLib.model.points import PointDose
from ReirradiationLib.model.registration_quality import Verdict
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.evaluation import Evaluation
from ReirradiationLib.report.html import report_html
from ReirradiationLib.workflow import compute
from report_text import forms, numbers, tables, visible_text, without
from unshown_fields import NEVER_SHOWN

ORGANS = ("spinal_cord", "PTV2_L1", "small_bowel", "colon")
CURVES = "structures[].curves[]"
"""DVHs are drawn, not written."""

OF_THE_TEXT = {
    "2022": "year of the ESTRO/EORTC consensus",
    "256": "SHA-256",
    "400": "tissue: denser than −400 HU",
    "10": "10 Gy per fraction, the end of what LQ is taken for",
    "0": "0 Gy where nothing is left or known",
    "0.3": "what sampling moves doses by, of the method",
}
"""Numbers that the report says by itself, whatever the case."""


@pytest.fixture(scope="module")
def rich_case(demo_case: Case, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The demo with everything that a case can ask for, so that little of the evaluation is empty."""
    folder = demo_case.file.parent
    pairs = np.loadtxt(folder / "truth" / "landmarks_current_prior_LPS.csv", delimiter=",", skiprows=1)[::6]
    landmarks = tmp_path_factory.mktemp("landmarks") / "pairs.csv"
    header = "name,current_x_mm,current_y_mm,current_z_mm,prior_x_mm,prior_y_mm,prior_z_mm\n"
    rows = [f"pair {n}," + ",".join(f"{value:.3f}" for value in pair) for n, pair in enumerate(pairs)]
    landmarks.write_text(header + "\n".join(rows), encoding="utf-8")
    (course,), (request,) = demo_case.prior_courses, demo_case.optimization
    assert course.registration is not None
    points = [("spinal_cord", 3.4), ("small_bowel", 2.1), ("PTV2_L1", 2.3)]
    paper = replace(
        course,
        **{"identifier": "paper", "label": "other hospital", "date": date(1998, 3, 1), "dose": (), "plan": None, "ct": None},
        fractions=None,
        registration=None,
        points=tuple(PointDose(name, dose_gy, 17, None, "printout") for name, dose_gy in points),
    )
    judged = replace(course, structures=folder / "course1" / "RS.dcm")
    return replace(
        demo_case,
        prior_courses=(replace(judged, registration=replace(course.registration, landmarks=landmarks)), paper),
        new_course=replace(demo_case.new_course, targets=(Target("PTV2_L1", 30.0),)),
        structures=tuple(
            replace(one, alpha_beta_gy=4.5, reason="trial") if one.name == "colon" else one
            for one in demo_case.structures
            if one.name in ORGANS
        ),
        optimization=(replace(request, overlap=TargetOverlap.BOTH, crop_margin_mm=2.0),),
        sensitivity=(DoseResponse(Quantity.BED), DoseResponse(Quantity.EQD2, FractionationModel.LQ_L, 6.0)),
        recovery_table="UMich/Paradis",
        isodose_lines=(*demo_case.isodose_lines, IsodoseLine(None, 20.0, 3.0)),
        tasks=(TaskSignature(Task.RECORDS, "Jane Doe", date(2026, 11, 21), "complete"),),
        texts=FreeTexts("an approach", "a discussion", "at the machine"),
    )


@pytest.fixture(scope="module")
def evaluation(rich_case: Case) -> Evaluation:
    return assemble(compute(rich_case, Monitor()))


def of_leaves(tree: Evaluation, change: Callable[[Leaf], Any]) -> Evaluation:
    """The tree with every leaf changed for which there is another one."""
    for leaf in leaves(tree, Evaluation):
        if leaf.value is not None and (other := change(leaf)) is not None:
            tree = with_leaf(tree, leaf.path, other)
    return tree


def with_other_numbers(tree: Evaluation, seed: int) -> Evaluation:
    """Every number another one of similar size, so that all that is written by the state of things still fits."""
    chance = random.Random(seed)

    def other(leaf: Leaf) -> float | int | None:
        if leaf.hint not in (int, float) or field_of(leaf.path).startswith(CURVES):
            return None
        if leaf.hint is int:
            return leaf.value + chance.randint(1, 9) * (1 if leaf.value < 100 else 97)
        return (leaf.value or 0.37) * chance.uniform(0.75, 1.3)

    return of_leaves(tree, other)


def unexplained(tree: Evaluation, html: str) -> list[tuple[str, str]]:
    """Numbers in a report, with their surroundings, that are none of the evaluation, nor in a text of it."""
    found = [leaf for leaf in leaves(tree, Evaluation) if leaf.value is not None]
    texts = {str(one.value) for one in found if one.hint is str and any(letter.isdigit() for letter in one.value)}
    shown = set(OF_THE_TEXT) | {str(len(tree.inputs))}
    for leaf in found:
        if leaf.hint in (int, float) and not leaf.field.startswith(CURVES):
            shown |= forms(leaf.value)
    return [one for one in numbers(without(visible_text(html), texts)) if one[0] not in shown]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("is_filled", [False, True])
def test_every_number_in_the_report_is_one_of_the_evaluation(evaluation: Evaluation, seed: int, is_filled: bool) -> None:
    tree = with_other_numbers(filled(evaluation, Evaluation) if is_filled else evaluation, seed)
    html = report_html(tree)
    assert len(numbers(visible_text(html))) > 300
    assert unexplained(tree, html) == []


def test_every_number_in_the_report_is_one_of_the_evaluation_as_it_is(evaluation: Evaluation) -> None:
    assert unexplained(evaluation, report_html(evaluation)) == []


def test_a_number_from_elsewhere_would_be_noticed(evaluation: Evaluation) -> None:
    """The check checked: of a report with numbers of another evaluation hardly one stays unnoticed three times."""
    shown = [numbers(visible_text(report_html(with_other_numbers(evaluation, seed)))) for seed in (4, 5, 6)]
    wrong = [{one for one, _ in unexplained(evaluation, report_html(with_other_numbers(evaluation, s)))} for s in (4, 5, 6)]
    decimal = [[one for one, _ in found if "." in one] for found in shown]
    missed = 1.0
    for found, noticed in zip(decimal, wrong, strict=True):
        missed *= sum(one not in noticed for one in found) / len(found)
    assert missed < 0.05


def test_the_scorecard_says_what_the_evaluation_says(evaluation: Evaluation) -> None:
    html = report_html(evaluation)
    (rows,) = [rows for title, rows in tables(html) if "scorecard" in title.lower()][:1]
    assert evaluation.scorecard
    assert len(rows) - 1 >= len(evaluation.scorecard)
    for score, row in zip(evaluation.scorecard, rows[1:], strict=True):
        text = " | ".join(row)
        assert score.structure in row[0]
        assert score.metric in text
        assert score.state in text
        assert score.source in visible_text(html)
        assert score.basis in text
        found = {one for one, _ in numbers(without(text, {score.metric, score.source, score.remark, score.structure}))}
        wanted = (
            score.limit,
            score.alpha_beta_gy,
            score.prior,
            score.cumulative,
            score.left_eqd2_gy,
            score.left_physical_gy,
        )
        for value in wanted:
            assert value is None or found & {f"{value:g}", f"{value:.2f}", f"{value:.1f}"}, f"{value} in {text}"


def test_whatever_changes_in_the_evaluation_changes_the_report(evaluation: Evaluation) -> None:
    """One leaf of every field is changed at a time, in the case as it is and in others where more is to be told."""
    unshown = set(declared(Evaluation))
    for tree in variants(evaluation):
        html = report_html(tree)
        of_field: dict[str, list[Leaf]] = defaultdict(list)
        for leaf in leaves(tree, Evaluation):
            if leaf.value is not None:
                of_field[leaf.field].append(leaf)
        for field in sorted(unshown):
            fellows = of_field[field] + (of_field["courses[].identifier"] if field.endswith(".course") else [])
            some = of_field[field][:: max(1, len(of_field[field]) // 4)]
            if any(is_shown(tree, leaf, html, fellows) for leaf in some):
                unshown.discard(field)
    allowed = set(NEVER_SHOWN)
    assert sorted(unshown - allowed) == [], "in evaluation.json, but nowhere in the report"
    assert sorted(allowed - unshown) == [], "shown by now: take them out of unshown_fields.py"


def variants(tree: Evaluation) -> Iterator[Evaluation]:
    """The case as it is; with nothing empty; with every doubt; with no zero; with every truth turned round."""
    full = filled(tree, Evaluation)
    yield tree
    yield full
    yield of_leaves(full, lambda leaf: Verdict.WORKSHEET if leaf.hint is Verdict else None)
    yield of_leaves(tree, lambda leaf: 0.37 if leaf.hint is float and leaf.value <= 0.0 else None)
    yield of_leaves(tree, lambda leaf: not leaf.value if leaf.hint is bool and leaf.path[-1] != "is_binding" else None)


def is_shown(tree: Evaluation, leaf: Leaf, html: str, fellows: list[Leaf]) -> bool:
    """Whether the report of the tree with another value there is another one."""
    for other in others(leaf, fellows):
        try:
            changed = report_html(with_leaf(tree, leaf.path, other))
        except (AssertionError, LookupError, ReirradiationError, StopIteration, ValueError):
            continue  # no value that could stand there: a state that is none, a limit that binds no more
        if changed != html:
            return True
    return False


def others(leaf: Leaf, fellows: list[Leaf]) -> Iterator[Any]:
    """Other values: numbers far off, the other truth, other choices, other texts of the same field or of its choices."""
    value = leaf.value
    if leaf.hint is bool:
        yield not value
    elif leaf.hint is int:
        yield value + 13
    elif leaf.hint is float:
        yield value * 1.7 + 1.3
    elif isinstance(leaf.hint, type) and issubclass(leaf.hint, Enum):
        yield from (member for member in leaf.hint if member is not value)
    else:
        yield f"{value}§"
        yield from (one for choices in choices_in_words() if value in choices for one in choices if one != value)
        yield from list(dict.fromkeys(one.value for one in fellows if one.value != value))[:3]


@cache
def choices_in_words() -> tuple[tuple[str, ...], ...]:
    """The values of every enumeration of the library: a text of the evaluation is often one of them."""
    found, kinds = [], [Enum]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__.startswith("ReirradiationLib"):
            found.append(tuple(str(member.value) for member in kind))
    return tuple(found)
