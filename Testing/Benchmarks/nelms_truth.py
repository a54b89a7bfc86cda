"""The DVH benchmark of Nelms B et al., Med Phys 42:4435 (2015): its files, and its analytic curves read from the workbook.

Sheets 'Sphere' and 'Cone' hold cumulative volumes in cc over doses in steps of 0.5 cGy, a column for each gradient (SI,
AP) and contour spacing, with half-slice end caps. They are of the unshifted structures. A shift along x or along the
slices changes no dose; the suffix Z… is a shift of as many 0.1 mm towards the front, along the AP gradient of 1 Gy/mm:
the workbook lists no AP truth for these, it is the unshifted curve plus the shift in Gy.
"""

from __future__ import annotations

import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

PERCENTS = (99.0, 98.0, 95.0, 50.0, 5.0, 2.0, 1.0)
METRICS = (*(f"D{percent:g}" for percent in PERCENTS), "D0.03cc")
_XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def nelms_folder() -> Path:
    """Of the shared data that lie beside the repository, or where REIRRADIATION_SHARED_DATA says."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("REIRRADIATION_SHARED_DATA", beside)) / "05_nelms_dvh"


@dataclass(frozen=True)
class NelmsCase:
    """One structure under one dose. Doses in Gy in the order of METRICS."""

    structure: Path
    dose: Path
    spacing_mm: float
    shape: str
    volume_cc: float
    doses_gy: np.ndarray


def read_cases(folder: Path) -> list[NelmsCase]:
    sheets = {shape: read_sheet(folder / "analytical_data.xlsx", shape) for shape in ("Sphere", "Cone")}
    cases = []
    for structure in sorted((folder / "STRUCTURES").iterdir()):
        shape, spacing, shift_mm = parse_name(structure.stem)
        for dose in sorted((folder / "DOSE").iterdir()):
            is_ap = "AntPost" in dose.name
            axis_cgy = sheets[shape]["Dose (cGy)"]
            volume_cc = sheets[shape][f"{'AP' if is_ap else 'SI'} {spacing:g} mm"]
            doses = doses_at(axis_cgy / 100.0, volume_cc) + (shift_mm if is_ap else 0.0)
            cases.append(NelmsCase(structure, dose, spacing, shape, float(volume_cc[0]), doses))
    return cases


def parse_name(stem: str) -> tuple[str, float, float]:
    """Shape, contour spacing and shift along the AP gradient in mm: 'Cone_30_X15Z15' is ('Cone', 3.0, 1.5)."""
    found = re.fullmatch(r"(Sphere|Cone)_(\d\d)_(?:0|X\d\d(?:Z(\d\d))?)", stem)
    if found is None:
        raise ValueError(f"{stem}: not a name of the benchmark")
    return found[1], int(found[2]) / 10.0, int(found[3] or 0) / 10.0


def doses_at(axis_gy: np.ndarray, volume_cc: np.ndarray) -> np.ndarray:
    """The METRICS of a cumulative curve, by linear interpolation."""
    wanted = [*(percent / 100.0 * volume_cc[0] for percent in PERCENTS), 0.03]
    return np.interp(wanted, volume_cc[::-1], axis_gy[::-1])


def read_sheet(workbook: Path, name: str) -> dict[str, np.ndarray]:
    """Columns of a sheet by their headings; enough of the format for a table of numbers under one line of texts."""
    with zipfile.ZipFile(workbook) as archive:
        texts = ["".join(node.itertext()) for node in ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))]
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        sheets = ElementTree.fromstring(archive.read("xl/workbook.xml")).iter(f"{_XML}sheet")
        relation = next(sheet.get(_RELATION) for sheet in sheets if sheet.get("name") == name)
        target = next(link.get("Target") for link in links if link.get("Id") == relation)
        root = ElementTree.fromstring(archive.read(f"xl/{target}"))
    rows = [{cell.get("r", "").rstrip("0123456789"): _value(cell, texts) for cell in row} for row in root.iter(f"{_XML}row")]
    # The columns end at different doses: a cell that is missing there is no volume.
    return {str(text): np.array([float(row.get(at, 0.0)) for row in rows[1:]]) for at, text in rows[0].items()}


def _value(cell: ElementTree.Element, texts: list[str]) -> str | float:
    value = cell.findtext(f"{_XML}v", "nan")
    return texts[int(value)] if cell.get("t") == "s" else float(value)
