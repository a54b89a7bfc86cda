"""What a scene holds, taken over as a case and as numbers, beside reading the files again and beside bare copies."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pydicom
from bridge_case import DEMO, BridgeCase, header, medians, row, seconds
from ReirradiationLib.adoption.node_files import files_behind
from ReirradiationLib.adoption.node_models import dose_of_node, image_of_node
from ReirradiationLib.dicom.records import Records, read_records
from ReirradiationLib.dicom.scan.ct_series import gather_series
from ReirradiationLib.dicom.scan.draft import draft_case
from ReirradiationLib.dicom.scan.draft_structures import load_naming_tables
from ReirradiationLib.dicom.scan.headers import CtHeader
from ReirradiationLib.dicom.scan.scan import scan
from ReirradiationLib.model.case_file import case_to_json
from ReirradiationLib.model.protocol_tables import default_protocol_folder
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.loaded_nodes import loaded_nodes
from ReirradiationLib.mrml.node_reader import MrmlNodeReader
from ReirradiationLib.mrml.scene_content import add_content
from ReirradiationLib.report.results import StructureResult
from ReirradiationLib.report.structure_metrics import metric_summaries, structure_sums
from ReirradiationLib.scene_adoption import adopt_scene
from ReirradiationLib.transfer import transfer
from slicerrt_nodes import SlicerRt, load_demo
from vtk.util.numpy_support import vtk_to_numpy


def report(case: BridgeCase) -> None:
    with HeadlessApplication() as application:
        rt = SlicerRt(application.scene)
        nodes = load_demo(rt, DEMO)
        registration = application.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "REG")
        rt.load_registration(DEMO / "course2" / "REG_deform.dcm", registration)
        adoption(rt)
        metrics(rt, nodes, case)
    copies(case)


class ClockedReader:
    """A reader of nodes, and how long it took in all."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def clocked(*given: Any) -> Any:
            start = time.perf_counter()
            try:
                return getattr(self._reader, name)(*given)
            finally:
                self.seconds += time.perf_counter() - start

        return clocked


def adoption(rt: SlicerRt, rounds: int = 5) -> None:
    """A case of the nodes that SlicerRT loaded, against drafts of the folder and against reading its files once."""
    naming = load_naming_tables(default_protocol_folder())
    paths = list(rt.files.values())
    with tempfile.TemporaryDirectory() as folder:
        case_file = Path(folder) / "case.json"

        in_scene: list[float] = []

        def adopted() -> Any:
            reader = ClockedReader(MrmlNodeReader(rt.scene))
            found = adopt_scene(loaded_nodes(rt.scene), reader, rt.file_of_instance, case_file, naming)
            in_scene.append(reader.seconds)
            return found

        def drafted() -> Any:
            return draft_case(scan([DEMO]), case_file, None, naming)

        ways: dict[str, Callable[[], object]] = {
            "ours, the open scene": adopted,
            "ours, the folder": drafted,
            "pydicom dcmread of the same files, nothing looked at": lambda: [pydicom.dcmread(path) for path in paths],
            "pydicom dcmread(stop_before_pixels)": lambda: [
                pydicom.dcmread(path, stop_before_pixels=True) for path in paths
            ],
            "ours, is there anything to adopt (loaded_nodes)": lambda: loaded_nodes(rt.scene),
        }
        found = medians({name: clock(work) for name, work in ways.items()}, rounds)
        found["of the first: what asks the scene, on the main thread"] = float(np.median(in_scene))
        header(f"Adopting the demo: nodes of {len(paths)} files", "the same case as from the folder", rounds)
        is_same = case_to_json(adopted().draft.case) == case_to_json(drafted().case)
        first = next(iter(ways))
        for name, value in found.items():
            row(name, value, found[first], ("yes" if is_same else "NO") if name == first else "–")


def clock(work: Callable[[], object]) -> Callable[[], float]:
    return lambda: seconds(work)


