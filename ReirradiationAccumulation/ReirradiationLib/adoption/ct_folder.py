"""The folder that a case names for a CT: it must hold the slices of the node, and no others of their series."""

from __future__ import annotations

from pathlib import Path

from ..dicom.scan.ct_series import CtSeries
from ..dicom.scan.header_reader import read_header
from ..dicom.scan.headers import CtHeader
from ..dicom.scan.scan_files import files_named
from ..model.errors import CaseError, DicomError


def series_in_folder(series: CtSeries, subject: str) -> str:
    """What a case must say beside the folder: the SeriesInstanceUID if other CTs are there too, else nothing.

    Raises
    ------
    CaseError
        If the slices lie in several folders, or more slices of the series are in theirs.
    """
    folders = {slice_.origin.file.path.parent for slice_ in series.slices}
    if len(folders) != 1:
        found = f"its {len(series.slices)} slices lie in {len(folders)} folders"
        remedy = "Import them into the DICOM database with 'Copy', or put them into one folder and load that."
        raise CaseError(subject, found, remedy, "one folder")
    others = _other_slices(next(iter(folders)), series)
    more = [header for header in others if header.origin.series_uid == series.origin.series_uid]
    if more:
        found = f"{len(series.slices)} slices of a series of {len(series.slices) + len(more)}"
        raise CaseError(subject, found, "Load the whole series, or move the other files elsewhere.", "the whole series")
    return series.origin.series_uid if others else ""


def _other_slices(folder: Path, series: CtSeries) -> list[CtHeader]:
    """Slices in a folder that are not of the series; damaged files and copies are passed over, as in a run."""
    known = {slice_.origin.file.path for slice_ in series.slices}
    found = []
    for file in files_named([path for path in folder.iterdir() if path.is_file() and path not in known]):
        try:
            header = read_header(file)
        except DicomError:
            continue
        if isinstance(header, CtHeader) and header.origin.uid not in series.slice_uids:
            found.append(header)
    return found
