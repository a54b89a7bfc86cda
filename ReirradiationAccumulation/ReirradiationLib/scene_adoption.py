"""What 3D Slicer has loaded, taken over as a case: the files behind the nodes, and new files for what was changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from .adoption.current_structures import current_structures
from .adoption.new_files import only_if_all_goes_well, own_files
from .adoption.node_files import FileOfInstance, files_behind
from .adoption.scene_courses import AdoptedCourse, SceneCourses
from .dicom.scan.draft import Draft, current_anatomy, draft_case
from .dicom.scan.draft_structures import NamingTables
from .dicom.scan.scan import Scan, scan_found
from .dicom.scan.scan_files import files_named
from .model.errors import Cancelled, OutputError
from .model.loaded import LoadedNodes, NodeReader

__all__ = ["AdoptedCourse", "Adoption", "FileOfInstance", "adopt_scene"]


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
        Files beside the case file that it names.
    fresh : tuple of Path
        Those of them that were not there before.
    loaded : LoadedNodes
        The scene that it is of.
    """

    draft: Draft
    scan: Scan
    courses: tuple[AdoptedCourse, ...]
    written: tuple[Path, ...]
    fresh: tuple[Path, ...]
    loaded: LoadedNodes


def adopt_scene(
    loaded: LoadedNodes,
    reader: NodeReader,
    file_of_instance: FileOfInstance,
    case_file: Path,
    naming: NamingTables,
    new_course: int | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Adoption:
    """Draft a case of the files behind the nodes of a scene.

    Every node is compared with its file. Contours that were edited, or moved by a linear transform, are written as a new
    structure set beside the case file; a transform that a prior CT or dose stands under is written as a transform file and
    becomes the registration of its course. What cannot be written (changed dose voxels, another grid) is refused; of a CT
    whose voxels were changed the files are used, and that is told. The scene is not changed, and the case file is not
    written.

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
    is_cancelled : callable
        Asked between pieces of work.

    Raises
    ------
    Cancelled
        If the user asked to stop.
    DicomError
        If a file is not there, naming node and UID, or cannot be used.
    CaseError
        If nothing can be adopted, a dose or CT is not what its file says, or no case can be made of it.
    GeometryError, RegistrationError
        If a transform cannot be taken over.
    OutputError
        If a new file cannot be written. Whatever the error, no new file is left.
    """
    folder = case_file.parent
    if not folder.is_dir():
        raise OutputError(str(folder), "no such folder", "Choose a folder that is there for the case.", "a folder")

    def go_on() -> None:
        if is_cancelled():
            raise Cancelled

    def asked(uid: str) -> str | None:
        go_on()
        return file_of_instance(uid)

    before = own_files(folder)
    with only_if_all_goes_well(folder):
        found = _adopted(loaded, reader, asked, case_file, naming, new_course, go_on)
        go_on()
        return replace(found, fresh=tuple(path for path in found.written if path not in before))


def _adopted(
    loaded: LoadedNodes,
    reader: NodeReader,
    file_of_instance: FileOfInstance,
    case_file: Path,
    naming: NamingTables,
    new_course: int | None,
    go_on: Callable[[], None],
) -> Adoption:
    folder = case_file.parent
    files, strange = files_behind(loaded, file_of_instance)
    anatomy = current_anatomy(scan_found(files_named(files.paths), headers_only=True), new_course, [])
    go_on()
    structures = current_structures(anatomy, loaded, reader, folder)
    go_on()
    paths = [path for path in files.paths if path not in structures.replaced]
    found = scan_found(files_named([*paths, *structures.written]))
    draft = draft_case(found, case_file, new_course, naming)
    go_on()
    courses = SceneCourses.of(loaded, reader, found, current_anatomy(found, new_course, []), folder)
    current = courses.current(draft.case.current)
    new = courses.new_course(structures.node_ids)
    prior = [courses.prior_course(course) for course in draft.case.prior_courses]
    case = replace(draft.case, current=current, prior_courses=tuple(course.case for course in prior))
    remarks = [f"'{one.name}' left out: {one.reason}" for one in (*loaded.left_out, *strange)]
    remarks += [*structures.remarks, *new.remarks, *(remark for course in prior for remark in course.remarks)]
    remarks += courses.unused_remarks([new.nodes, *(course.nodes for course in prior)], structures.node_ids)
    written = [*structures.written, *(course.written for course in prior if course.written is not None)]
    nodes = (new.nodes, *(course.nodes for course in prior))
    return Adoption(Draft(case, (*draft.remarks, *remarks)), found, nodes, tuple(written), (), loaded)
