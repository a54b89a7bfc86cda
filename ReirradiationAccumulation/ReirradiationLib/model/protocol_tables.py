"""Reading the institution's CSV tables; every message names the file and the row."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from .errors import ProtocolError
from .protocol import Protocol, RecoveryStep, RecoveryTable, Tissue, require_alpha_beta

TISSUES_FILE = "tissues.csv"
RECOVERY_FILE = "recovery.csv"
_TISSUE_COLUMNS = ("tissue", "alpha_beta_gy", "recovery_group", "evidence", "source")
_RECOVERY_COLUMNS = ("table", "group", "months_from", "months_to", "fraction", "evidence", "source")


def default_protocol_folder() -> Path:
    """The tables shipped with the library: in the wheel, in Slicer's module folder or in the source tree.

    Raises
    ------
    ProtocolError
        If none of the three places holds them.
    """
    package = Path(__file__).resolve().parent.parent
    candidates = (
        package / "Protocol",
        package.parent / "Resources" / "ReirradiationProtocol",
        package.parent.parent / "Resources" / "Protocol",
    )
    for folder in candidates:
        if (folder / TISSUES_FILE).is_file():
            return folder
    raise ProtocolError(
        "Protocol tables", "not found beside the library", "Reinstall, or name their folder in the case file.", TISSUES_FILE
    )


def load_protocol(folder: Path) -> Protocol:
    """Read ``tissues.csv`` and ``recovery.csv``.

    Raises
    ------
    ProtocolError
        Naming file and row, if a column is missing or a value cannot be used.
    """
    tissues: dict[str, Tissue] = {}
    for where, row in _rows(folder / TISSUES_FILE, _TISSUE_COLUMNS):
        if row["tissue"] in tissues:
            raise ProtocolError(where, f"tissue '{row['tissue']}' appears twice", "Remove one of the rows.")
        tissues[row["tissue"]] = Tissue(
            name=row["tissue"],
            alpha_beta_gy=require_alpha_beta(_number(where, row, "alpha_beta_gy"), where),
            recovery_group=row["recovery_group"],
            source=row["source"],
            evidence=row["evidence"],
        )
    return Protocol(tuple(tissues.values()), _recovery_tables(folder), str(folder))


def _recovery_tables(folder: Path) -> tuple[RecoveryTable, ...]:
    steps: dict[str, list[RecoveryStep]] = defaultdict(list)
    sources: dict[str, str] = {}
    for where, row in _rows(folder / RECOVERY_FILE, _RECOVERY_COLUMNS):
        start, end, fraction = (_number(where, row, key) for key in ("months_from", "months_to", "fraction"))
        if not (0.0 <= fraction <= 1.0 and 0.0 <= start < end):
            raise ProtocolError(
                where, f"{start:g}–{end:g} months, fraction {fraction:g}", "Correct the row.", "0 ≤ fraction ≤ 1"
            )
        for other in steps[row["table"]]:
            if other.group == row["group"] and start < other.months_to and other.months_from < end:
                raise ProtocolError(where, "its interval overlaps an earlier row of the group", "Correct the intervals.")
        steps[row["table"]].append(RecoveryStep(row["group"], start, end, fraction))
        sources.setdefault(row["table"], f"{row['source']} [{row['evidence']}]")
    return tuple(RecoveryTable(name, tuple(rows), sources[name]) for name, rows in steps.items())


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise ProtocolError(str(path), f"no column {', '.join(missing)}", "Add it.", ", ".join(columns))
            for number, row in enumerate(reader, start=2):
                where = f"{path}, row {number}"
                if None in row:
                    raise ProtocolError(where, "more cells than columns", "Quote commas; write decimals with a point.")
                if any(row[column] is None or not row[column].strip() for column in columns):
                    raise ProtocolError(where, "an empty cell", "Fill every column.", ", ".join(columns))
                yield where, {column: row[column].strip() for column in columns}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ProtocolError(
            str(path),
            f"cannot be read ({getattr(error, 'strerror', None) or error})",
            "Check the folder named in the case file.",
        ) from error


def _number(where: str, row: dict[str, str], column: str) -> float:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", row[column]):
        raise ProtocolError(where, f"{column} is '{row[column]}'", "Write a number with a decimal point.", "a number")
    return float(row[column])
