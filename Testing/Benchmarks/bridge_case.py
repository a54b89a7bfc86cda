"""What the benchmark of the bridge to a scene measures on: the demo case, and a scene of clinical size; and its clock."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from bench_planning import organs
from phantom import AXIAL, CT, DOSE, Shape, displacement_mm, dose_gy
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.scene import DoseQuantity, SceneContent, SceneDose, SceneStructure
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.model.transform import DisplacementGrid, SpatialTransform
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.workflow import compute, evaluation_of
from ReirradiationLib.write_outputs import scene_content

DEMO = Path(__file__).resolve().parent.parent / "Data" / "demo_case"
COURSES = 3
FIELD_SPACING_MM = 5.0


@dataclass(frozen=True, eq=False)
class BridgeCase:
    """Both contents, and of the large one the bodies in closed form."""

    results: CaseResults
    demo: SceneContent
    clinical: SceneContent
    shapes: tuple[Shape, ...]


def make_case() -> BridgeCase:
    results = compute(read_case(DEMO / "case.json"), Monitor())
    bodies = tuple(organs())
    return BridgeCase(results, scene_content(results, evaluation_of(results)), clinical_content(bodies), bodies)


def clinical_content(bodies: Sequence[Shape]) -> SceneContent:
    """A CT of 512 × 512 × 200, ten structures with contours, three doses of 5 million voxels; no tables, no charts."""
    doses = tuple(
        SceneDose(f"Course {n + 1}", on_grid(dose_gy(n)), DOSE, DoseQuantity.PHYSICAL, "", f"course{n + 1}")
        for n in range(COURSES)
    )
    return SceneContent(
        clinical_ct(), doses, tuple(map(structure, bodies, range(len(bodies)))), (), (), case="Clinical size"
    )


def clinical_ct() -> Image:
    voxels = np.random.default_rng(1).integers(-1000, 2000, CT.shape, dtype=np.int16).astype(np.float32)
    uids = tuple(f"1.2.3.4.{k + 1}" for k in range(CT.size[2]))
    return Image(voxels, CT, "1.2.1", "1.2.2", "1.2.3", uids, (), Patient("P1", "Doe^Jane", "", ""), "20240101", "CT")


def structure(shape: Shape, number: int) -> SceneStructure:
    contours = tuple(shape.contours())
    mask = structure_mask(Structure(shape.name, number + 1, contours), CT, CT)
    return SceneStructure(shape.name, (255, 20 * number, 0), mask, CT, contours_mm=contours, number=number + 1)


def on_grid(dose: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    planes = [dose(DOSE.plane_points(k)) for k in range(DOSE.size[2])]
    return np.concatenate(planes).astype(np.float32).reshape(DOSE.shape)


def deformation(frame_uid: str) -> SpatialTransform:
    """The displacement of the phantom on a grid of 5 mm over the CT."""
    size = tuple(int(np.ceil(n * step / FIELD_SPACING_MM)) + 1 for n, step in zip(CT.size, CT.spacing_mm, strict=True))
    grid = Geometry(CT.origin_mm, (FIELD_SPACING_MM,) * 3, AXIAL, (size[0], size[1], size[2]))
    points = np.concatenate([grid.plane_points(k) for k in range(size[2])])
    vectors = displacement_mm(points).astype(np.float32).reshape(*grid.shape, 3)
    return SpatialTransform(frame_uid, frame_uid, (DisplacementGrid(grid, vectors),), "phantom")


def anatomy_and_doses(content: SceneContent) -> SceneContent:
    """What a script puts there too: CT, doses, and structures as masks; neither registration nor tables nor contours."""
    plain = tuple(replace(one, contours_mm=()) for one in content.structures)
    return SceneContent(content.image, content.doses, plain, (), (), case=content.case)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(candidates: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Median of what candidates measure themselves; every round runs all of them, in rotating order."""
    names = list(candidates)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for shift in range(len(names)):
            name = names[(turn + shift) % len(names)]
            found[name].append(candidates[name]())
    return {name: statistics.median(values) for name, values in found.items()}


def header(title: str, more: str, rounds: int) -> None:
    print(f"\n### {title} (n = {rounds})\n\n| | s | time, ratio to ours | {more} |")
    print("|---|---|---|" + "---|" * (more.count("|") + 1))


def row(name: str, value: float, ours: float, more: str) -> None:
    print(f"| {name} | {value:.3g} | {value / ours:.2f} | {more} |")
