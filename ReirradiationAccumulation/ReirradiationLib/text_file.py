"""Text files of the user's, made or replaced as a whole."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from .model.errors import OutputError


def create_text(path: Path, text: str) -> None:
    """Write a new file in UTF-8, never over one that is there; folders above it are made.

    Raises
    ------
    OutputError
        If there is a file, it cannot be written, or the text is none in UTF-8.
    """
    try:
        content = text.encode("utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            stream.write(content)
    except UnicodeEncodeError as error:
        found_name = "a file name that is no text in UTF-8"
        raise OutputError(str(path), found_name, "Rename the file or folder that the listing shows.") from error
    except OSError as error:
        found_there = f"cannot be written ({error.strerror})"
        raise OutputError(str(path), found_there, "Name a new file in a folder that is there.") from error


def replace_text(path: Path, text: str) -> None:
    """Let a new file of this text, written and read back beside the old one, take its place.

    It keeps the owner (where the system allows that) and mode of the old one. A hard link keeps the old content; a symbolic
    link is followed by the caller.

    Raises
    ------
    OutputError
        If the file is read-only or cannot be written; then it stays as it was.
    """
    content = text.encode("utf-8")
    try:
        former = path.stat()
        _require_writable(path, former.st_mode)
        number, name = tempfile.mkstemp(prefix=f".{path.name}.partial-", dir=path.parent)
    except OSError as error:
        raise _cannot(path, error) from error
    beside = Path(name)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
        _keep_owner(beside, former)
        beside.chmod(stat.S_IMODE(former.st_mode) & 0o777)
        if beside.read_bytes() != content:
            raise OutputError(str(path), "its new content is not read back as it was written", "Check the disk.")
        beside.replace(path)
    except OSError as error:
        raise _cannot(path, error) from error
    finally:
        beside.unlink(missing_ok=True)


def _require_writable(path: Path, mode: int) -> None:
    """By the mode too: to an administrator every file is writable, and the folder alone decides on a replacement."""
    is_read_only = not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if is_read_only or not os.access(path, os.W_OK):
        raise OutputError(str(path), "is read-only", "Ask whoever protected it, or make it writable.")


def _keep_owner(path: Path, former: os.stat_result) -> None:
    """Where the system has owners and allows it; the group alone where only that is allowed."""
    if not hasattr(os, "chown"):
        return
    with suppress(PermissionError):
        os.chown(path, -1, former.st_gid)
        os.chown(path, former.st_uid, -1)


def _cannot(path: Path, error: OSError) -> OutputError:
    return OutputError(str(path), f"cannot be written ({error.strerror})", "Check folder, disk and rights.")
