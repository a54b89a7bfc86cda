"""Dose pictures in the report: organ by organ, the prior and the cumulative EQD2 with the same colours."""

from __future__ import annotations

from html import escape

from .evaluation import Evaluation
from .html_parts import paragraph, section
from .marks import MARK_NOTE, marked
from .picture_legend import legend_svg
from .pictures import OrganDosePictures, PictureRow, PictureSet
from .shown_text import shown
from .structure_summary import RAW_SUM, StructureSummary

TITLE = "Dose pictures"


def dose_picture_section(evaluation: Evaluation, pictures: PictureSet) -> str:
    """The dose pictures, or why there are none."""
    if not pictures.organs:
        return section(TITLE, paragraph(f"The dose pictures are missing: {pictures.missing}"))
    known = {structure.name: structure for structure in evaluation.structures}
    blocks = [_organ(organ, known[organ.organ]) for organ in pictures.organs]
    left_out = f"Not shown, further from their limits: {', '.join(pictures.left_out)}." if pictures.left_out else ""
    is_marked = any(known[organ.organ].unreliable_courses for organ in pictures.organs)
    notes = [left_out, MARK_NOTE if is_marked else "", _rule(evaluation)]
    return section(TITLE, *blocks, *(paragraph(note, "note") for note in notes if note))


def _rule(evaluation: Evaluation) -> str:
    return (
        "Raw sums. The pictures show the composite volume, for display only; the maximum in the heading is that of the "
        f"organ's own samples with its own α/β, and may differ from it. {evaluation.composite_rule}"
    )


def _organ(organ: OrganDosePictures, structure: StructureSummary) -> str:
    rows = "".join(_row(row) for row in organ.rows)
    planes = f'<div class="dose-planes">{rows}</div>'
    return (
        f'<div class="pictures"><h3>{shown(marked(structure))} <small>{shown(_where(organ, structure))}</small></h3>'
        f'<div class="dose-pictures">{planes}<div>{legend_svg(organ)}</div></div></div>'
    )


def _where(organ: OrganDosePictures, structure: StructureSummary) -> str:
    """What the pictures go through: the maximum of the organ's own sum, as its DVH ends at it."""
    x, y, z = organ.point_mm
    point = f"at LPS ({x:.0f}, {y:.0f}, {z:.0f}) mm"
    total = next((curve for curve in structure.curves if curve.sum == RAW_SUM), None)
    if total is None:
        return f"largest known dose {point}; that of {' and '.join(structure.unknown_courses)} is not known in it"
    words = "cumulative" if len(organ.rows) > 1 else "prior"
    highest = f"{total.dose_eqd2_gy[-1]:.1f} Gy EQD2 (α/β {structure.alpha_beta_gy:g} Gy)"
    drawn = f"the volume that is drawn holds {organ.composite_gy:.1f} there"
    return f"maximum of the {words} raw sum {highest} {point}; {drawn}"


def _row(row: PictureRow) -> str:
    return "".join(
        f'<div><img alt="{escape(picture.caption)}" title="{escape(picture.caption)}" src="{picture.data_uri()}"></div>'
        for picture in row.pictures
    )
