"""Optimization structures from a 2 mm dose to a written RTSTRUCT, against voxel masks by rt-utils; ratios count.

Ten organs of 12 … 290 cc of the phantom (phantom.py) on a CT of 512 × 512 × 200, cut into five structures each along
isodoses of two prior courses whose doses are known in closed form. Prints Markdown: best times of several rounds, because
machines are shared, and beside them how far volumes and contours lie from the truth.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import phantom
from phantom import COURSES, CT, Shape, ball, dose_gy
from phantom_files import write_phantom
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.structure_writer import write_structures
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.dosimetry.radiobiology import eqd2
from ReirradiationLib.model.course import Course
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Dose, Image
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.planning_choice import OptimizationRequest
from ReirradiationLib.model.polygons import fill
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.model.transform import identity_transform
from ReirradiationLib.planning.levels import OptimizationLevels, optimization_levels
from ReirradiationLib.planning.limits import limit_of_request
from ReirradiationLib.planning.optimization_structures import Shell, make_shells
from ReirradiationLib.planning.planned_organ import PlannedOrgan, plan_organ
from ReirradiationLib.planning.shell_naming import organ_stems

ROUNDS = 5
SHELLS = 5
VOLUME_FROM_MM3 = 100.0
"""Of smaller structures no relative volume error is told."""

ALPHA_BETA_GY = 2.0
NEW_COURSE = (60.0, 30)
DOSE_2_MM = Geometry((-248.6, -198.9, -199.4), (2.0, 2.0, 2.0), phantom.AXIAL, (249, 199, 199))


def organs() -> list[Shape]:
    """Ten organs in the hot part of the courses: a cord, tubes, paired organs and large ones."""
    cord = Shape("Cord", (0.7, 61.3, -1.25), (6.1, 6.1, 120.0), is_column=True, bend_mm=12.0)
    tube = Shape("Oesophagus", (-21.3, 30.7, -1.25), (9.3, 7.1, 100.0), is_column=True, bend_mm=8.0)
    sizes = {"Brainstem": 25.0, "ParotidL": 30.0, "ParotidR": 28.0, "Heart": 290.0, "KidneyL": 150.0, "KidneyR": 160.0}
    balls = [
        ball(name, (-71.3 + 26.3 * n, (-1) ** n * 21.7, -31.1 + 13.3 * n), size, stretch=1.3, lobes=0.2 * (n % 2))
        for n, (name, size) in enumerate(sizes.items())
    ]
    return [cord, tube, *balls, ball("Stomach", (31.3, -30.7, -20.9), 200.0), ball("Bowel", (-40.1, -20.3, 30.7), 250.0)]


@dataclass(frozen=True)
class Bench:
    folder: Path
    ct: Image
    shapes: list[Shape]
    structures: tuple[Structure, ...]
    courses: tuple[Course, ...]
    organs: tuple[tuple[OptimizationRequest, PlannedOrgan, OptimizationLevels], ...]


def prepare(folder: Path) -> Bench:
    bodies = organs()
    write_phantom(folder, bodies, courses=0)
    ct = read_ct(folder / "CT")
    structures = read_structures(folder / "RS.dcm").structures
    courses = tuple(course(n, ct) for n in (0, 1))
    planned = tuple(plan(structure, courses) for structure in structures)
    return Bench(folder, ct, bodies, structures, courses, planned)


def course(n: int, ct: Image) -> Course:
    points = np.concatenate([DOSE_2_MM.plane_points(k) for k in range(DOSE_2_MM.size[2])])
    voxels = dose_gy(n)(points).astype(np.float32).reshape(DOSE_2_MM.shape)
    dose = Dose(voxels, DOSE_2_MM, ct.frame_uid, "1.9", "1.10", ct.patient, Path("RD.dcm"))
    return Course(f"c{n}", f"c{n}", dose, COURSES[n][1], None, None, identity_transform(ct.frame_uid))


def plan(organ: Structure, courses: tuple[Course, ...]) -> tuple[OptimizationRequest, PlannedOrgan, OptimizationLevels]:
    """P of the organ; A half way between P and P + R, so that all five structures hold something."""
    prior = structure_dose(structure_samples(organ, CT), courses, [0.0] * len(courses))
    metric = Metric.parse("D0.01cc")
    request = OptimizationRequest(organ.name, 1.0, Basis.RAW, ALPHA_BETA_GY, metric, SHELLS, None, 30.0, "benchmark")
    planned = plan_organ(limit_of_request(request, has_targets=False), organ, prior, (), NEW_COURSE, CT)
    lowest = float(np.quantile(prior.eqd2_gy(ALPHA_BETA_GY, Basis.RAW), 0.1))
    limit = planned.new_eqd2_gy + lowest
    levels = optimization_levels(planned.near.value_gy, planned.new_eqd2_gy, limit, SHELLS, planned.fractions, ALPHA_BETA_GY)
    return replace(request, limit_eqd2_gy=limit), planned, levels


def ours(bench: Bench) -> list[Shell]:
    stems = organ_stems([structure.name for structure in bench.structures])
    shells: list[Shell] = []
    for organ, (request, planned, levels) in zip(bench.structures, bench.organs, strict=True):
        label = (stems[organ.name], len(shells) + 1)
        shells += make_shells(planned, request, levels, organ, CT, bench.courses, [0.0, 0.0], (), label)
    path = bench.folder / "ours.dcm"
    path.unlink(missing_ok=True)
    write_structures(path, [shell.structure for shell in shells if not shell.is_empty], bench.ct, "BENCH")
    return shells


def by_masks(bench: Bench) -> None:
    """What a script would do: organ masks by rt-utils, dose interpolated at the voxels by scipy, masks back by rt-utils."""
    from rt_utils import RTStructBuilder
    from scipy.ndimage import map_coordinates

    with contextlib.redirect_stdout(io.StringIO()):
        source = RTStructBuilder.create_from(str(bench.folder / "CT"), str(bench.folder / "RS.dcm"))
        written = RTStructBuilder.create_new(str(bench.folder / "CT"))
        for organ, (_, _, levels) in zip(bench.structures, bench.organs, strict=True):
            mask = source.get_roi_mask_by_name(organ.name)
            row, column, k = np.nonzero(mask)
            points = CT.to_lps(np.column_stack([column, row, k]).astype(float))
            total = np.zeros(len(points))
            for course in bench.courses:
                index = course.dose.geometry.to_index(points)[:, ::-1].T
                total += eqd2(map_coordinates(course.dose.voxels_gy, index, order=1), course.fractions, ALPHA_BETA_GY)
            for level in levels.shells:
                upper = np.inf if level.upper_eqd2_gy is None else level.upper_eqd2_gy
                held = (total >= level.lower_eqd2_gy) & (total < upper)
                shell = np.zeros_like(mask)
                shell[row[held], column[held], k[held]] = True
                if shell.any():
                    written.add_roi(mask=shell, name=f"{organ.name}_{level.index}")
        written.save(str(bench.folder / "peer"))


def best_seconds(run: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Best wall and processor time of several rounds."""
    walls, processors = [], []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return min(walls), min(processors)


