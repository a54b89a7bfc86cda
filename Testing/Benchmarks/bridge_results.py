"""Results into an open scene, and closed surfaces, beside Slicer's own means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bridge_case import BridgeCase, anatomy_and_doses, header, medians, row, seconds
from bridge_slicer import SlicerScript, converted, slicer_util
from bridge_surfaces import surface_errors, volume_errors_percent
from ReirradiationLib.model.scene import SceneContent
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.scene_content import replace_results
from ReirradiationLib.mrml.segmentation_node import segmentation_node
from vtk.util.numpy_support import vtk_to_numpy


def report(case: BridgeCase) -> None:
    results("The demo's results into an open scene", case.demo, rounds=5)
    results("A CT of 512 × 512 × 200, ten structures and three doses into an open scene", case.clinical, rounds=3)
    surfaces(case)


def results(title: str, content: SceneContent, rounds: int) -> None:
    same = anatomy_and_doses(content)
    ways: dict[str, Callable[[], tuple[float, float, str]]] = {
        "ours, CT, doses and structures": lambda: ours(same),
        "slicer.util, the same": lambda: with_slicer_util(same),
        "ours, with all that belongs to it": lambda: ours(content),
    }
    first: dict[str, list[float]] = {name: [] for name in ways}
    again: dict[str, list[float]] = {name: [] for name in ways}
    told: dict[str, str] = {}

    def run(name: str) -> Callable[[], float]:
        def measured() -> float:
            once, twice, told[name] = ways[name]()
            first[name].append(once)
            again[name].append(twice)
            return once

        return measured

    medians({name: run(name) for name in ways}, rounds)
    header(
        title,
        "a re-run: s | ratio | voxels that differ: CT, doses, masks | volume of surfaces against masks, largest [%]",
        rounds,
    )
    once, twice = ({name: float(np.median(values)) for name, values in of.items()} for of in (first, again))
    base = next(iter(ways))
    for name in ways:
        more = f"{twice[name]:.3g} | {twice[name] / twice[base]:.2f} | {told[name]}"
        row(name, once[name], once[base], more)


def ours(content: SceneContent) -> tuple[float, float, str]:
    with HeadlessApplication() as application:
        scene = application.scene
        once = seconds(lambda: replace_results(scene, content))
        made: list[Any] = []
        twice = seconds(lambda: made.append(replace_results(scene, content)))
        nodes = made[0]
        return once, twice, differences(application, content, nodes.image, nodes.doses, nodes.segmentations[0])


def with_slicer_util(content: SceneContent) -> tuple[float, float, str]:
    with HeadlessApplication() as application:
        script = SlicerScript(application)
        once = seconds(lambda: script.put(content))
        twice = seconds(lambda: script.update(content))
        return once, twice, differences(application, content, script.image, script.doses, script.segmentation)


def differences(application: HeadlessApplication, content: SceneContent, image: Any, doses: Any, node: Any) -> str:
    """Voxels of the nodes that are not those of the content, as Slicer reads them."""
    wrong = [voxels_that_differ(image, content.image.voxels_hu)]
    wrong.append(sum(voxels_that_differ(one, dose.voxels_gy) for one, dose in zip(doses, content.doses, strict=True)))
    in_masks = 0
    with slicer_util(application) as util:
        for structure in content.structures:
            segment = node.GetSegmentation().GetSegmentIdBySegmentName(structure.name)
            held = util.arrayFromSegmentBinaryLabelmap(node, segment, image)
            in_masks += int(np.count_nonzero((held > 0) != structure.mask))
    largest = np.abs(volume_errors_percent(node, content.structures)).max()
    return f"{wrong[0]}, {wrong[1]}, {in_masks} | {largest:.2f}"


def voxels_that_differ(node: Any, voxels: np.ndarray) -> int:
    held = vtk_to_numpy(node.GetImageData().GetPointData().GetScalars()).reshape(voxels.shape)
    return int(np.count_nonzero(held != voxels))


def surfaces(case: BridgeCase, rounds: int = 3) -> None:
    structures = case.clinical.structures
    ways: dict[str, Callable[[Any], Any]] = {
        "ours": lambda scene: segmentation_node(scene, structures, "Structures"),
        "Slicer's converter, its defaults (smoothing 0.5)": lambda scene: converted(scene, structures),
        "Slicer's converter, no smoothing, no normals": lambda scene: converted(scene, structures, "0", "0"),
    }
    with HeadlessApplication() as application:
        scene = application.scene

        def run(make: Callable[[Any], Any]) -> Callable[[], float]:
            def measured() -> float:
                made: list[Any] = []
                value = seconds(lambda: made.append(make(scene)))
                scene.RemoveNode(made[0])
                return value

            return measured

        found = medians({name: run(make) for name, make in ways.items()}, rounds)
        head = (
            "volume against the mask, mean / largest [%] | against the true body, mean / largest [%] | "
            "distance of the mask's boundary, mean / P99 / largest [mm]"
        )
        header("Ten masks to labelmaps with closed surfaces", head, rounds)
        for name, make in ways.items():
            row(name, found[name], found["ours"], str(surface_errors(make(scene), structures, case.shapes)))
