"""The section of the report with the pictures of the registrations."""

from __future__ import annotations

from html import escape

from ..model.registration_picture import RegistrationPictureStyle
from ..model.scene import Orientation
from .html_parts import paragraph, section
from .registration_pictures import OrganPictures, RegistrationPicture, RegistrationPictureSet
from .shown_text import shown

TITLE = "Pictures of the registrations"
HOW_TO_READ = (
    "The prior CT, put onto the current anatomy by the registration, against the current CT. Checkerboard: edges run on "
    "from square to square where the two agree. Colour overlay: grey where they agree, orange where the current CT is "
    "denser, blue where the prior one is. Difference: current less prior CT. Warped grid: lines 10 mm apart in the current "
    "anatomy, carried to the prior one without the rigid motion, as seen in the plane; orange tissue was larger there, blue "
    "tissue smaller, red is folded. Hatched: the prior CT or the registration does not reach there. Agreement of edges "
    "says nothing about points within uniform tissue."
)


STRIP = (
    (RegistrationPictureStyle.OVERLAY, Orientation.AXIAL),
    (RegistrationPictureStyle.OVERLAY, Orientation.SAGITTAL),
    (RegistrationPictureStyle.GRID, Orientation.AXIAL),
)
STRIP_NOTE = (
    "Colour overlay: grey where the CTs agree, orange where the current one is denser, blue where the prior one is. Warped "
    "grid: lines 10 mm apart in the current anatomy, carried to the prior one. Hatched: not reached. More: annex."
)


def registration_pictures_section(drawn: RegistrationPictureSet) -> str:
    """The pictures by course and organ, or why there are none. Every text from the data is escaped."""
    missing = [paragraph(f"No pictures: {reason}.", "note") for reason in drawn.missing]
    if not drawn.organs:
        return section(TITLE, *missing) if missing else ""
    return section(TITLE, paragraph(HOW_TO_READ, "note"), *map(_organ, drawn.organs), *missing)


def registration_strip(drawn: RegistrationPictureSet) -> str:
    """For the printed report: three pictures of each course, through the first organ of concern."""
    firsts = {one.course: one for one in reversed(drawn.organs)}
    strips = []
    for organ in (firsts[course] for course in dict.fromkeys(one.course for one in drawn.organs)):
        found = [_find(organ, style, orientation) for style, orientation in STRIP]
        figures = "".join(_figure(one) for one in found if one is not None)
        title = f"{organ.course}, {organ.organ}: slices through the {organ.where}. {organ.remark}".rstrip()
        strips.append(f'<div class="strip"><h3>{shown(title)}</h3><div class="planes">{figures}</div></div>')
    missing = [paragraph(f"No pictures: {reason}.", "note") for reason in drawn.missing]
    return "".join((*strips, paragraph(STRIP_NOTE, "note") if strips else "", *missing))


def _find(organ: OrganPictures, style: RegistrationPictureStyle, orientation: Orientation) -> RegistrationPicture | None:
    return next((one for one in organ.pictures if (one.style, one.orientation) == (style, orientation)), None)


def _organ(organ: OrganPictures) -> str:
    heading = f"<h3>{shown(organ.organ)} – {shown(organ.course)}</h3>"
    where = paragraph(f"{organ.source}; slices through the {organ.where}. {organ.remark}".rstrip(), "note")
    return f'{heading}{where}<div class="planes">{"".join(map(_figure, organ.pictures))}</div>'


def _figure(drawn: RegistrationPicture) -> str:
    caption = f"{drawn.style.value.capitalize()}, {drawn.orientation.value}"
    picture = drawn.picture
    return (
        f'<figure><img alt="{escape(picture.caption)}" title="{escape(picture.caption)}" src="{picture.data_uri()}">'
        f"<figcaption>{shown(caption)}</figcaption></figure>"
    )
