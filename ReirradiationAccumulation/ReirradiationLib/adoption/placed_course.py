"""The registration of a prior course as the scene shows it: by the transforms that its nodes stand under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.errors import CaseError, GeometryError
from ..model.geometry import Geometry
from ..model.loaded import LoadedNode, LoadedRegistration, NodeReader, Relation
from ..model.registration import RegistrationChoice, RegistrationMethod
from ..registration.transform_writer import SUFFIX, write_transform_file

UNDO = "Take them out of their transforms, or put both under the same one."


@dataclass(frozen=True)
class Anchor:
    """What the current anatomy is in the scene.

    Parameters
    ----------
    node_id : str
        The current CT; empty for the world if it is not loaded.
    frame_uid : str
    geometry : Geometry
        Grid of the current CT.
    """

    node_id: str
    frame_uid: str
    geometry: Geometry


@dataclass(frozen=True)
class PlacedCourse:
    """How a course lies in the scene.

    Parameters
    ----------
    registration : RegistrationChoice
    transform_id : str
        The transform node behind it; empty if none.
    remarks : tuple of str
    written : Path or None
    """

    registration: RegistrationChoice
    transform_id: str = ""
    remarks: tuple[str, ...] = ()
    written: Path | None = None


def placed_course(
    identifier: str,
    drafted: RegistrationChoice,
    prior_frame_uid: str,
    nodes: Sequence[LoadedNode],
    transforms: Sequence[LoadedRegistration],
    anchor: Anchor,
    reader: NodeReader,
    folder: Path,
) -> PlacedCourse:
    """The registration of a course: what its CT or dose stands under, or as drafted if they stand as the current CT does.

    A transform that was loaded from a registration object is read from its file and not from the node: SlicerRT applies
    deformable ones in the wrong direction (PS3.3 C.20.3.1.1), and rigid ones of several items multiplied.

    Parameters
    ----------
    identifier : str
        Of the course.
    drafted : RegistrationChoice
        What the draft found without the scene.
    prior_frame_uid : str
    nodes : sequence of LoadedNode
        CT and doses of the course.
    transforms : sequence of LoadedRegistration
        All of the scene.
    anchor : Anchor
    reader : NodeReader
    folder : Path
        Where a transform file is written.

    Raises
    ------
    CaseError
        If the nodes of the course stand under different transforms, in the current frame of reference under any, or under
        one that is partly from a registration object.
    GeometryError, RegistrationError
        If the transform cannot be taken over.
    OutputError
        If it cannot be written.
    """
    moved = [node for node in nodes if reader.relation(anchor.node_id, node.node_id) is not Relation.SAME]
    if not moved:
        return PlacedCourse(drafted)
    _require_together(identifier, moved, reader)
    named = {one.node_id: one for one in transforms}
    parents = [named[one] for one in reader.parents_apart(moved[0].node_id, anchor.node_id) if one in named]
    words = ", ".join(f"'{one.name}'" for one in parents)
    subject = f"Course '{identifier}'"
    from_files = [one for one in parents if one.instance_uids]
    if from_files and len(from_files) == len(parents):
        remark = f"{subject}: {words} was loaded from a registration object; the object is used, not the node"
        return PlacedCourse(drafted, parents[0].node_id, (remark,))
    if from_files:
        found = f"it stands under {words}, of which {len(from_files)} came from a registration object"
        raise CaseError(
            subject, found, "Register anew from the images, or remove one of the transforms.", "one registration"
        )
    if prior_frame_uid == anchor.frame_uid:
        found = f"{moved[0]} stands under {words}, but lies in the frame of reference of the current CT already"
        raise CaseError(subject, found, "Take it out of the transform.", "no transform")
    remarks = [f"{subject}: the transform {words} that {moved[0]} stands under is its registration; look at it and sign"]
    if len(moved) < len(nodes):
        still = ", ".join(str(node) for node in nodes if node not in moved)
        remarks.append(
            f"{subject}: {still} does not stand under it, but is of the same frame of reference: it is taken along"
        )
    if drafted.method is RegistrationMethod.DICOM and drafted.file is not None:
        remarks.append(f"{subject}: the registration object {drafted.file.name} is therefore not used")
    path = _written(identifier, moved[0], prior_frame_uid, anchor, reader, folder)
    choice = RegistrationChoice(RegistrationMethod.TRANSFORM_FILE, path)
    return PlacedCourse(choice, parents[0].node_id if parents else "", tuple(remarks), path)


def _require_together(identifier: str, moved: Sequence[LoadedNode], reader: NodeReader) -> None:
    for node in moved[1:]:
        if reader.relation(moved[0].node_id, node.node_id) is not Relation.SAME:
            found = f"{moved[0]} and {node} stand under different transforms"
            raise CaseError(f"Course '{identifier}'", found, UNDO, "one place")


def _written(
    identifier: str, node: LoadedNode, prior_frame_uid: str, anchor: Anchor, reader: NodeReader, folder: Path
) -> Path:
    """The transform file, named by what it holds: the same transform is written once."""
    try:
        transform = reader.transform(anchor.node_id, node.node_id, anchor.frame_uid, prior_frame_uid, anchor.geometry)
    except GeometryError as error:
        raise GeometryError(f"The {node}, {error.subject}", error.found, error.remedy, error.expected) from error
    path = folder / f"{identifier}-transform-{transform.key}{SUFFIX}"
    if not path.exists():
        write_transform_file(path, transform)
    return path
