"""The structures of the new course as the scene holds them: the structure set itself, or a new file of what was changed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..dicom.ct import read_ct
from ..dicom.held_structure_writer import write_held_structures
from ..dicom.scan.ct_series import CtSeries
from ..dicom.scan.draft import DraftedAnatomy
from ..dicom.structures import read_structures
from ..model.errors import CaseError, OutputError
from ..model.loaded import LoadedNodes, LoadedStructures, NodeReader
from .comparison import series_geometry
from .held_structures import HeldStructures, held_structures


@dataclass(frozen=True)
class CurrentStructures:
    """Which files stand for the structures.

    Parameters
    ----------
    replaced : tuple of Path
        Structure sets that are not to be used, because a new file or a chosen set takes their place.
    written : tuple of Path
    remarks : tuple of str
    node_ids : tuple of str
        Segmentation nodes of the sets.
    """

    replaced: tuple[Path, ...] = ()
    written: tuple[Path, ...] = ()
    remarks: tuple[str, ...] = ()
    node_ids: tuple[str, ...] = ()


def current_structures(anatomy: DraftedAnatomy, loaded: LoadedNodes, reader: NodeReader, folder: Path) -> CurrentStructures:
    """Compare the structure sets of the new course with their nodes, and write what was changed or drawn.

    Parameters
    ----------
    anatomy : DraftedAnatomy
    loaded : LoadedNodes
    reader : NodeReader
    folder : Path
        Where a new structure set is written.

    Raises
    ------
    CaseError
        If the new course has no structures, or several segmentations were drawn and no structure set says which counts.
    GeometryError, DosimetryError, DicomError, OutputError
        If a segment or the CT cannot be used, or the file not be written.
    """
    if not anatomy.sets:
        return _drawn(anatomy, loaded, reader, folder)
    by_uid = {uid: node for node in loaded.structures for uid in node.instance_uids}
    assert anatomy.ct is not None, "a structure set is listed with its CT"
    ct = next((node for node in loaded.cts if anatomy.ct.slice_uids & set(node.instance_uids)), None)
    found = CurrentStructures()
    for header in anatomy.sets:
        node = by_uid.get(header.origin.uid)
        if node is None:
            continue
        found = _with_node(found, node)
        file = read_structures(header.origin.file.path)
        held = held_structures(node, reader, ct.node_id if ct else "", series_geometry(anatomy.ct), file)
        found = _with_remarks(found, *_empty_remarks(node, held))
        if held.changes:
            others = [one.origin.file.path for one in anatomy.group.structures] if len(anatomy.sets) == 1 else []
            path = _written(node, held, anatomy.ct, file.label, folder)
            remark = f"{node} is not what {file.file.name} says: {'; '.join(held.changes)}. It was written to {path.name}"
            replaced = (*found.replaced, file.file, *others)
            found = CurrentStructures(replaced, (*found.written, path), (*found.remarks, remark), found.node_ids)
    drawn = [node for node in loaded.structures if not node.instance_uids]
    return _with_remarks(found, *(f"{node} did not come from an RTSTRUCT: left out" for node in drawn))


def _drawn(anatomy: DraftedAnatomy, loaded: LoadedNodes, reader: NodeReader, folder: Path) -> CurrentStructures:
    """What somebody drew on a CT of the new course, where there is no structure set."""
    series_by_node = {
        node.node_id: series
        for node in loaded.cts
        for series in anatomy.group.ct_series
        if series.slice_uids & set(node.instance_uids)
    }
    drawn = [node for node in loaded.structures if not node.instance_uids and node.drawn_on_id in series_by_node]
    if len(drawn) != 1:
        names = ", ".join(f"'{node.name}'" for node in drawn)
        found = f"several segmentations were drawn on its CT: {names}" if drawn else "it has no structure set on its CT"
        remedy = (
            "Put all structures into one of them and remove the others." if drawn else "Load the structure set and its CT."
        )
        raise CaseError("The new course", found, remedy, "one structure set, or one segmentation on the CT")
    (node,) = drawn
    series = series_by_node[node.drawn_on_id]
    held = held_structures(node, reader, node.drawn_on_id, series_geometry(series), None)
    path = _written(node, held, series, node.name, folder)
    remark = f"{node} did not come from an RTSTRUCT. It was written to {path.name}"
    return CurrentStructures((), (path,), (*_empty_remarks(node, held), remark), (node.node_id,))


def _written(node: LoadedStructures, held: HeldStructures, series: CtSeries, label: str, folder: Path) -> Path:
    """A structure set named by what it holds: the same structures are written once."""
    if not held.structures:
        raise CaseError(f"The {node}", "it holds no structure", "Draw one, or load the structure set again.", "contours")
    first = series.slices[0].origin
    reference = read_ct(first.file.path.parent, first.series_uid)
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            new = Path(scratch) / "structures.dcm"
            uid = write_held_structures(new, held.structures, reference, label)
            path = folder / f"structures-{uid[-12:]}.dcm"
            if not path.exists():
                new.replace(path)
            elif path.read_bytes() != new.read_bytes():
                found = "a file of that name holds other structures"
                raise OutputError(str(path), found, "Move it elsewhere.", "a free name")
    except OSError as error:
        found = f"cannot be written to ({error.strerror or error})"
        raise OutputError(str(folder), found, "Choose a folder for the case that you can write to.") from error
    return path


def _empty_remarks(node: LoadedStructures, held: HeldStructures) -> list[str]:
    return [f"{node}: nothing is drawn in {', '.join(repr(name) for name in held.empty)}: left out"] if held.empty else []


def _with_remarks(found: CurrentStructures, *remarks: str) -> CurrentStructures:
    return CurrentStructures(found.replaced, found.written, (*found.remarks, *remarks), found.node_ids)


def _with_node(found: CurrentStructures, node: LoadedStructures) -> CurrentStructures:
    return CurrentStructures(found.replaced, found.written, found.remarks, (*found.node_ids, node.node_id))
