"""Pictures of the report, small enough for a PDF that is sent around."""

from __future__ import annotations

import base64
import io
import re

QUALITIES = (92, 80, 65, 50)
"""Of JPEG, without thinning out the colours: small coloured letters and isodose lines stay sharp."""

_PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


def within_budget(html: str, most_bytes: int) -> str:
    """The page with its PNG pictures as they are, if they are small enough in all, else as JPEG of the best quality that is.

    The lowest quality is kept even where it is not small enough: a picture is never left out.

    Parameters
    ----------
    html : str
    most_bytes : int
        For all pictures together.
    """
    sources = {found[0]: base64.b64decode(found[1]) for found in _PNG.finditer(html)}
    if sum(map(len, sources.values())) <= most_bytes:
        return html
    smaller: dict[str, bytes] = {}
    for quality in QUALITIES:
        smaller = {uri: _jpeg(png, quality) for uri, png in sources.items()}
        if sum(map(len, smaller.values())) <= most_bytes:
            break
    return _PNG.sub(lambda found: f"data:image/jpeg;base64,{base64.b64encode(smaller[found[0]]).decode('ascii')}", html)


def _jpeg(png: bytes, quality: int) -> bytes:
    from PIL import Image

    written = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(written, "JPEG", quality=quality, subsampling=0)
    return written.getvalue()
