"""Keeping the working folder of the process where the user had it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def kept_working_folder() -> Iterator[None]:
    """Go back to the working folder at the end.

    MRML unpacks scenes in a temporary folder; of a damaged file it stays there, and then removes it.
    """
    folder = Path.cwd()
    try:
        yield
    finally:
        os.chdir(folder)
