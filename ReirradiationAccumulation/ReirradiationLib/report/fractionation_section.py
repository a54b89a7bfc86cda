"""The section of the report on fractionation: table and figure."""

from __future__ import annotations

from ..dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION
from .feasibility_limits import LIMIT_HEADER, limit_cells
from .fractionation_figure import fractionation_figure
from .fractionation_summary import FractionationSummary, UniformDoseSummary
from .html_parts import Cell, paragraph, section, table

_NOTE = (
    "Largest uniform dose: the physical dose that every limit allows if each organ receives it in full where its prior dose "
    "is P, by the linear-quadratic model with the α/β of each limit. Tumour values without repopulation. A limit is not "
    "published for every fractionation: see its source. The table shows some of the numbers of fractions."
)
_DOUBT = "NOT EVERY LIMIT is known to allow these doses; less may be left in"
SHOWN = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 20, 25, 28, 30, 33, 35, 40)
"""Numbers of fractions in the table, with that of the new course; the figure and ``evaluation.json`` have all."""


def fractionation_section(summary: FractionationSummary) -> str:
    """Limits, figure, and the table over the numbers of fractions."""
    every = f"{summary.doses[0].fractions} to {summary.doses[-1].fractions}"
    limits: list[list[Cell]] = [[*limit_cells(curve.limit, every), curve.left_eqd2_gy] for curve in summary.curves]
    shown = [dose for dose in summary.doses if dose.fractions in (*SHOWN, summary.prescription_fractions)]
    names = {tuple(dose.binding) for dose in summary.doses}
    alone = " and ".join(next(iter(names))) if len(names) == 1 else ""
    header = ["n", "Largest uniform dose [Gy]", "per fraction [Gy]", *_tumour(summary), "Binding", "Remark"]
    rows: list[list[Cell]] = [
        [
            *(dose.fractions, dose.dose_gy, dose.per_fraction_gy, dose.tumour_eqd2_gy, dose.tumour_bed_gy),
            " and ".join(dose.binding),
            _remark(dose),
        ]
        for dose in shown
    ]
    classes = ["open" if dose.is_beyond_lq else "" for dose in shown]
    return section(
        "Fractionation",
        table([*LIMIT_HEADER, "Left [Gy EQD2]"], limits),
        f"<figure>{fractionation_figure(summary)}</figure>",
        *([paragraph(f"{_DOUBT} {'; '.join(summary.doubts)}.", "bad")] if summary.doubts else []),
        paragraph(_best(summary)),
        *([paragraph(f"Binding throughout: {alone}.")] if alone else []),
        table(header, rows, classes),
        paragraph(_NOTE, "note"),
    )


def _tumour(summary: FractionationSummary) -> list[str]:
    ratio = f"α/β {summary.tumour_alpha_beta_gy:g} Gy"
    return [f"Tumour EQD2, {ratio} [Gy]", f"Tumour BED, {ratio} [Gy]"]


def _remark(dose: UniformDoseSummary) -> str:
    return f"above {LQ_LIMIT_GY_PER_FRACTION:g} Gy per fraction: extrapolated" if dose.is_beyond_lq else ""


def _best(summary: FractionationSummary) -> str:
    best, checked = summary.best, summary.best_within_lq
    if best is None:
        return "A limit is used up: no dose is left in any number of fractions."
    text = f"Worth most to the tumour (α/β {summary.tumour_alpha_beta_gy:g} Gy): {_words(best)}"
    numbers = [dose.fractions for dose in summary.doses]
    if best.fractions == numbers[-1] and len(numbers) > 1:
        text += ", the most that was looked at: it still rises with n"
    if best.is_beyond_lq:
        text += f", which is extrapolated; up to {LQ_LIMIT_GY_PER_FRACTION:g} Gy per fraction "
        text += _words(checked) if checked else "there is none"
    return f"{text}."


def _words(dose: UniformDoseSummary) -> str:
    return f"{dose.dose_gy:.2f} Gy in {dose.fractions} fractions ({dose.tumour_eqd2_gy:.2f} Gy EQD2)"
