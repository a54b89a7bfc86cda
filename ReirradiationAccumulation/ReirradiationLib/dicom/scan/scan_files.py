"""Which files lie under the folders to scan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...model.errors import DicomError
from ...model.interlock import Interlock

ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".txz", ".tbz2", ".tar.gz", ".tar.xz", ".tar.bz2")
"""Endings of archives, which are named and not opened."""


@dataclass(frozen=True)
class FoundFile:
    """A file and its name below the folder that was given.

    Parameters
    ----------
    path : Path
    shown : str
        Relative path with forward slashes; the folder's name comes first if several folders were given.
    """

    path: Path
    shown: str


def files_under(folders: Sequence[Path]) -> tuple[FoundFile, ...]:
    """All regular files of the folders and everything below, sorted; each once, symbolic links that loop are safe.

    Raises
    ------
    DicomError
        If a folder is absent or cannot be listed.
    """
    found: dict[Path, FoundFile] = {}
    seen_folders: set[Path] = set()
    names = _prefixes(folders)
    for folder, prefix in zip(folders, names, strict=True):
        if not _is_folder(folder):
            raise DicomError(
                str(folder),
                "no such folder",
                "Name the folder that holds the DICOM files.",
                "a folder",
                Interlock.FILE_UNREADABLE,
            )
        for path, real in _walk(folder, seen_folders):
            if real not in found:
                found[real] = FoundFile(path, prefix + path.relative_to(folder).as_posix())
    return tuple(sorted(found.values(), key=lambda file: file.shown))


def files_named(paths: Sequence[Path]) -> tuple[FoundFile, ...]:
    """Given files, sorted, each once, with their names below the folder that holds them all."""
    each = sorted(set(paths))
    if not each:
        return ()
    above = Path(os.path.commonpath([path.parent for path in each])) if _on_one_drive(each) else Path()
    return tuple(FoundFile(path, (path.relative_to(above) if above.parts else path).as_posix()) for path in each)


def is_archive(file: FoundFile) -> bool:
    """Whether the name is that of an archive."""
    return file.shown.lower().endswith(ARCHIVES)


def _on_one_drive(paths: Sequence[Path]) -> bool:
    return len({path.anchor for path in paths}) == 1


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # no permission, or no path at all
        return False


def _walk(folder: Path, seen: set[Path]) -> list[tuple[Path, Path]]:
    """Each file and where it really is."""
    files: list[tuple[Path, Path]] = []
    pending = [folder]
    while pending:
        here = pending.pop()
        real = here.resolve()
        if real in seen:
            continue
        seen.add(real)
        try:
            with os.scandir(here) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    if entry.is_dir():
                        pending.append(here / entry.name)
                    elif entry.is_file():
                        path = here / entry.name
                        files.append((path, path.resolve() if entry.is_symlink() else real / entry.name))
        except OSError as error:
            raise DicomError(
                str(here),
                f"cannot be listed ({error.strerror or error})",
                "Check its permissions.",
                interlock=Interlock.FILE_UNREADABLE,
            ) from error
    return files


def _prefixes(folders: Sequence[Path]) -> list[str]:
    if len(folders) == 1:
        return [""]
    names = [folder.resolve().name or "folder" for folder in folders]
    return [
        f"{name}/" if names.count(name) == 1 else f"{folder.as_posix()}/"
        for folder, name in zip(folders, names, strict=True)
    ]
