"""Fields of the evaluation that the report does not show as they are, each with the reason; the test knows no others."""

from __future__ import annotations

COPY = "a copy of one of `doses`, which the table shows"
REMARK = "in words among the remarks"

NEVER_SHOWN: dict[str, str] = {
    "courses[].identifier": "a key; the label stands for it wherever the course is named",
    "planning.screening.regions[].course": "a key; the label of the region names the course",
    "composite_rule": "stands below the dose pictures, which the test does without; test_workflow.py looks for it",
    "structures[].end_caps": "`settings` says it for all structures",
    "structures[].sensitivity[].model": "`response` says it in words",
    "structures[].sensitivity[].quantity": "`response` says it in words",
    "planning.feasibility.organs[].compromised[].volumes[].distance_mm": "those of `together`, which head the columns",
    "planning.feasibility.organs[].is_beyond_lq": REMARK,
    "planning.worksheets[].mapped_sum.beyond_lq": REMARK,
    "planning.worksheets[].sum_of_maxima.beyond_lq": REMARK,
    "planning.fractionation.best.binding[]": COPY,
    "planning.fractionation.best.per_fraction_gy": COPY,
    "planning.fractionation.best.tumour_bed_gy": COPY,
    "planning.fractionation.best_within_lq.binding[]": COPY,
    "planning.fractionation.best_within_lq.is_beyond_lq": COPY,
    "planning.fractionation.best_within_lq.per_fraction_gy": COPY,
    "planning.fractionation.best_within_lq.tumour_bed_gy": COPY,
    "planning.fractionation.curves[].limit.fractions": "the figure and its table are for every number of fractions",
}
