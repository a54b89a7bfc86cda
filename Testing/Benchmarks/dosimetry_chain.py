"""The whole chain in a fresh process: read, occupancy, mapping, EQD2 of two courses, DVHs of 30 structures, EQD2 volume.

``python dosimetry_chain.py ours|peer FOLDER`` runs one chain and prints JSON; :func:`report` runs both. The prior course
comes through a deformation field and a matrix that are given: no registration. The peer chain is what one writes first:
rt-utils masks, SimpleITK onto the grid of the CT, numpy for EQD2 and histograms (0.1 Gy), everything on the grid of the
CT.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

FRACTIONS = (25, 15)
METRICS = ("volume_cc", "mean_gy", "d95_gy", "d003cc_gy")


class Clock:
    """Seconds of each step, summed where a step comes again."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self.last = time.perf_counter()

    def __call__(self, step: str) -> None:
        now = time.perf_counter()
        self.steps[step] = self.steps.get(step, 0.0) + now - self.last
        self.last = now


def alpha_beta_gy(number: int) -> float:
    return 2.0 + number % 9


def ours(folder: Path, clock: Clock) -> list[list[float]]:
    from dosimetry_case import course_of
    from dosimetry_mapping import steps, transform_of
    from phantom import MAP
    from phantom_truth import from_samples
    from ReirradiationLib.dicom.ct import read_ct
    from ReirradiationLib.dicom.structures import read_structures
    from ReirradiationLib.dosimetry.accumulation import structure_dose
    from ReirradiationLib.dosimetry.bodies import body_of
    from ReirradiationLib.dosimetry.composite import eqd2_volume
    from ReirradiationLib.dosimetry.mapping import map_dose
    from ReirradiationLib.dosimetry.occupancy import WANTED_SAMPLES, body_samples
    from ReirradiationLib.dosimetry.refinement import refined, sum_rankings
    from ReirradiationLib.model.protocol import Basis
    from ReirradiationLib.model.structure import EndCaps

    clock("import")
    ct = read_ct(folder / "CT")
    structures = read_structures(folder / "RS.dcm").structures
    prior = transform_of(steps()["deformable, then rigid"], ct.frame_uid)
    courses = [course_of(folder, 0), course_of(folder, 1, prior)]
    clock("read")
    mapped = [map_dose(course, MAP, ct.frame_uid) for course in courses]
    clock("map")
    eqd2_volume(mapped, FRACTIONS, 3.0)
    clock("EQD2")
    rows = []
    for number, structure in enumerate(structures):
        body = body_of(structure, ct.geometry, EndCaps.HALF_SLICE, WANTED_SAMPLES)
        samples = body_samples(body)
        clock("occupancy")
        sums = structure_dose(samples, courses, [0.0, 0.0], structure.name)
        sums = refined(sums, body, sum_rankings(alpha_beta_gy(number), False, None))
        dvh = sums.dvh(alpha_beta_gy(number), Basis.RAW)
        clock("DVH")
        curve = from_samples(dvh.dose_gy, dvh.volumes_cc)
        rows.append([getattr(curve, name) for name in METRICS])
        clock("reading off")
    return rows


def peer(folder: Path, clock: Clock) -> list[list[float]]:
    import pydicom
    import SimpleITK as sitk
    from dosimetry_mapping import sitk_image, sitk_transform, steps
    from phantom import CT, DOSE
    from phantom_truth import from_curve
    from rt_utils import RTStructBuilder

    clock("import")
    source = RTStructBuilder.create_from(dicom_series_path=str(folder / "CT"), rt_struct_path=str(folder / "RS.dcm"))
    names = source.get_roi_names()
    datasets = [pydicom.dcmread(folder / f"RD{n}.dcm") for n in range(2)]
    doses = [(d.pixel_array * float(d.DoseGridScaling)).astype(np.float32) for d in datasets]
    clock("read")
    masks = [np.ascontiguousarray(np.transpose(source.get_roi_mask_by_name(name), (2, 0, 1))) for name in names]
    clock("occupancy")
    reference = sitk.Image(*CT.size, sitk.sitkFloat32)
    reference.SetOrigin(CT.origin_mm)
    reference.SetSpacing(CT.spacing_mm)
    transforms = [sitk.Transform(), sitk_transform(steps()["deformable, then rigid"])]
    onto_ct = [
        sitk.GetArrayFromImage(sitk.Resample(sitk_image(dose, DOSE), reference, transform, sitk.sitkLinear, 0.0))
        for dose, transform in zip(doses, transforms, strict=True)
    ]
    clock("map")
    volumes = {}
    for ratio in {alpha_beta_gy(number) for number in range(len(names))}:
        volumes[ratio] = sum(d * (d / n + ratio) / (2.0 + ratio) for d, n in zip(onto_ct, FRACTIONS, strict=True))
    clock("EQD2")
    rows = []
    for number, mask in enumerate(masks):
        values = volumes[alpha_beta_gy(number)][mask]
        counts, edges = np.histogram(values, bins=np.arange(0.0, float(values.max()) + 0.2, 0.1))
        above_cc = CT.voxel_volume_cc * np.append(counts[::-1].cumsum()[::-1], 0)
        curve = from_curve(edges, above_cc)
        rows.append([getattr(curve, name) for name in METRICS])
    clock("DVH")
    return rows


