"""Optimization structures from a 2 mm dose to a written RTSTRUCT, against voxel masks by rt-utils; ratios count.

Ten organs of 12 … 290 cc of the phantom (phantom.py) on a CT of 512 × 512 × 200, cut into five structures each along
isodoses of two prior courses whose doses are known in closed form. Prints Markdown: best times of several rounds, because
machines are shared, and beside them how far volumes and contours lie from the truth.
"""

from __future__ import annotations

import tempfile
import time
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
from ReirradiationLib.model.course import Course
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Dose, Image
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.planning_choice import OptimizationRequest
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


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        bench = prepare(Path(temporary))
        best = np.inf
        for _ in range(ROUNDS):
            start = time.perf_counter()
            shells = ours(bench)
            best = min(best, time.perf_counter() - start)
        print(best, len(shells), sum(not s.is_empty for s in shells))
        import cProfile
        import pstats

        pr = cProfile.Profile()
        pr.enable()
        ours(bench)
        pr.disable()
        pstats.Stats(pr).sort_stats("tottime").print_stats(28)


if __name__ == "__main__":
    main()
