"""The registration of a prior course as the scene shows it: by the transforms that its nodes stand under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..model.errors import CaseError, GeometryError, OutputError
from ..model.geometry import Geometry
from ..model.loaded import LoadedDose, LoadedNode, LoadedRegistration, NodeReader, Relation
from ..model.registration import RegistrationChoice, RegistrationMethod
from ..model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from ..registration.transform_file import read_transform_file
from ..registration.transform_writer import SUFFIX, write_transform_file

SAME_ELEMENT = 1e-9
"""Of matrices and grids, mm: a thousandth of what single precision tells apart at a metre."""

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
    drafted_uid: str,
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
    drafted_uid : str
        SOPInstanceUID of the registration object that it names; empty if it names none.
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
        If the nodes of the course stand under different transforms, one of its doses stands under none, they stand under any
        in the current frame of reference, or under one that is partly from a registration object.
    GeometryError, RegistrationError
        If the transform cannot be taken over.
    OutputError
        If it cannot be written.
    """
    moved = [node for node in nodes if reader.relation(anchor.node_id, node.node_id) is not Relation.SAME]
    if not moved:
        return PlacedCourse(drafted)
    _require_together(identifier, nodes, moved, reader)
    apart = reader.parents_apart(moved[0].node_id, anchor.node_id)
    words = ", ".join(f"'{reader.name(one)}'" for one in apart)
    subject = f"Course '{identifier}'"
    from_files = [one for one in transforms if one.node_id in apart and one.instance_uids]
    if from_files and len(from_files) == len(apart):
        return _from_object(subject, words, drafted, drafted_uid, from_files)
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
    if drafted.method is RegistrationMethod.DICOM:
        remarks.append(f"{subject}: the registration {_in_words(drafted)} is therefore not used")
    path = _written(identifier, moved[0], prior_frame_uid, anchor, reader, folder)
    choice = RegistrationChoice(RegistrationMethod.TRANSFORM_FILE, path)
    return PlacedCourse(choice, apart[0], tuple(remarks), path)


def _from_object(
    subject: str, words: str, drafted: RegistrationChoice, drafted_uid: str, parents: Sequence[LoadedRegistration]
) -> PlacedCourse:
    """As drafted, whether by the object that was loaded or by another one."""
    if drafted_uid and all(drafted_uid in one.instance_uids for one in parents):
        remark = f"{subject}: {words} was loaded from a registration object; the object is used, not the node"
        return PlacedCourse(drafted, parents[0].node_id, (remark,))
    remark = (
        f"{subject}: it is shown under {words} from a registration object, but the case registers it {_in_words(drafted)}"
    )
    return PlacedCourse(drafted, "", (f"{remark}: choose which is meant",))


def _in_words(drafted: RegistrationChoice) -> str:
    if drafted.method is RegistrationMethod.IMAGES:
        return "by the images"
    if drafted.file is None:
        return "by the same frame of reference"
    return f"by {drafted.file.name}" if drafted.file.is_file() else "by one of several objects"


def _require_together(identifier: str, nodes: Sequence[LoadedNode], moved: Sequence[LoadedNode], reader: NodeReader) -> None:
    """Refuse what no single registration says; but a CT may be moved without the doses, or they without it."""
    doses = [node for node in nodes if isinstance(node, LoadedDose)]
    for one, node in [*((moved[0], node) for node in moved[1:]), *((doses[0], node) for node in doses[1:])]:
        if reader.relation(one.node_id, node.node_id) is not Relation.SAME:
            found = f"{one} and {node} stand under different transforms"
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
    elif not _is_same(read_transform_file(path, anchor.frame_uid, prior_frame_uid, anchor.geometry), transform):
        raise OutputError(str(path), "a file of that name holds another transform", "Move it elsewhere.", "a free name")
    return path


def _is_same(one: SpatialTransform, other: SpatialTransform) -> bool:
    return len(one.steps) == len(other.steps) and all(map(_is_same_step, one.steps, other.steps))


def _is_same_step(one: TransformStep, other: TransformStep) -> bool:
    """As files keep it: displacements to the last digit, matrices with the rounding of their offset."""
    if isinstance(one, Affine) and isinstance(other, Affine):
        return bool(np.allclose(one.matrix, other.matrix, rtol=0.0, atol=SAME_ELEMENT))
    if isinstance(one, DisplacementGrid) and isinstance(other, DisplacementGrid):
        grids = one.geometry.index_to_lps(), other.geometry.index_to_lps()
        is_on_grid = one.geometry.size == other.geometry.size and np.allclose(*grids, rtol=0.0, atol=SAME_ELEMENT)
        return bool(is_on_grid and np.array_equal(one.vectors_mm, other.vectors_mm, equal_nan=True))
    return False
