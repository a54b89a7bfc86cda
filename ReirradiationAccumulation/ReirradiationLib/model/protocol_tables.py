"""Reading the institution's CSV tables; every message names the file and the row."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from .csv_table import table_number, table_rows
from .errors import ProtocolError
from .protocol import (
    EVERY_OTHER_GROUP,
    EVIDENCE,
    NO_RECOVERY,
    Protocol,
    RecoveryStep,
    RecoveryTable,
    Tissue,
    require_alpha_beta,
)
from .registration_limits import load_registration_limits
from .shipped import shipped_folder

TISSUES_FILE = "tissues.csv"
RECOVERY_FILE = "recovery.csv"
VERSION_FILE = "version.txt"
LONGEST_VERSION = 80
_TISSUE_COLUMNS = ("tissue", "alpha_beta_gy", "recovery_group", "evidence", "source")
_INTERVAL_COLUMNS = ("ci_low_gy", "ci_high_gy")
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
    """Read ``tissues.csv``, ``recovery.csv`` and, if they are there, ``registration_limits.csv`` and ``version.txt``.

    A folder without limits for registrations gets the shipped ones, and says so. Limits of organs and synonyms are read
    where they are needed: :mod:`.limit_table`, :mod:`.synonym_table`.

    Raises
    ------
    ProtocolError
        Naming file and row, if a column is missing or a value cannot be used.
    """
    tissues: dict[str, Tissue] = {}
    table = table_rows(folder / TISSUES_FILE, _TISSUE_COLUMNS, ProtocolError, may_be_missing=_INTERVAL_COLUMNS)
    for where, row in table:
        if row["tissue"] in tissues:
            raise ProtocolError(where, f"tissue '{row['tissue']}' appears twice", "Remove one of the rows.")
        alpha_beta_gy = require_alpha_beta(table_number(where, row, "alpha_beta_gy", ProtocolError), where)
        tissues[row["tissue"]] = Tissue(
            name=row["tissue"],
            alpha_beta_gy=alpha_beta_gy,
            recovery_group=row["recovery_group"],
            source=row["source"],
            evidence=_evidence(where, row),
            interval_gy=_interval_gy(where, row, alpha_beta_gy),
        )
    if not tissues:
        raise ProtocolError(str(folder / TISSUES_FILE), "no row", "Copy the shipped table and edit it.")
    limits = load_registration_limits(folder, default_protocol_folder())
    return Protocol(
        *(tuple(tissues.values()), _recovery_tables(folder, tissues), str(folder), limits), protocol_version(folder)
    )


def protocol_version(folder: Path) -> str:
    """The first line of ``version.txt``; empty if the folder has none.

    Raises
    ------
    ProtocolError
        If the file cannot be read, or its first line is empty, too long or not printable.
    """
    path = folder / VERSION_FILE
    if not path.exists():
        return ""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise ProtocolError(str(path), f"cannot be read ({problem})", "Write one line of text in UTF-8.") from problem
    version = lines[0].strip() if lines else ""
    if not version or len(version) > LONGEST_VERSION or not version.isprintable():
        expected = f"one line of at most {LONGEST_VERSION} characters"
        raise ProtocolError(f"{path}, row 1", f"'{version[:LONGEST_VERSION]}'", "Write the version.", expected)
    return version


def _evidence(where: str, row: dict[str, str]) -> str:
    if row["evidence"] not in EVIDENCE:
        found = f"evidence is '{row['evidence']}'"
        raise ProtocolError(where, found, "Correct the row.", f"one of {', '.join(EVIDENCE)}")
    return row["evidence"]


def _interval_gy(where: str, row: dict[str, str], alpha_beta_gy: float) -> tuple[float, float] | None:
    """The published interval of the α/β; one that does not hold the value belongs to another estimate."""
    given = [column for column in _INTERVAL_COLUMNS if row[column]]
    if not given:
        return None
    if len(given) == 1:
        raise ProtocolError(where, f"{given[0]} alone", "Give both ends of the interval, or neither.")
    low, high = (table_number(where, row, column, ProtocolError) for column in _INTERVAL_COLUMNS)
    if not 0.0 < low < high:
        found = f"the interval {low:g} to {high:g} Gy"
        raise ProtocolError(where, found, "Correct it.", "0 < ci_low_gy < ci_high_gy")
    if not low <= alpha_beta_gy <= high:
        found = f"α/β {alpha_beta_gy:g} Gy outside its interval {low:g} to {high:g} Gy"
        raise ProtocolError(where, found, "Give the interval of this very value, or none; others belong into the source.")
    return low, high


def _recovery_tables(folder: Path, tissues: dict[str, Tissue]) -> tuple[RecoveryTable, ...]:
    steps: dict[str, list[RecoveryStep]] = defaultdict(list)
    sources: dict[str, str] = {}
    places: dict[tuple[str, str], str] = {}
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
        if row["group"] == NO_RECOVERY:
            found = f"rows for the group '{NO_RECOVERY}'"
            raise ProtocolError(where, found, "Remove them: its fraction is always 0.")
        steps[row["table"]].append(RecoveryStep(row["group"], start, end, fraction))
        sources.setdefault(row["table"], f"{row['source']} [{_evidence(where, row)}]")
        places.setdefault((row["table"], row["group"]), where)
    _require_known_groups(places, tissues)
    _require_one_meaning(places, tissues)
    return tuple(RecoveryTable(name, tuple(rows), sources[name]) for name, rows in steps.items())


def _require_known_groups(places: dict[tuple[str, str], str], tissues: dict[str, Tissue]) -> None:
    """Refuse a misspelled group beside rows for every other one: its tissue would silently get theirs."""
    known = {tissue.recovery_group for tissue in tissues.values()} | {EVERY_OTHER_GROUP} | set(tissues)
    for (table, group), where in places.items():
        if (table, EVERY_OTHER_GROUP) in places and group not in known:
            expected = "a recovery_group or a tissue of tissues.csv"
            raise ProtocolError(where, f"the group '{group}' beside rows for '{EVERY_OTHER_GROUP}'", "Correct it.", expected)


def _require_one_meaning(places: dict[tuple[str, str], str], tissues: dict[str, Tissue]) -> None:
    """Refuse rows for a tissue beside rows for its group: a name may stand there as the group of other tissues."""
    for (table, group), where in places.items():
        tissue = tissues.get(group)
        if tissue is None or tissue.recovery_group in (group, NO_RECOVERY):
            continue
        if (table, tissue.recovery_group) in places:
            found = f"rows for the tissue '{group}' beside rows for its group '{tissue.recovery_group}'"
            raise ProtocolError(where, found, "Remove one of them, or give the tissue a group of its own.")
