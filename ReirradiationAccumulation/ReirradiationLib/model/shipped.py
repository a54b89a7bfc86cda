"""Where the tables lie that are shipped with the library."""

from __future__ import annotations

from pathlib import Path

from .errors import ProtocolError


def shipped_folder(name: str, file: str) -> Path:
    """The folder of shipped tables: in the wheel, in Slicer's module folder or in the source tree.

    Parameters
    ----------
    name : str
        Of the folder below ``Resources``.
    file : str
        One that must be in it.

    Raises
    ------
    ProtocolError
        If none of the three places holds it.
    """
    package = Path(__file__).resolve().parent.parent
    candidates = (
        package / name,
        package.parent / "Resources" / f"Reirradiation{name}",
        package.parent.parent / "Resources" / name,
    )
    for folder in candidates:
        if (folder / file).is_file():
            return folder
    raise ProtocolError(file, "not found beside the library", "Reinstall, or name your own table.", file)
