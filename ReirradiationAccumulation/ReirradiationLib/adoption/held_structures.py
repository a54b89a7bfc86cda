"""A segmentation node held against its structure set: what was edited, added, removed, renamed or moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import CaseError
from ..model.geometry import Geometry
from ..model.loaded import LoadedStructures, NodeReader, Relation
from ..model.segment import AnyStructure, LabelmapStructure
from ..model.structure import Structure, StructureSet
from .drawn_contours import drawn_contours

SAME_POINT_MM = 1e-3
"""Points of a node and its file differ by less: SlicerRT keeps them in single precision, 0.00006 mm at a metre."""


@dataclass(frozen=True, eq=False)
class HeldStructures:
    """What a segmentation node holds.

    Parameters
    ----------
    structures : tuple of Structure
        With contours, LPS in the frame of the CT; those that nobody touched as the file has them, in double precision.
    changes : tuple of str
        How it differs from its file, in words; empty if it does not, or if there is no file.
    empty : tuple of str
        Names of segments in which nothing is drawn.
    """

    structures: tuple[Structure, ...]
    changes: tuple[str, ...]
    empty: tuple[str, ...]


def held_structures(
    node: LoadedStructures, reader: NodeReader, ct_id: str, ct: Geometry, file: StructureSet | None
) -> HeldStructures:
    """Read a segmentation node in the coordinates of the CT and compare it with its file.

    Parameters
    ----------
    node : LoadedStructures
    reader : NodeReader
    ct_id : str
        Node of the CT; empty for the world.
    ct : Geometry
        Grid of the CT.
    file : StructureSet or None
        None for what somebody drew.

    Raises
    ------
    GeometryError
        If the node stands under a transform that is not linear, or one that would shear a labelmap.
    CaseError, DosimetryError
        If the CT was moved away from its structures, or a segment cannot be written as contours.
    """
    is_moved = reader.relation(node.node_id, ct_id) is not Relation.SAME
    if is_moved:
        _require_ct_in_place(node, reader, ct_id)
    drawn = reader.structures(node.node_id, ct_id)
    known = file.structures if file is not None else ()
    partners = _partners(drawn, known)
    free = max((one.number for one in known), default=0)
    empty, changes = [*reader.blank_segments(node.node_id)], []
    structures: list[Structure] = []
    for segment, partner in zip(drawn, partners, strict=True):
        changes += _changes(segment, partner)
        if partner is not None and not is_moved and _is_drawn_as(segment, partner):
            structures += [replace(partner, name=segment.name)] if partner.contours_mm else []
            continue
        contours = drawn_contours(segment, ct)
        if not contours.contours_mm:
            empty.append(segment.name)
            continue
        free += partner is None
        number, kind = (partner.number, partner.interpreted_type) if partner is not None else (free, "")
        structures.append(replace(contours, number=number, interpreted_type=kind))
    changes += [f"'{one.name}' was removed" for one in known if one.contours_mm and not any(one is p for p in partners)]
    if is_moved:
        changes.append("all of it is moved by the linear transform that it stands under")
    return HeldStructures(tuple(structures), tuple(changes) if file is not None else (), tuple(empty))


def _require_ct_in_place(node: LoadedStructures, reader: NodeReader, ct_id: str) -> None:
    """Refuse a CT that stands under a transform without its structures: SlicerRT puts it under registration objects so."""
    apart = set(reader.parents_apart(ct_id, "")) - set(reader.parents_apart(node.node_id, ""))
    if apart:
        found = (
            f"it does not stand under {', '.join(sorted(repr(reader.name(one)) for one in apart))}, as the current CT does"
        )
        remedy = "Take the CT out of its transform, or put both under the same one."
        raise CaseError(f"The {node}", found, remedy, "the place of its CT")


def _partners(drawn: Sequence[AnyStructure], known: Sequence[Structure]) -> list[Structure | None]:
    """For each segment the region of the file that it was: of the same number and name, or number, or name."""
    partners: list[Structure | None] = [None] * len(drawn)
    free = list(known)
    tests: tuple[Callable[[AnyStructure, Structure], bool], ...] = (
        lambda segment, one: one.number == _number(segment) and one.name == segment.name,
        lambda segment, one: one.number == _number(segment),
        lambda segment, one: one.name == segment.name,
    )
    for is_it in tests:
        for n, segment in enumerate(drawn):
            found = next((one for one in free if partners[n] is None and is_it(segment, one)), None)
            if found is not None:
                partners[n] = found
                free = [one for one in free if one is not found]
    return partners


def _changes(segment: AnyStructure, partner: Structure | None) -> list[str]:
    """What happened to a segment, in words."""
    if partner is None:
        return [f"'{segment.name}' was added"]
    renamed = [f"'{partner.name}' was renamed to '{segment.name}'"] if segment.name != partner.name else []
    if _is_drawn_as(segment, partner):
        return renamed
    if isinstance(segment, Structure):
        return [*renamed, f"the contours of '{segment.name}' were changed"]
    kind = "a labelmap" if isinstance(segment, LabelmapStructure) else "a closed surface"
    return [*renamed, f"'{segment.name}' is held as {kind}, no longer as contours"]


def _number(segment: AnyStructure) -> int | None:
    return segment.number if isinstance(segment, Structure) and segment.number else None


def _is_drawn_as(segment: AnyStructure, partner: Structure) -> bool:
    """Whether the contours are those of the file; open lines are closed by the import, damaged contours come as they may."""
    if not isinstance(segment, Structure):
        return False
    return bool(partner.damage) or _same_loops(segment.contours_mm, partner.contours_mm or partner.open_mm)


def _same_loops(held: Sequence[FloatArray], loops: Sequence[FloatArray]) -> bool:
    return len(held) == len(loops) and all(
        one.shape == other.shape and bool(np.abs(one - other).max(initial=0.0) <= SAME_POINT_MM)
        for one, other in zip(held, loops, strict=True)
    )
