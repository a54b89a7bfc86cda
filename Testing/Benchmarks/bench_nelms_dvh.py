"""Accuracy of DVHs on the benchmark of Nelms 2015: 20 structures × 6 linear doses of 1 Gy/mm, ours beside its peers.

Part of ``make bench``; prints Markdown. Skips with a word where the files (a journal supplement) are not there.

*dicompyler-core* runs as it is. *SlicerRT* does not run here: its counting is emulated as its sources have it
(vtkSlicerDoseVolumeHistogramModuleLogic.cxx, vtkPlanarContourToClosedSurfaceConversionRule.cxx): contours are joined to a
closed surface by triangles – between the coaxial circles of these structures a ruled surface, that is a radius linear in
height – with an end cap of half the contour spacing (here a straight one, which is what the truth has; its default cap is
rounded and smaller); a voxel counts if its centre is inside; the dose is interpolated linearly onto the lattice of the
labelmap, which is the dose grid oversampled by a fixed factor (2 by default); cumulative bins of 0.2 Gy from 0.1 Gy and a
point (0, 100 %). Two things are taken to be so: the oversampled lattice keeps the first voxel of the dose grid, and D
metrics are read from the curve by linear interpolation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
from dosimetry_case import dicompyler
from nelms_truth import METRICS, PERCENTS, NelmsCase, doses_at, nelms_folder, read_cases
from phantom import AXIAL
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.course import Course
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Dose
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.structure import Structure
from ReirradiationLib.model.transform import identity_transform
from scipy.ndimage import map_coordinates

Answer = tuple[float, np.ndarray]
"""Volume in cc and the doses of METRICS in Gy."""

PHYSICAL_ALPHA_BETA = 1e6
SLICERRT_START_GY, SLICERRT_STEP_GY = 0.1, 0.2


def main() -> None:
    folder = nelms_folder()
    print("# DVH benchmark of Nelms 2015")
    if not folder.exists():
        print(f"\nIts files are not in {folder}: not compared.")
        return
    cases = read_cases(folder)
    tools: dict[str, list[Answer | None]] = {
        "ours": each(cases, ours),
        "SlicerRT's counting, dose grid": each(cases, lambda s, d, c: slicerrt(s, d, lattice(d, 1.0))),
        "SlicerRT's counting, oversampling 2 (its default)": each(cases, lambda s, d, c: slicerrt(s, d, lattice(d, 2.0))),
        "SlicerRT's counting, lattice of 1 mm": each(
            cases, lambda s, d, c: slicerrt(s, d, lattice(d, d.geometry.spacing_mm[0]))
        ),
        **with_dicompyler(cases),
    }
    print(
        f"\n{len(cases)} curves. |Δ| in Gy over {', '.join(METRICS)}: mean / largest. Volume: mean / largest error in %.\n"
    )
    print("| | curves | all metrics | volume | " + " | ".join(METRICS) + " |\n|" + "---|" * (4 + len(METRICS)))
    for name, answers in tools.items():
        print(summary(name, cases, answers))
    for what, key in (("Contour spacing [mm]", lambda c: f"{c.spacing_mm:g}"), ("Shape and gradient", gradient)):
        groups = sorted({key(case) for case in cases})
        print(f"\n| {what}, all metrics | {' | '.join(groups)} |\n|{'---|' * (1 + len(groups))}")
        for name, answers in tools.items():
            print(f"| {name} | {' | '.join(pooled(cases, answers, lambda c, g=g: key(c) == g) for g in groups)} |")  # noqa: B023


def gradient(case: NelmsCase) -> str:
    return f"{case.shape} {'AP' if 'AntPost' in case.dose.name else 'SI'}"


def summary(name: str, cases: list[NelmsCase], answers: list[Answer | None]) -> str:
    found = [(case, answer) for case, answer in zip(cases, answers, strict=True) if answer is not None]
    if not found:
        return f"| {name} | none |" + " |" * (2 + len(METRICS))
    deltas = np.abs([answer[1] - case.doses_gy for case, answer in found])
    volumes = np.abs([100.0 * (answer[0] / case.volume_cc - 1.0) for case, answer in found])
    columns = " | ".join(f"{column.mean():.3f} / {column.max():.3f}" for column in deltas.T)
    whole = f"{deltas.mean():.3f} / {deltas.max():.3f} | {volumes.mean():.2f} / {volumes.max():.2f}"
    return f"| {name} | {len(found)} | {whole} | {columns} |"


def pooled(cases: list[NelmsCase], answers: list[Answer | None], wanted: Callable[[NelmsCase], bool]) -> str:
    pairs = [(c, a) for c, a in zip(cases, answers, strict=True) if a is not None and wanted(c)]
    deltas = np.abs([answer[1] - case.doses_gy for case, answer in pairs])
    return f"{deltas.mean():.3f} / {deltas.max():.3f}" if pairs else "–"


def each(cases: list[NelmsCase], tool: Callable[[Structure, Dose, NelmsCase], Answer]) -> list[Answer | None]:
    structures = {case.structure: closed(case) for case in cases}
    doses = {case.dose: read_dose(case.dose) for case in cases}
    return [tool(structures[case.structure], doses[case.dose], case) for case in cases]


def closed(case: NelmsCase) -> Structure:
    """The one structure of the file that encloses something."""
    return next(s for s in read_structures(case.structure).structures if s.contours_mm)


def ours(structure: Structure, dose: Dose, case: NelmsCase) -> Answer:
    """With a CT whose slices are the contours' planes; there is a CT file for 3 mm only."""
    ct = Geometry((-50.0, -50.0, -18.0), (1.0, 1.0, case.spacing_mm), AXIAL, (101, 101, round(48.0 / case.spacing_mm) + 1))
    course = Course("c", "c", dose, 1, None, None, identity_transform(dose.frame_uid))
    dvh = structure_dose(structure_samples(structure, ct), [course], [0.0], structure.name).dvh(
        PHYSICAL_ALPHA_BETA, Basis.RAW
    )
    middle_cc = np.cumsum(dvh.volumes_cc) - dvh.volumes_cc / 2.0
    total_cc = float(dvh.volumes_cc.sum())
    return total_cc, np.interp([*(p / 100.0 * total_cc for p in PERCENTS), 0.03], middle_cc, dvh.dose_gy)


