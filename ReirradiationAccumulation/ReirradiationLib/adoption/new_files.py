"""Files beside a case that are there when all went well, and not otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STRUCTURES = "structures-*.dcm"
TRANSFORMS = "*-transform-*.h5"


@contextmanager
def only_if_all_goes_well(folder: Path) -> Iterator[None]:
    """Take back the structure sets and transform files that were written since, if an error ends the work."""
    before = set(_own(folder))
    try:
        yield
    except BaseException:
        for path in set(_own(folder)) - before:
            path.unlink(missing_ok=True)
        raise


def _own(folder: Path) -> list[Path]:
    return [*folder.glob(STRUCTURES), *folder.glob(TRANSFORMS)]
