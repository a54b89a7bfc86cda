"""The section of the report with the pictures of the registrations."""

from __future__ import annotations

from html import escape

from .html_parts import paragraph, section
from .registration_pictures import OrganPictures, RegistrationPicture, RegistrationPictureSet

TITLE = "Pictures of the registrations"
HOW_TO_READ = (
    "The prior CT, put onto the current anatomy by the registration, against the current CT. Checkerboard: edges run on "
    "from square to square where the two agree. Colour overlay: grey where they agree, orange where the current CT is "
    "denser, blue where the prior one is. Difference: current less prior CT. Warped grid: lines 10 mm apart in the current "
    "anatomy, carried to the prior one without the rigid motion, as seen in the plane; orange tissue was larger there, blue "
    "tissue smaller, red is folded. Hatched: the prior CT or the registration does not reach there. Agreement of edges "
    "says nothing about points within uniform tissue."
)


def registration_pictures_section(drawn: RegistrationPictureSet) -> str:
    """The pictures by course and organ, or why there are none. Every text from the data is escaped."""
    missing = [paragraph(f"No pictures: {reason}.", "note") for reason in drawn.missing]
    if not drawn.organs:
        return section(TITLE, *missing) if missing else ""
    return section(TITLE, paragraph(HOW_TO_READ, "note"), *map(_organ, drawn.organs), *missing)


def _organ(organ: OrganPictures) -> str:
    heading = f"<h3>{escape(organ.organ)} – {escape(organ.course)}</h3>"
    where = paragraph(f"{organ.source}; slices through the {organ.where}. {organ.remark}".rstrip(), "note")
    return f'{heading}{where}<div class="planes">{"".join(map(_figure, organ.pictures))}</div>'


def _figure(drawn: RegistrationPicture) -> str:
    caption = f"{drawn.style.value.capitalize()}, {drawn.orientation.value}"
    picture = drawn.picture
    return (
        f'<figure><img alt="{escape(picture.caption)}" title="{escape(picture.caption)}" src="{picture.data_uri()}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