def lattice(dose: Dose, factor: float) -> list[np.ndarray]:
    """Coordinates along x, y, z of the dose grid oversampled by a factor, its first voxel kept."""
    grid = dose.geometry
    counts = [int(np.floor((n - 1) * factor + 1e-9)) + 1 for n in grid.size]
    return [o + s / factor * np.arange(n) for o, s, n in zip(grid.origin_mm, grid.spacing_mm, counts, strict=True)]


def slicerrt(structure: Structure, dose: Dose, axes: list[np.ndarray]) -> Answer:
    z, y, x = np.meshgrid(*axes[::-1], indexing="ij")
    inside = inside_circles(structure, x, y, z)
    at = dose.geometry.to_index(np.column_stack([x[inside], y[inside], z[inside]]))[:, ::-1].T
    values = map_coordinates(dose.voxels_gy, at, order=1, mode="nearest")
    voxel_cc = float(np.prod([np.diff(axis[:2])[0] for axis in axes])) / 1000.0
    count = int(np.ceil((dose.voxels_gy.max() - SLICERRT_START_GY) / SLICERRT_STEP_GY)) + 1
    edges = SLICERRT_START_GY + SLICERRT_STEP_GY * np.arange(count)
    above = voxel_cc * (len(values) - np.searchsorted(np.sort(values), edges))
    total_cc = voxel_cc * len(values)
    return total_cc, doses_at(np.append(0.0, edges), np.append(total_cc, above))


def inside_circles(structure: Structure, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Inside the ruled surface through coaxial circles, with straight caps of half the spacing.

    A voxel centre right on a cap counts: that is the reading with the smaller errors.
    """
    planes: dict[float, np.ndarray] = {round(float(points[0, 2]), 3): points for points in structure.contours_mm}
    heights = np.array(sorted(planes))
    radii = np.array([np.ptp(planes[h][:, :2], axis=0).mean() / 2.0 for h in heights])
    middle = max(planes.values(), key=lambda points: float(np.ptp(points[:, 0])))
    centre = (middle[:, :2].min(axis=0) + middle[:, :2].max(axis=0)) / 2.0
    cap = (heights[1] - heights[0]) / 2.0
    within = (z >= heights[0] - cap) & (z <= heights[-1] + cap)
    return within & (np.hypot(x - centre[0], y - centre[1]) < np.interp(z, heights, radii))


def with_dicompyler(cases: list[NelmsCase]) -> dict[str, list[Answer | None]]:
    """Defaults; interpolated in plane to a quarter of the dose spacing; and also with two segments between planes."""
    spacing = {dose: read_dose(dose).geometry.spacing_mm[0] for dose in {case.dose for case in cases}}
    fine = {d: {"use_structure_extents": True, "interpolation_resolution": s / 4.0} for d, s in spacing.items()}
    variants: dict[str, Callable[[NelmsCase], dict[str, object]]] = {
        "dicompyler-core, defaults": lambda case: {},
        "dicompyler-core, interpolation to a quarter": lambda case: fine[case.dose],
        "… and two segments between planes": lambda case: {**fine[case.dose], "interpolation_segments_between_planes": 2},
    }
    found: dict[str, list[Answer | None]] = defaultdict(list)
    for name, options in variants.items():
        answers = dicompyler([(case.structure, case.dose, options(case)) for case in cases])
        if answers is None:
            print("\ndicompyler-core is not installed (see the Makefile): left out.")
            return {}
        found[name] = [from_dicompyler(answer["answers"]) for answer in answers]
    return found


def from_dicompyler(answers: list[dict]) -> Answer | None:
    usable = [a for a in answers if "error" not in a and a["total_cc"] > 0.0]
    if len(usable) != 1:
        return None
    volume_cc = np.array(usable[0]["volume_cc"])
    return float(usable[0]["total_cc"]), doses_at(np.array(usable[0]["axis_gy"]), volume_cc)


if __name__ == "__main__":
    main()