def accuracy(path: Path, bench: Bench, names: list[str]) -> str:
    """Volume errors and the distance of contour points to the true boundary, on every fifth plane of each organ."""
    from scipy.ndimage import distance_transform_edt, map_coordinates

    found = {structure.name: structure for structure in read_structures(path).structures}
    errors, distances, step = [], [], 0.2
    for n, name in enumerate(names):
        shape, (_, _, levels) = bench.shapes[n // SHELLS], bench.organs[n // SHELLS]
        level = levels.shells[n % SHELLS]
        low, high = shape.box()
        size = tuple(int(v) for v in np.ceil((high - low)[:2] / step) + 20)
        first = low[:2] - 10.03 * step
        x, y = np.meshgrid(first[0] + step * np.arange(size[0]), first[1] + step * np.arange(size[1]))
        true_area = area = 0.0
        heights = sorted({round(float(c[0, 2]), 3) for c in bench.structures[n // SHELLS].contours_mm})
        for z in heights[::5]:
            points = np.column_stack([x.ravel(), y.ravel(), np.full(x.size, z)])
            dose = sum(eqd2(dose_gy(c)(points), COURSES[c][1], ALPHA_BETA_GY) for c in (0, 1))
            upper = np.inf if level.upper_eqd2_gy is None else level.upper_eqd2_gy
            true = (shape.inside(points) & (dose >= level.lower_eqd2_gy) & (dose < upper)).reshape(x.shape)
            contours = found[name].contours_mm if name in found else ()
            loops = [c[:, :2] for c in contours if abs(c[0, 2] - z) < 0.1]
            true_area += true.sum()
            area += fill(loops, first, np.full(2, step), size).sum() if loops else 0
            if loops and true.any():
                signed = distance_transform_edt(true) - distance_transform_edt(~true)
                at = (np.concatenate(loops) - first) / step
                distances.append(np.abs(map_coordinates(signed, at[:, ::-1].T, order=1)) * step)
        if true_area * step**2 * 5.0 * CT.spacing_mm[2] > VOLUME_FROM_MM3:
            errors.append(100.0 * (area / true_area - 1.0))
    all_distances = np.concatenate(distances)
    return (
        f"{np.mean(errors):+.2f} / {np.max(np.abs(errors)):.2f} | "
        f"{all_distances.mean():.2f} / {np.quantile(all_distances, 0.99):.2f}"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        bench = prepare(Path(temporary))
        shells: list[Shell] = []

        def run() -> None:
            shells[:] = ours(bench)

        seconds, processor = best_seconds(run, ROUNDS)
        reading, _ = best_seconds(lambda: [plan(structure, bench.courses) for structure in bench.structures], 2)
        print(f"# Optimization structures: {len(bench.organs)} organs × {SHELLS}, on {os.cpu_count()} cores\n")
        print(f"Best of {ROUNDS} rounds. P, R and A of all organs before that: {reading:.2f} s.\n")
        print(
            "| | s | processor s | time, ratio to ours | volume error mean / largest [%] | contour error mean / p99 [mm] |"
        )
        print("|---|---|---|---|---|---|")
        names = [shell.structure.name for shell in shells]
        told = accuracy(bench.folder / "ours.dcm", bench, names)
        print(f"| ours, from a dose of 2 mm to a written RTSTRUCT | {seconds:.2f} | {processor:.2f} | 1 | {told} |")
        if importlib.util.find_spec("rt_utils") is None:
            print("| voxel masks: scipy and rt-utils | not installed | | | | |")
            return
        peer, peer_processor = best_seconds(lambda: by_masks(bench), 1)
        of_peer = [f"{organ.name}_{k + 1}" for organ in bench.structures for k in range(SHELLS)]
        told = accuracy(bench.folder / "peer.dcm", bench, of_peer)
        ratio = peer / seconds
        print(f"| voxel masks: scipy and rt-utils (n = 1) | {peer:.2f} | {peer_processor:.2f} | {ratio:.1f} | {told} |")


if __name__ == "__main__":
    main()
