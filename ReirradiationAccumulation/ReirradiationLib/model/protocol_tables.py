"""Reading the institution's CSV tables; every message names the file and the row."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from .csv_table import table_number, table_rows
from .errors import ProtocolError
from .protocol import Protocol, RecoveryStep, RecoveryTable, Tissue, require_alpha_beta
from .registration_limits import load_registration_limits
from .shipped import shipped_folder

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
    return shipped_folder("Protocol", TISSUES_FILE)


def load_protocol(folder: Path) -> Protocol:
    """Read ``tissues.csv``, ``recovery.csv`` and, if it is there, ``registration_limits.csv``.

    A folder without limits for registrations gets the shipped ones, and says so.

    Raises
    ------
    ProtocolError
        Naming file and row, if a column is missing or a value cannot be used.
    """
    tissues: dict[str, Tissue] = {}
    for where, row in table_rows(folder / TISSUES_FILE, _TISSUE_COLUMNS, ProtocolError):
        if row["tissue"] in tissues:
            raise ProtocolError(where, f"tissue '{row['tissue']}' appears twice", "Remove one of the rows.")
        tissues[row["tissue"]] = Tissue(
            name=row["tissue"],
            alpha_beta_gy=require_alpha_beta(table_number(where, row, "alpha_beta_gy", ProtocolError), where),
            recovery_group=row["recovery_group"],
            source=row["source"],
            evidence=row["evidence"],
        )
    limits = load_registration_limits(folder, default_protocol_folder())
    return Protocol(tuple(tissues.values()), _recovery_tables(folder), str(folder), limits)


def _recovery_tables(folder: Path) -> tuple[RecoveryTable, ...]:
    steps: dict[str, list[RecoveryStep]] = defaultdict(list)
    sources: dict[str, str] = {}
    for where, row in table_rows(folder / RECOVERY_FILE, _RECOVERY_COLUMNS, ProtocolError):
        start, end, fraction = (
            table_number(where, row, key, ProtocolError) for key in ("months_from", "months_to", "fraction")
        )
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
