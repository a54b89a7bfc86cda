"""Dose pictures in the report."""

from __future__ import annotations

from html import escape

from .evaluation import Evaluation
from .html_parts import figure, paragraph, section
from .pictures import PictureSet


def dose_picture_section(evaluation: Evaluation, pictures: PictureSet) -> str:
    """The dose pictures, or why there are none."""
    if not pictures.pictures:
        return section("Dose pictures", paragraph(f"The dose pictures are missing: {pictures.missing}"))
    figures = [
        figure(f'<img alt="{escape(picture.caption)}" src="{picture.data_uri()}">', picture.caption)
        for picture in pictures.pictures
    ]
    planes = f'<div class="planes">{"".join(figures)}</div>'
    return section("Dose pictures", planes, paragraph(evaluation.composite_rule, "note"))