def metrics(rt: SlicerRt, nodes: dict[str, Any], case: BridgeCase) -> None:
    """All metrics of all structures from what the nodes hold, against those from the files."""
    records = read_records(case.results.case)
    held = records_of_nodes(rt, nodes, records)
    with (
        mock.patch("ReirradiationLib.transfer.read_records", lambda *given: held),
        mock.patch("ReirradiationLib.transfer.judge_registrations", lambda *given: ()),
    ):
        of_nodes = metric_values(transfer(case.results.case, Monitor(), ()).structures, case)
    of_files = metric_values(case.results.structures, case)
    scale = np.maximum(np.abs(of_files), 1e-12)
    largest = float(np.max(np.abs(of_nodes - of_files) / scale))
    print(f"\nMetrics from nodes and from files: {len(of_files)} values, largest relative difference {largest:.1e}.")


def records_of_nodes(rt: SlicerRt, nodes: dict[str, Any], records: Records) -> Records:
    """The records with CT, structures and doses of the nodes in the place of those that were read."""
    loaded, reader = loaded_nodes(rt.scene), MrmlNodeReader(rt.scene)
    files, _ = files_behind(loaded, rt.file_of_instance)
    ct = next(one for one in loaded.cts if one.node_id == nodes["course2.ct"].GetID())
    doses = {one.node_id: one for one in loaded.doses}
    slices = [each for each in files.headers if isinstance(each, CtHeader) and each.origin.uid in ct.instance_uids]
    (series,) = gather_series(slices)

    def dose(name: str) -> Any:
        return dose_of_node(doses[nodes[name].GetID()], reader, DEMO / name.split(".")[0] / "RD.dcm")

    assert records.new is not None
    structures = reader.structures(nodes["course2.structures"].GetID(), ct.node_id)
    return replace(
        records,
        ct=image_of_node(ct, reader, series),
        structures=replace(records.structures, structures=structures),
        prior=(replace(records.prior[0], dose=dose("course1.dose")),),
        new=replace(records.new, dose=dose("course2.dose")),
    )


def metric_values(structures: Sequence[StructureResult], case: BridgeCase) -> np.ndarray:
    of_case = case.results.case
    found = [
        (one.prior_raw, one.cumulative_raw)
        for each in structures
        for one in metric_summaries(of_case.metrics, each, structure_sums(each, False))
    ]
    return np.array([value for pair in found for value in pair if value is not None])


def copies(case: BridgeCase, rounds: int = 5) -> None:
    """Voxels with their grid and contours out of nodes, against copies of the memory that know no grid."""
    with HeadlessApplication() as application:
        nodes = add_content(application.scene, case.clinical)
        reader = MrmlNodeReader(application.scene)
        volumes, drawn = [nodes.image, *nodes.doses], nodes.contours
        ways: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
            "CT and three doses": (
                lambda: [reader.volume(node.GetID()).voxels for node in volumes],
                lambda: [array_copy(node) for node in volumes],
            ),
            f"{sum(len(one) for one in points_copy(drawn)) / 1000:.0f} 000 points of ten structures": (
                lambda: [np.concatenate(each.contours_mm) for each in reader.structures(drawn.GetID(), "")],
                lambda: points_copy(drawn),
            ),
        }
        header("Nodes to numbers, clinical size", "largest difference", rounds)
        for name, (own, bare) in ways.items():
            found = medians({"own": clock(own), "bare": clock(bare)}, rounds)
            far = max(float(np.abs(a - b).max()) for a, b in zip(own(), bare(), strict=True))
            row(f"ours, {name}", found["own"], found["own"], f"{far:.2g}")
            row(f"vtk_to_numpy and a copy, {name}", found["bare"], found["own"], "–")


def array_copy(node: Any) -> np.ndarray:
    image = node.GetImageData()
    return np.array(vtk_to_numpy(image.GetPointData().GetScalars())).reshape(image.GetDimensions()[::-1])


def points_copy(node: Any) -> list[np.ndarray]:
    """The points of every segment, in LPS, which contour they are of forgotten."""
    segmentation = node.GetSegmentation()
    found = []
    for n in range(segmentation.GetNumberOfSegments()):
        lines = segmentation.GetNthSegment(n).GetRepresentation("Planar contour")
        found.append(np.array(vtk_to_numpy(lines.GetPoints().GetData())) * (-1.0, -1.0, 1.0))
    return found
