"""The evaluation as the tables of a scene: what is read most often, with the numbers of ``evaluation.json``."""

from __future__ import annotations

from collections.abc import Sequence

from .model.metric import Metric
from .model.scene_tables import SceneCell, SceneColumn, SceneTable
from .report.evaluation import Evaluation, course_labels, plain
from .report.marks import marked
from .report.registration_summary import WORDS
from .report.score_summary import SENSE

RESULT_NOTE = "Research software, not a medical device. All details stand in the report."


def scene_tables(evaluation: Evaluation) -> tuple[SceneTable, ...]:
    """All tables that have rows: courses, scorecard, metrics, registrations, optimization structures.

    Their keys are ``courses``, ``scorecard``, ``metrics``, ``registrations`` and ``optimization_structures``.
    """
    tables = (
        _courses(evaluation),
        _scorecard(evaluation),
        _metrics(evaluation),
        _registrations(evaluation),
        _optimization_structures(evaluation),
    )
    return tuple(table for table in tables if table.rows)


def _courses(evaluation: Evaluation) -> SceneTable:
    columns = (
        *_texts("Course", "Role", "Site", "Date"),
        *_numbers("Months before the new course", "Fractions", "Prescription [Gy]", "Dose maximum [Gy]"),
        *_texts("Dose", "Registration"),
    )
    rows = [
        (
            *(one.label, one.role, one.site, one.date, one.months_before, one.fractions, one.prescription_gy),
            *(one.dose_maximum_gy, one.dose, one.registration),
        )
        for one in evaluation.courses
    ]
    return _table("courses", "Courses", columns, rows)


def _scorecard(evaluation: Evaluation) -> SceneTable:
    columns = (
        *_texts("Structure", "Constraint", "Sum"),
        *_numbers("α/β [Gy]", "Prior", "New", "Cumulative", "Margin"),
        *_texts("Unit"),
        *_numbers("Left EQD2 [Gy]", "Left physical [Gy]"),
        *_texts("In fractions", "State", "Registration", "Dose not known [%]", "Remark", "Source"),
    )
    rows = [
        (
            *(one.structure, f"{one.metric} {SENSE[one.sense]} {one.limit:g}", one.basis, one.alpha_beta_gy),
            *(one.prior, one.new, one.cumulative, one.margin, Metric.parse(one.metric).unit),
            *(one.left_eqd2_gy, one.left_physical_gy, f"{one.fractions}{', at most' if one.left_is_at_most else ''}"),
            *(one.state, one.registration, _unknown(one.prior_unknown_percent, one.cumulative_unknown_percent)),
            *(one.remark, one.source),
        )
        for one in evaluation.scorecard
    ]
    return _table("scorecard", "Scorecard", columns, rows)


def _metrics(evaluation: Evaluation) -> SceneTable:
    """EQD2 by LQ, the quantity of all constraints; comparisons stand in the report."""
    columns = (
        *_texts("Structure"),
        *_numbers("α/β [Gy]", "Volume [cc]"),
        *_texts("Metric, EQD2", "Unit"),
        *_numbers("Prior, raw", "Prior, recovered", "Cumulative, raw", "Cumulative, recovered"),
        *_texts("Dose not known [%]", "Remark"),
    )
    rows = [
        (
            *(marked(structure), structure.alpha_beta_gy, structure.volume_cc, one.metric, Metric.parse(one.metric).unit),
            *(one.prior_raw, one.prior_recovered, one.cumulative_raw, one.cumulative_recovered),
            *(_unknown(one.prior_unknown_percent, one.cumulative_unknown_percent), one.remark),
        )
        for structure in evaluation.structures
        for one in structure.metrics
    ]
    return _table("metrics", "Metrics of the structures", columns, rows)


def _registrations(evaluation: Evaluation) -> SceneTable:
    """A row per course and organ."""
    labels = course_labels(evaluation)
    columns = _texts("Course", "Structure", "Verdict", "Why", "Not measured", "Method", "Key", "Sign-off")
    rows = [
        (
            *(labels[one.course], organ.organ, WORDS[organ.verdict]),
            "; ".join([*(reason.text for reason in organ.reasons), *organ.notes]),
            *(", ".join(organ.not_measured), f"{one.method}; {one.source}", one.key, one.sign_off),
        )
        for one in evaluation.registrations
        for organ in one.verdicts
    ]
    return _table("registrations", "Registrations", columns, rows)


def _optimization_structures(evaluation: Evaluation) -> SceneTable:
    """A row per structure, and one for every organ that needs none."""
    columns = (
        *_texts("Organ", "Optimization structure"),
        *_numbers("Maximum, physical [Gy]", "Maximum, EQD2 [Gy]", "Fractions", "α/β [Gy]"),
        *_numbers("Prior from [Gy EQD2]", "Prior to [Gy EQD2]", "Volume [cc]"),
        *_numbers("P [Gy EQD2]", "R [Gy EQD2]", "A [Gy EQD2]"),
        *_texts("Sum", "State", "Remark", "Source of the limit"),
    )
    rows: list[tuple[SceneCell, ...]] = []
    for one in evaluation.optimization:
        whole = (one.prior_eqd2_gy, one.new_eqd2_gy, one.limit_eqd2_gy, one.basis, one.state)
        for shell in one.shells or (None,):
            if shell is None:
                limits: tuple[SceneCell, ...] = ("", None, None, one.fractions, one.alpha_beta_gy, None, None, None)
                remarks: tuple[str, ...] = ()
            else:
                limits = (
                    *(shell.name, shell.limit_physical_gy, shell.limit_eqd2_gy, one.fractions, one.alpha_beta_gy),
                    *(shell.lower_eqd2_gy, shell.upper_eqd2_gy, shell.volume_cc),
                )
                remarks = (*(() if shell.exported else ("empty: not exported",)), *shell.remarks)
            remark = "; ".join(text for text in (*remarks, one.remark, *_unreliable(one.unreliable_courses)) if text)
            rows.append((one.structure, *limits, *whole, remark, one.source))
    return _table("optimization_structures", "Optimization structures, limits", columns, rows)


def _unreliable(courses: Sequence[str]) -> tuple[str, ...]:
    return (f"NOT RELIABLE: registration of {', '.join(courses)}",) if courses else ()


def _unknown(prior_percent: float, cumulative_percent: float | None) -> str:
    """Where the dose of a course is not known, and so counted as 0 Gy; empty where it is known everywhere."""
    percent = prior_percent if cumulative_percent is None else max(prior_percent, cumulative_percent)
    return f"{percent:.1f}" if percent > 0.0 else ""


def _table(key: str, name: str, columns: Sequence[SceneColumn], rows: Sequence[Sequence[SceneCell]]) -> SceneTable:
    exact = tuple(tuple(plain(cell) for cell in row) for row in rows)
    return SceneTable(key, name, tuple(columns), exact, RESULT_NOTE)


def _texts(*names: str) -> tuple[SceneColumn, ...]:
    return tuple(SceneColumn(name) for name in names)


def _numbers(*names: str) -> tuple[SceneColumn, ...]:
    return tuple(SceneColumn(name, is_number=True) for name in names)
