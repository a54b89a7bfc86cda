"""The evaluation as tables for spreadsheets and statistics.

Every row says all that belongs to it: units stand in the names of the columns, a limit has its basis, α/β, number of
fractions and source beside it, a dose its α/β.
"""

from __future__ import annotations

from ..model.dose_response import FractionationModel, Quantity
from ..model.metric import Metric
from .csv_table import CsvTable, Value, csv_table
from .evaluation import Evaluation, course_labels
from .metric_summary import MetricSummary
from .registration_summary import WORDS
from .shell_summary import OptimizationSummary, ShellSummary
from .structure_summary import CurveSummary, StructureSummary

TABLE_NAMES = (
    *("courses", "points", "structures", "scorecard", "metrics", "dvh"),
    *("registrations", "optimization_structures", "findings", "inputs"),
)


def csv_tables(evaluation: Evaluation) -> tuple[CsvTable, ...]:
    """All tables that have rows at the evaluation's stage, in the order of :data:`TABLE_NAMES`."""
    tables = (
        *(_courses(evaluation), _points(evaluation), _structures(evaluation), _scorecard(evaluation)),
        *(_metrics(evaluation), _dvh(evaluation), _registrations(evaluation)),
        *(_optimization_structures(evaluation), _findings(evaluation), _inputs(evaluation)),
    )
    return tuple(table for table in tables if table.rows)


def _courses(evaluation: Evaluation) -> CsvTable:
    columns = (
        *("course", "label", "role", "site", "source", "system", "plan", "date", "months_before_new_course"),
        *("fractions", "planned_fractions", "prescription_gy", "dose", "dose_maximum_gy", "registration"),
    )
    rows = [
        (
            *(one.identifier, one.label, one.role, one.site, one.source, one.system, one.plan, one.date, one.months_before),
            *(one.fractions, one.planned_fractions, one.prescription_gy, one.dose, one.dose_maximum_gy, one.registration),
        )
        for one in evaluation.courses
    ]
    return csv_table("courses", columns, rows)


def _points(evaluation: Evaluation) -> CsvTable:
    columns = ("course", "label", "structure", "physical_dose_gy", "fractions", "date", "source")
    rows = [
        (course.identifier, course.label, one.structure, one.dose_gy, one.fractions, one.date, one.source)
        for course in evaluation.courses
        for one in course.points
    ]
    return csv_table("points", columns, rows)


def _structures(evaluation: Evaluation) -> CsvTable:
    """By what each structure is evaluated; its volume and samples once it was."""
    columns = (
        *("structure", "tissue", "alpha_beta_gy", "default_alpha_beta_gy", "override", "source", "volume_cc", "end_caps"),
        *("samples", "sample_step_mm", "finest_sample_step_mm", "dose_unknown_percent", "unknown_courses"),
        *("unreliable_courses", "beyond_10_gy_per_fraction_cc"),
    )
    evaluated = {structure.name: structure for structure in evaluation.structures}
    rows = [
        (
            *(one.structure, one.tissue, one.alpha_beta_gy, one.default_alpha_beta_gy, one.override, one.source),
            *_sampled(evaluated.get(one.structure)),
        )
        for one in evaluation.biology.structures
    ]
    return csv_table("structures", columns, rows)


def _sampled(one: StructureSummary | None) -> tuple[Value, ...]:
    if one is None:
        return (None,) * 9
    return (
        *(one.volume_cc, one.end_caps, one.samples, one.sample_step_mm, one.finest_sample_step_mm, one.unknown_percent),
        *(one.unknown_courses, one.unreliable_courses, one.beyond_lq_cc),
    )


def _scorecard(evaluation: Evaluation) -> CsvTable:
    columns = (
        *(
            "structure",
            "volume_cc",
            "metric_eqd2",
            "unit",
            "sense",
            "limit",
            "warning",
            "basis",
            "alpha_beta_gy",
            "fractions",
        ),
        *("months_published", "conditions", "source", "row", "months_since_last_course", "prior", "prior_otherwise"),
        *("prior_unknown_percent", "new", "cumulative", "cumulative_otherwise", "cumulative_unknown_percent", "margin"),
        *("left_eqd2_gy", "left_physical_gy", "left_is_at_most", "state"),
        *("registration", "remark"),
    )
    rows = [
        (
            *(one.structure, one.volume_cc, one.metric, _unit(one.metric), one.sense, one.limit, one.warning, one.basis),
            *(one.alpha_beta_gy, one.fractions, one.months_published, one.conditions, one.source, one.row, one.months),
            *(one.prior, one.prior_otherwise, one.prior_unknown_percent, one.new, one.cumulative, one.cumulative_otherwise),
            *(
                one.cumulative_unknown_percent,
                one.margin,
                one.left_eqd2_gy,
                one.left_physical_gy,
                one.left_is_at_most,
                one.state,
                one.registration,
                one.remark,
            ),
        )
        for one in evaluation.scorecard
    ]
    return csv_table("scorecard", columns, rows)


