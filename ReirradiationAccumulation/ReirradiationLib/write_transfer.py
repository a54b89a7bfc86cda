"""What is written of a case up to the registrations: a page to look at, and the registrations that were computed here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .model.scene import PictureMaker
from .output import OutputFolder
from .report.registration_pictures import draw_registration_pictures
from .report.registration_report import TITLE, registration_report
from .report.results import Transfer
from .write_dicom import REGISTRATION_PREFIX, write_registrations

PAGE_FILE = "registration.html"


def write_transfer(
    found: Transfer, folder: OutputFolder, pictures: PictureMaker | None, report: Callable[[str], None]
) -> None:
    """Write the page and the DICOM objects; ``report`` is told each name and may raise to cancel."""
    write_registrations(found, folder, report)
    drawn = draw_registration_pictures(found, pictures, report)
    report(PAGE_FILE)
    folder.write_text(PAGE_FILE, registration_report(found, drawn))


def is_former_transfer(folder: Path) -> bool:
    """Whether a folder holds what :func:`write_transfer` writes and nothing else, so that it may be replaced on request."""
    page = folder / PAGE_FILE
    paths = list(folder.iterdir())
    own = [path for path in paths if path.is_file() and not path.is_symlink() and _is_own(path.name)]
    if len(own) != len(paths) or page not in own:
        return False
    return TITLE in page.read_text(encoding="utf-8", errors="replace")


def _is_own(name: str) -> bool:
    return name == PAGE_FILE or (name.startswith(REGISTRATION_PREFIX) and name.endswith(".dcm"))
