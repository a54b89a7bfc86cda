"""The DICOM files behind the nodes of a scene, and those that they refer to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias, TypeVar

from ..dicom.scan.header_reader import read_header
from ..dicom.scan.headers import DoseHeader, Header, PlanHeader, StructuresHeader
from ..dicom.scan.scan_files import files_named
from ..model.errors import CaseError, DicomError
from ..model.loaded import LeftOut, LoadedNode, LoadedNodes

FileOfInstance: TypeAlias = Callable[[str], str | None]
"""The file of a SOPInstanceUID, None or empty if it is not known; in 3D Slicer ``slicer.dicomDatabase.fileForInstance``."""

Kind = TypeVar("Kind")

REMEDY = "Import its study into the DICOM database of 3D Slicer and load it again, or start from the folder of its files."


class NodeFiles:
    """The files that were found, by SOPInstanceUID, each opened once for its header.

    Parameters
    ----------
    file_of_instance : callable
    """

    def __init__(self, file_of_instance: FileOfInstance) -> None:
        self._file_of_instance = file_of_instance
        self._headers: dict[str, Header] = {}

    @property
    def headers(self) -> tuple[Header, ...]:
        """Of all files, in the order in which they were found."""
        return tuple(self._headers.values())

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files."""
        return tuple(header.origin.file.path for header in self._headers.values())

    def header(self, uid: str) -> Header | None:
        """The header of an object whose file was found."""
        return self._headers.get(uid)

    def take(self, node: LoadedNode) -> bool:
        """Find the files of a node; whether it is an object that the library reads.

        Raises
        ------
        DicomError
            If there is no file of an instance, it is damaged, or another object is in it.
        """
        missing = [uid for uid in node.instance_uids if self._path(uid) is None]
        if missing:
            others = f" and {len(missing) - 1} more of its {len(node.instance_uids)}" if len(missing) > 1 else ""
            raise DicomError(f"The {node}", f"no file of its instance {missing[0]}{others}", REMEDY, "a DICOM file")
        added = [self.add(uid) for uid in node.instance_uids]
        return all(added)

    def add(self, uid: str) -> bool:
        """Add an object, if there is a file of it; whether there is, and it is one that the library reads.

        Raises
        ------
        DicomError
            If the file is damaged, or another object is in it.
        """
        path = self._path(uid)
        if uid in self._headers or path is None:
            return uid in self._headers
        (file,) = files_named([path])
        header = read_header(file)
        if header is None or isinstance(header, str):
            return False
        if header.origin.uid != uid:
            raise DicomError(str(path), f"it holds the instance {header.origin.uid}", REMEDY, uid)
        self._headers[uid] = header
        return True

    def add_all(self, uids: frozenset[str]) -> None:
        """Add several objects, if there is a file of every one."""
        if all(self._path(uid) is not None for uid in uids):
            for uid in sorted(uids):
                self.add(uid)

    def _path(self, uid: str) -> Path | None:
        told = self._file_of_instance(uid)
        path = Path(told).resolve() if told else None
        return path if path is not None and path.is_file() else None


def files_behind(loaded: LoadedNodes, file_of_instance: FileOfInstance) -> tuple[NodeFiles, tuple[LeftOut, ...]]:
    """The files of all nodes, with the plans, structure sets and CTs that they refer to, and nodes that are no such object.

    A structure set that only a plan refers to is added if none is loaded in the plan's frame of reference: what is loaded
    comes first. The CT of a structure set is added if it is not loaded and every slice is there.

    Raises
    ------
    CaseError
        If there is nothing to adopt.
    DicomError
        If a node has no file.
    """
    if loaded.is_empty:
        found = "neither a CT nor a dose, structure set or plan from DICOM"
        raise CaseError("The scene", found, "Load the records with the DICOM module, or start from their folder.")
    files = NodeFiles(file_of_instance)
    nodes = [*loaded.cts, *loaded.doses, *loaded.structures, *loaded.plans, *loaded.registrations]
    strange = tuple(
        LeftOut(one.node_id, one.name, "it is no object of radiotherapy") for one in nodes if not files.take(one)
    )
    for dose in _of(files, DoseHeader):
        for uid in dose.plan_uids:
            files.add(uid)
    drawn = {frame for structures in _of(files, StructuresHeader) for frame in structures.frame_uids}
    for plan in _of(files, PlanHeader):
        if plan.origin.frame_uid not in drawn and plan.structures_uid:
            files.add(plan.structures_uid)
    for structures in _of(files, StructuresHeader):
        if not any(files.header(uid) for uid in structures.slice_uids):
            files.add_all(structures.slice_uids)
    return files, strange


def _of(files: NodeFiles, kind: type[Kind]) -> list[Kind]:
    return [header for header in files.headers if isinstance(header, kind)]
