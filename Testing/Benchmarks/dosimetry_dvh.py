"""Contours to DVHs of all structures: ours, plastimatch, dicompyler-core; held against the analytic shapes and dose.

The truth knows neither contours nor grids (phantom_truth.py), so the rows hold what a tool makes of 2.5 mm slices and a
2.5 mm dose: for the latter alone, linear interpolation is up to 0.05 Gy below the peaks.
"""

from __future__ import annotations

import csv

import numpy as np
from dosimetry_case import BenchCase, dicompyler, plastimatch, row, run_quietly
from phantom import CT
from phantom_truth import Curve, from_curve, from_samples
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.contour_body import contour_body
from ReirradiationLib.dosimetry.dvh import CumulativeDvh
from ReirradiationLib.dosimetry.occupancy import WANTED_SAMPLES, body_samples
from ReirradiationLib.dosimetry.refinement import refined, sum_rankings
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.structure import EndCaps
from timing import timed

HEAD = (
    "volume error [%] | \\|ΔDmean\\| [Gy] | \\|ΔD95\\| [Gy] | \\|ΔD0.03cc\\| [Gy] | largest curve difference [% of volume]"
)
BIN_GY = 0.1
PHYSICAL_ALPHA_BETA = 1e6
"""So large that EQD2 is the physical dose times 1 to within 1e-4: the library's DVHs are of EQD2."""


def report(case: BenchCase) -> None:
    ours = timed(lambda: dvhs_of_ours(case), rounds=3)[0]
    own = [from_samples(dvh.dose_gy, dvh.volumes_cc) for dvh in dvhs_of_ours(case)]
    print("\n### Contours to the DVHs of all 30 structures, one course\n\nAccuracy: mean / largest over the structures.\n")
    print(f"| | s | time, ratio to ours | structures | {HEAD} |\n|---|---|---|---|---|---|---|---|---|")
    show("ours (contour_body, structure_dose, refined, dvh; n = 3)", ours, ours, case, own)
    if plastimatch():
        for name, grid in (("dose grid", "dose"), ("CT", "ct")):
            curves: list[list[Curve]] = []
            seconds = timed(lambda grid=grid, curves=curves: curves.append(curves_of_plastimatch(case, grid)), rounds=2)[0]
            show(f"plastimatch convert on the {name} + dvh (commands, n = 2)", seconds, ours, case, curves[-1])
    else:
        print("| plastimatch | not installed | | | | | | | |")
    answer = dicompyler([(case.folder / "RS.dcm", case.folder / "RD0.dcm", {})])
    if answer is None:
        print("| dicompyler-core | not installed | | | | | | | |")
        return
    found = [from_dicompyler(each) for each in answer[0]["answers"]]
    show("dicompyler-core get_dvh, defaults (n = 1)", float(answer[0]["seconds"]), ours, case, found)


def show(name: str, seconds: float, ours: float, case: BenchCase, curves: list[Curve | None]) -> None:
    """One line for the nine structures of 1 cc and one for the others."""
    for label, part in (("1 cc", slice(0, 9)), ("≥ 46 cc", slice(9, None))):
        pairs = [(c, t) for c, t in zip(curves[part], case.truths[part], strict=True) if c is not None]
        found = f"{len(pairs)} of {len(case.truths[part])}, {label}"
        row(name if label == "1 cc" else "", seconds, ours, f"{found} | {errors(pairs)}")


def errors(pairs: list[tuple[Curve, Curve]]) -> str:
    values = [
        [
            abs(100.0 * (found.volume_cc / true.volume_cc - 1.0)),
            abs(found.mean_gy - true.mean_gy),
            abs(found.d95_gy - true.d95_gy),
            abs(found.d003cc_gy - true.d003cc_gy),
            float(np.abs(found.percent - true.percent).max()),
        ]
        for found, true in pairs
    ]
    return " | ".join(f"{np.mean(column):.3f} / {np.max(column):.3f}" for column in np.transpose(values))


def dvhs_of_ours(case: BenchCase) -> list[CumulativeDvh]:
    dvhs = []
    for structure in case.structures:
        body = contour_body(structure, CT, EndCaps.HALF_SLICE, WANTED_SAMPLES)
        doses = structure_dose(body_samples(body), case.courses[:1], [0.0], structure.name)
        finer = refined(doses, body, sum_rankings(PHYSICAL_ALPHA_BETA, False, None))
        dvhs.append(finer.dvh(PHYSICAL_ALPHA_BETA, Basis.RAW))
    return dvhs


def curves_of_plastimatch(case: BenchCase, grid: str) -> list[Curve | None]:
    """Bins of 0.1 Gy; the clock includes reading the RTSTRUCT and the RTDOSE.

    It rounds doses to the nearest bin: what it gives for a dose is the volume from half a bin below (checked by counting).
    """
    program, folder = plastimatch() or "", case.folder
    dose, image, names, table = (folder / name for name in ("pm_dose.mha", "pm_ss.mha", "pm_ss.txt", "pm_dvh.csv"))
    run_quietly(program, "convert", "--input", folder / "RD0.dcm", "--output-dose-img", dose)
    fixed = ("--fixed", dose) if grid == "dose" else ("--referenced-ct", folder / "CT")
    output = ("--output-ss-img", image, "--output-ss-list", names, "--xor-contours")
    run_quietly(program, "convert", "--input", folder / "RS.dcm", *fixed, *output)
    source = ("--input-ss-img", image, "--input-ss-list", names, "--input-dose", dose)
    bins = ("--bin-width", str(BIN_GY), "--num-bins", "800", "--cumulative", "--normalization", "vox")
    run_quietly(program, "dvh", *source, *bins, "--output-csv", table)
    with table.open() as text:
        rows = list(csv.reader(text))
    values = np.array([[float(v) for v in line if v] for line in rows[1:]])
    column = {name: n for n, name in enumerate(rows[0])}
    voxel_cc = case.courses[0].dose.geometry.voxel_volume_cc if grid == "dose" else CT.voxel_volume_cc
    return [from_curve(values[:, 0] - BIN_GY / 2.0, voxel_cc * values[:, column[s.name]]) for s in case.structures]


def from_dicompyler(answer: dict) -> Curve | None:
    if "error" in answer or not answer["volume_cc"]:
        return None
    return from_curve(np.array(answer["axis_gy"]), np.array(answer["volume_cc"]))
