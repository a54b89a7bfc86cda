"""Files beside a case that are there when all went well, and not otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

STRUCTURES = "structures-*.dcm"
TRANSFORMS = "*-transform-*.h5"


@contextmanager
def only_if_all_goes_well(folder: Path) -> Iterator[None]:
    """Take back the structure sets and transform files that were written since, if an error ends the work."""
    before = own_files(folder)
    try:
        yield
    except BaseException:
        take_back(own_files(folder) - before)
        raise


def take_back(files: Iterable[Path]) -> None:
    """Remove files that nothing names after all."""
    for path in files:
        path.unlink(missing_ok=True)


def own_files(folder: Path) -> frozenset[Path]:
    """The structure sets and transform files that adoptions have written in a folder."""
    return frozenset((*folder.glob(STRUCTURES), *folder.glob(TRANSFORMS)))
