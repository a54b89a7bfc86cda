"""The commands that show the protocol tables and what they make of structures' names."""

from __future__ import annotations

import argparse
from pathlib import Path

from .dicom.structures import read_structures
from .model.limit_table import LIMITS_FILE, load_limit_rows
from .model.protocol_tables import VERSION_FILE, default_protocol_folder, load_protocol
from .model.registration_limits import LIMITS_FILE as REGISTRATION_FILE
from .model.synonym_table import SYNONYMS_FILE, load_synonyms, with_tissue_names
from .report.protocol_text import ProtocolTables, names_text, protocol_text


def protocol(parsed: argparse.Namespace) -> int:
    """Validate all tables of a protocol folder and print them."""
    print(protocol_text(load_tables(parsed.folder or default_protocol_folder())), end="")
    return 0


def names(parsed: argparse.Namespace) -> int:
    """Print what every ROI's name proposes, and why."""
    tables = load_tables(parsed.protocol or default_protocol_folder())
    structures = read_structures(parsed.file).structures
    synonyms = with_tissue_names(tables.synonyms, [tissue.name for tissue in tables.protocol.tissues])
    print(names_text([structure.name for structure in structures], synonyms), end="")
    return 0


def load_tables(folder: Path) -> ProtocolTables:
    """Read and check every table of a folder; limits, synonyms, registration limits and version may be missing.

    Raises
    ------
    ProtocolError
        Naming file and row.
    """
    found = load_protocol(folder)
    has_limits, has_synonyms = (folder / LIMITS_FILE).exists(), (folder / SYNONYMS_FILE).exists()
    optional = (LIMITS_FILE, SYNONYMS_FILE, REGISTRATION_FILE, VERSION_FILE)
    return ProtocolTables(
        protocol=found,
        limits=load_limit_rows(folder) if has_limits else (),
        synonyms=load_synonyms(folder, [tissue.name for tissue in found.tissues]) if has_synonyms else (),
        missing=tuple(name for name in optional if not (folder / name).exists()),
    )