def true_rows() -> list[list[float]]:
    from dosimetry_eqd2 import formula
    from phantom import displacement_mm, dose_gy, rigid_matrix, shapes
    from phantom_truth import truth

    matrix = rigid_matrix()

    def total(ratio: float) -> Callable[[np.ndarray], np.ndarray]:
        def at(points: np.ndarray) -> np.ndarray:
            moved = (points + displacement_mm(points)) @ matrix[:3, :3].T + matrix[:3, 3]
            return formula(dose_gy(0)(points), FRACTIONS[0], ratio) + formula(dose_gy(1)(moved), FRACTIONS[1], ratio)

        return at

    curves = [truth(shape, total(alpha_beta_gy(number))) for number, shape in enumerate(shapes())]
    return [[getattr(curve, name) for name in METRICS] for curve in curves]


def report(case) -> None:
    chains = ["ours"] + (["peer"] if importlib.util.find_spec("rt_utils") else [])
    runs: dict[str, list[dict]] = {chain: [] for chain in chains}
    for chain in ["ours", *chains[1:], "ours"]:
        runs[chain].append(run_fresh(chain, case.folder))
    expected = np.array(true_rows())[:29]
    print("\n### Whole chain in a fresh process, two courses, 30 structures (ours twice, the better one; peer once)\n")
    print("Accuracy against the analytic truth without BODY, whose rim the moved dose does not cover: mean / largest.\n")
    step_names = ("import", "read", "occupancy", "map", "EQD2", "DVH")
    errors = "\\|ΔDmean\\|, \\|ΔD95\\|, \\|ΔD0.03cc\\| [Gy EQD2]"
    print(f"| | wall s | ratio to ours | peak MB | {' | '.join(step_names)} | {errors} |")
    print("|" + "---|" * (5 + len(step_names)))
    best = {chain: min(found, key=lambda run: run["wall"]) for chain, found in runs.items()}
    for chain, run in best.items():
        error = np.abs(np.array(run["rows"])[:29, 1:] - expected[:, 1:])
        accuracy = ", ".join(f"{column.mean():.3f} / {column.max():.2f}" for column in error.T)
        seconds = " | ".join(f"{run['steps'][name]:.2f}" for name in step_names)
        ratio = run["wall"] / best["ours"]["wall"]
        print(f"| {chain} | {run['wall']:.2f} | {ratio:.2f} | {run['peak_mb']:.0f} | {seconds} | {accuracy} |")
    if len(chains) == 1:
        print("| peer: rt-utils is not installed | | | | | | | | | | |")


def run_fresh(chain: str, folder: Path) -> dict:
    start = time.perf_counter()
    command = [sys.executable, Path(__file__), chain, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {**json.loads(done.stdout.splitlines()[-1]), "wall": time.perf_counter() - start}


def main() -> None:
    clock = Clock()
    rows = {"ours": ours, "peer": peer}[sys.argv[1]](Path(sys.argv[2]), clock)
    print(json.dumps({"steps": clock.steps, "peak_mb": peak_mb(), "rows": rows}))


def peak_mb() -> float:
    """Largest resident memory of this process; getrusage would tell the parent's where that was larger at the fork."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1024.0


if __name__ == "__main__":
    main()
