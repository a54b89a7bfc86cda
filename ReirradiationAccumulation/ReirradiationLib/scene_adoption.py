"""What 3D Slicer and SlicerRT have loaded, taken over as a case: the files behind the nodes, and new files for what was changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from .dicom.scan.draft import Draft
from .dicom.scan.draft_structures import NamingTables
from .dicom.scan.scan import Scan
from .model.loaded import LoadedNodes, NodeReader

FileOfInstance: TypeAlias = Callable[[str], str | None]
"""The file of a SOPInstanceUID, None or empty if it is not known; in 3D Slicer ``slicer.dicomDatabase.fileForInstance``."""


@dataclass(frozen=True)
class AdoptedCourse:
    """The nodes of a course of the case.

    Parameters
    ----------
    identifier : str
        Of the prior course; :data:`~ReirradiationLib.model.case.NEW_COURSE_ID` for the current anatomy and the new plan.
    ct_id, structures_id, plan_id, transform_id : str
        Node IDs; empty where the scene holds none. ``transform_id`` is the transform node that the registration was taken
        from, or that was loaded from the REG object that the case names.
    dose_ids : tuple of str
    """

    identifier: str
    ct_id: str = ""
    dose_ids: tuple[str, ...] = ()
    structures_id: str = ""
    plan_id: str = ""
    transform_id: str = ""


@dataclass(frozen=True)
class Adoption:
    """A case of what is loaded.

    Parameters
    ----------
    draft : Draft
        The case, to be completed, and all remarks: those of the draft, what was left out, and where a node is not what its
        file says.
    scan : Scan
        The files, for the listing.
    courses : tuple of AdoptedCourse
        The new course first, then the prior ones in the order of the case.
    written : tuple of Path
        Files that were written beside the case file.
    """

    draft: Draft
    scan: Scan
    courses: tuple[AdoptedCourse, ...]
    written: tuple[Path, ...]


def adopt_scene(
    loaded: LoadedNodes,
    reader: NodeReader,
    file_of_instance: FileOfInstance,
    case_file: Path,
    naming: NamingTables,
    new_course: int | None = None,
) -> Adoption:
    """Draft a case of the files behind the nodes of a scene.

    Every node is compared with its file. Contours that were edited, or moved by a linear transform, are written as a new
    structure set beside the case file; a transform that a prior CT or dose stands under is written as a transform file and
    becomes the registration of its course. What cannot be written (changed dose voxels, another grid) is refused. The scene
    is not changed, and the case file is not written.

    Parameters
    ----------
    loaded : LoadedNodes
        As of ``mrml.loaded_nodes.loaded_nodes(scene)``.
    reader : NodeReader
        ``mrml.node_reader.MrmlNodeReader(scene)``.
    file_of_instance : callable
    case_file : Path
        Where the case file will be; new files go to its folder, which must be there.
    naming : NamingTables
    new_course : int, optional
        Number of the new course in the listing, from 1; the latest one if None.

    Raises
    ------
    DicomError
        If a file is not there, naming node and UID, or cannot be used.
    CaseError
        If nothing can be adopted, a dose or CT is not what its file says, or no case can be made of it.
    GeometryError, RegistrationError
        If a transform cannot be taken over.
    OutputError
        If a new file cannot be written.
    """
    raise NotImplementedError
