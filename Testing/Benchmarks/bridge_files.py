"""Scene files, and what every click costs: an edit of the case document."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bridge_case import DEMO, BridgeCase, anatomy_and_doses, header, medians, row, seconds
from bridge_slicer import SlicerScript
from ReirradiationLib.case_document import CaseDocument, open_case
from ReirradiationLib.model.case_edits import with_delivered_fractions, with_texts
from ReirradiationLib.model.case_file import case_to_json
from ReirradiationLib.model.scene import SceneContent
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.scene_writer import MrbSceneWriter, read_scene
from vtk.util.numpy_support import vtk_to_numpy


def report(case: BridgeCase) -> None:
    bundles(case.demo)
    edits()


def bundles(content: SceneContent, rounds: int = 3) -> None:
    """case.mrb of the demo, written and read back, against WriteToMRB of plain nodes."""
    same = anatomy_and_doses(content)
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{n}.mrb" for n, name in enumerate(("same", "plain", "all"))}
        ways: dict[str, tuple[str, Callable[[], object]]] = {
            "ours, CT, doses and structures": ("same", lambda: MrbSceneWriter().write(same, paths["same"])),
            "scene.WriteToMRB of plain nodes, the same": ("plain", lambda: write_plain(same, paths["plain"])),
            "ours, with all that belongs to it": ("all", lambda: MrbSceneWriter().write(content, paths["all"])),
        }
        written = medians({name: clock(work) for name, (_, work) in ways.items()}, rounds)
        read = medians({name: clock(lambda key=key: read_back(paths[key])) for name, (key, _) in ways.items()}, rounds)
        header("The demo's case.mrb, written", "read: s | ratio | size [MB] | voxels that differ after it", rounds)
        first = next(iter(ways))
        for name, (key, _) in ways.items():
            size = paths[key].stat().st_size / 1e6
            wrong = voxels_that_differ(paths[key], same)
            more = f"{read[name]:.3g} | {read[name] / read[first]:.2f} | {size:.1f} | {wrong}"
            row(name, written[name], written[first], more)


def clock(work: Callable[[], object]) -> Callable[[], float]:
    return lambda: seconds(work)


def write_plain(content: SceneContent, path: Path) -> None:
    with HeadlessApplication() as application:
        SlicerScript(application).put(content)
        path.unlink(missing_ok=True)
        if not application.scene.WriteToMRB(str(path)):
            raise RuntimeError(f"{path} was not written")


def read_back(path: Path) -> None:
    with HeadlessApplication() as application:
        read_scene(application, path)


def voxels_that_differ(path: Path, content: SceneContent) -> int:
    """Of CT and doses: each is the volume of its name, which ends in the unit where it is ours."""
    expected = {dose.name: dose.voxels_gy for dose in content.doses}
    ct_names = {"CT", content.image.description}
    wrong = []
    with HeadlessApplication() as application:
        read_scene(application, path)
        nodes = application.scene.GetNodesByClass("vtkMRMLScalarVolumeNode")
        for n in range(nodes.GetNumberOfItems()):
            node = nodes.GetItemAsObject(n)
            voxels = expected.get(node.GetName().split(" [Gy")[0])
            if node.GetName() in ct_names:
                voxels = content.image.voxels_hu
            if voxels is not None:
                held = vtk_to_numpy(node.GetImageData().GetPointData().GetScalars()).reshape(voxels.shape)
                wrong.append(int(np.count_nonzero(held != voxels)))
    if len(wrong) != len(expected) + 1:
        raise RuntimeError(f"{path} holds {len(wrong)} of {len(expected) + 1} volumes")
    return sum(wrong)


def edits(rounds: int = 15) -> None:
    """One click: the text with the change in it, and the case and what is missing read from it again."""
    document = open_case(DEMO / "case.json")
    course = document.case.prior_courses[0].identifier
    planned = document.case.prior_courses[0].delivered_fractions

    def fractions() -> CaseDocument:
        return document.with_case(with_delivered_fractions(document.case, course, 9))

    def shown() -> tuple[object, str]:
        changed = fractions()
        return changed.case, changed.why_incomplete

    def text() -> CaseDocument:
        return document.with_case(with_texts(document.case, document.case.texts))

    def rewritten() -> str:
        return json.dumps(json.loads(document.text), indent=2)

    ways: dict[str, Callable[[], object]] = {
        "one change (CaseDocument.with_case)": fractions,
        "one change, then the case and what it lacks": shown,
        "a change that changes nothing": text,
        "json.loads and json.dumps of the file": rewritten,
        "the case written anew (case_to_json)": lambda: case_to_json(document.case),
    }
    found = medians({name: clock(work) for name, work in ways.items()}, rounds)
    undone = fractions().with_case(with_delivered_fractions(fractions().case, course, planned))
    others = {
        "one change (CaseDocument.with_case)": changed_lines(document.text, fractions().text),
        "a change that changes nothing": changed_lines(document.text, text().text),
        "json.loads and json.dumps of the file": changed_lines(document.text, rewritten()),
        "the case written anew (case_to_json)": changed_lines(document.text, case_to_json(document.case)),
    }
    header("An edit of the demo's case file", "lines of the file that differ, former and new", rounds)
    for name in ways:
        row(name, found[name], found["one change (CaseDocument.with_case)"], str(others.get(name, "–")))
    print(f"\nUndone, the case is as it was: {'yes' if undone.case == document.case else 'NO'}.")


def changed_lines(before: str, after: str) -> int:
    return len(set(after.splitlines()) ^ set(before.splitlines()))
