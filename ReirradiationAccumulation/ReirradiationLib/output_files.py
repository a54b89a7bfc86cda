"""What lies in an output folder: what each file is for, and whether planning systems will take it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .dicom.validate.validation import Validation
from .dicom.validate.validator import validate_file
from .model.case import Case
from .model.errors import ReirradiationError
from .run_record import RUN_FILE
from .write_csv_tables import CSV_TABLE_FILES
from .write_dicom import CUMULATIVE_FILE, MAPPED_PREFIX, PRIOR_FILE, REGISTRATION_PREFIX, REMAINING_FILE, STRUCTURES_FILE
from .write_outputs import SCENE_FILE
from .write_planning import SHEET_NAME, TABLE_FILES, WORKSHEET_FILE
from .write_report import EVALUATION_FILE, REPORT_FILE, REPORT_PDF

SHEETS, TABLES = f"{SHEET_NAME}.*", "table_*.csv"
_SHEETS = TABLE_FILES - {WORKSHEET_FILE}
_PURPOSES = {
    REPORT_FILE: "report for the web browser",
    REPORT_PDF: "report to print and to sign",
    EVALUATION_FILE: "all numbers, for programs",
    RUN_FILE: "how this was made, to verify it later",
    SCENE_FILE: "scene for 3D Slicer",
    STRUCTURES_FILE: "optimization structures for the planning system (RTSTRUCT)",
    CUMULATIVE_FILE: "EQD2 sum of all courses, for display (RTDOSE)",
    PRIOR_FILE: "EQD2 sum of the prior courses, for display (RTDOSE)",
    REMAINING_FILE: "physical dose that the limits still allow; nobody's dose (RTDOSE)",
    WORKSHEET_FILE: "point worksheets, for a spreadsheet",
    SHEETS: "what to enter in the planning system for each optimization structure",
    TABLES: "the tables of the report, for a spreadsheet",
}
_FIRST = (REPORT_PDF, REPORT_FILE)


@dataclass(frozen=True)
class OutputFile:
    """A file of an output folder, or several that hold the same.

    Parameters
    ----------
    name, purpose : str
    validation : Validation or None
        Of a DICOM object, by the rules of planning systems.
    why_not_checked : str
        Why there is no validation of a DICOM object; else empty.
    """

    name: str
    purpose: str
    validation: Validation | None = None
    why_not_checked: str = ""

    @property
    def is_dicom(self) -> bool:
        """Whether it is for planning systems."""
        return self.name.endswith(".dcm")


def output_files(folder: Path, case: Case) -> tuple[OutputFile, ...]:
    """The files of an output folder, DICOM objects checked: what people open first, then what planning systems get.

    Parameters
    ----------
    folder : Path
    case : Case
        Whose current CT the DICOM objects must belong to.
    """
    names = sorted((path.name for path in folder.iterdir()), key=_order)
    grouped = dict.fromkeys(_grouped(name) for name in names)
    return tuple(_output_file(folder / name, case) for name in grouped)


def purpose(name: str) -> str:
    """What a file of an output folder is for; empty if it is none."""
    if name.startswith(REGISTRATION_PREFIX):
        return "registration of a prior CT to the current one (REG)"
    if name.startswith(MAPPED_PREFIX):
        return "physical dose of a course on the current CT (RTDOSE)"
    return _PURPOSES.get(name, "")


def _grouped(name: str) -> str:
    """Tables and sheets of several kinds as one."""
    if name in CSV_TABLE_FILES:
        return TABLES
    return SHEETS if name in _SHEETS else name


def _order(name: str) -> tuple[bool, bool, bool, str]:
    return (name not in _FIRST, not name.endswith(".dcm"), name in CSV_TABLE_FILES, name)


def _output_file(path: Path, case: Case) -> OutputFile:
    found = OutputFile(path.name, purpose(path.name))
    if not found.is_dicom:
        return found
    # A folder of several CTs cannot be told to the validator: what needs the CT is then shown as not checked.
    ct = None if case.current.ct_series else case.current.ct
    try:
        return OutputFile(found.name, found.purpose, validate_file(path, ct))
    except ReirradiationError as error:
        return OutputFile(found.name, found.purpose, why_not_checked=str(error))