def _metrics(evaluation: Evaluation) -> CsvTable:
    """EQD2 by LQ first, then what the case shows for comparison."""
    columns = (
        *("structure", "alpha_beta_gy", "quantity", "model", "transition_gy_per_fraction", "metric", "unit"),
        *("prior_raw", "prior_recovered", "prior_unknown_percent", "cumulative_raw", "cumulative_recovered"),
        *("cumulative_unknown_percent", "remark"),
    )
    rows = []
    for structure in evaluation.structures:
        of_structure = (structure.name, structure.alpha_beta_gy)
        rows += [(*of_structure, Quantity.EQD2, FractionationModel.LQ, None, *_metric(one)) for one in structure.metrics]
        for other in structure.sensitivity:
            response = (other.quantity, other.model, other.transition_gy_per_fraction)
            rows += [(*of_structure, *response, *_metric(one)) for one in other.metrics]
    return csv_table("metrics", columns, rows)


def _metric(one: MetricSummary) -> tuple[Value, ...]:
    return (
        *(one.metric, _unit(one.metric), one.prior_raw, one.prior_recovered, one.prior_unknown_percent),
        *(one.cumulative_raw, one.cumulative_recovered, one.cumulative_unknown_percent, one.remark),
    )


def _unit(metric: str) -> str:
    return Metric.parse(metric).unit


def _dvh(evaluation: Evaluation) -> CsvTable:
    columns = ("structure", "curve", "label", "alpha_beta_gy", "dose_eqd2_gy", "volume_percent", "volume_cc")
    labels = course_labels(evaluation)
    rows = [
        row
        for structure in evaluation.structures
        for curve in structure.curves
        for row in _curve(structure, curve, labels.get(curve.sum, curve.sum))
    ]
    return csv_table("dvh", columns, rows)


def _curve(structure: StructureSummary, curve: CurveSummary, label: str) -> list[tuple[Value, ...]]:
    return [
        (structure.name, curve.sum, label, structure.alpha_beta_gy, dose_gy, percent, percent / 100.0 * structure.volume_cc)
        for dose_gy, percent in zip(curve.dose_eqd2_gy, curve.volume_percent, strict=True)
    ]


def _registrations(evaluation: Evaluation) -> CsvTable:
    """A row per course, organ and reason; an organ without a reason has one too."""
    columns = (
        *("course", "method", "source", "key", "sign_off", "verdict_of_course", "organ", "verdict", "verdict_in_words"),
        *("reason_verdict", "reason", "measure", "region", "found", "limit", "limit_source", "not_measured", "notes"),
        "limits",
    )
    rows: list[tuple[Value, ...]] = []
    for one in evaluation.registrations:
        course = (one.course, one.method, one.source, one.key, one.sign_off, one.verdict.value)
        for organ in one.verdicts:
            of_organ = (*course, organ.organ, organ.verdict.value, WORDS[organ.verdict])
            reasons: list[tuple[Value, ...]] = [
                (r.verdict.value, r.text, r.measure, r.region, r.found, r.limit, r.source) for r in organ.reasons
            ]
            for reason in reasons or [(None,) * 7]:
                rows.append((*of_organ, *reason, organ.not_measured, organ.notes, one.limits))
    return csv_table("registrations", columns, rows)


def _optimization_structures(evaluation: Evaluation) -> CsvTable:
    """A row per structure, and one for every organ that needs none."""
    columns = (
        *("organ", "name", "variant", "exported", "maximum_physical_gy", "maximum_eqd2_gy", "fractions", "alpha_beta_gy"),
        *("basis", "limit_eqd2_gy", "source", "prior_from_eqd2_gy", "prior_to_eqd2_gy", "volume_cc", "structure_remarks"),
        *("prior_metric", "prior_eqd2_gy", "new_eqd2_gy", "step_eqd2_gy", "region", "region_cc", "unknown_percent"),
        *("organ_maximum_eqd2_gy", "above_prior_cc", "upper_bounds", "unreliable_courses", "state", "remark"),
    )
    rows = [_shell(one, shell) for one in evaluation.optimization for shell in one.shells or (None,)]
    return csv_table("optimization_structures", columns, rows)


def _shell(one: OptimizationSummary, shell: ShellSummary | None) -> tuple[Value, ...]:
    own: tuple[Value, ...] = (None,) * 5
    extent: tuple[Value, ...] = (None,) * 4
    if shell is not None:
        own = (shell.name, shell.variant, shell.exported, shell.limit_physical_gy, shell.limit_eqd2_gy)
        extent = (shell.lower_eqd2_gy, shell.upper_eqd2_gy, shell.volume_cc, shell.remarks)
    return (
        *(one.structure, *own, one.fractions, one.alpha_beta_gy, one.basis, one.limit_eqd2_gy, one.source, *extent),
        *(one.metric, one.prior_eqd2_gy, one.new_eqd2_gy, one.step_eqd2_gy, one.region, one.region_cc, one.unknown_percent),
        *(one.organ_maximum_eqd2_gy, one.above_prior_cc, one.upper_bounds, one.unreliable_courses, one.state, one.remark),
    )


def _findings(evaluation: Evaluation) -> CsvTable:
    columns = ("finding", "severity", "subject", "found", "expected", "decision")
    rows = [(f.identifier, f.severity, f.subject, f.found, f.expected, f.decision) for f in evaluation.findings]
    return csv_table("findings", columns, rows)


def _inputs(evaluation: Evaluation) -> CsvTable:
    rows = [(one.path, one.role, one.sop_instance_uid, one.sha256) for one in evaluation.inputs]
    return csv_table("inputs", ("path", "role", "sop_instance_uid", "sha256"), rows)
