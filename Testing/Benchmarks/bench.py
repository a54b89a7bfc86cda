"""Cost and accuracy on the demo case, against named peers in the same run. Ratios count, not milliseconds.

Run by ``make bench``; prints Markdown. Peers that are not installed are left out with a word.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.composite import eqd2_volume
from ReirradiationLib.dosimetry.mapping import map_dose
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.registration import EngineName, RegistrationKind
from ReirradiationLib.model.transform import DisplacementGrid, SpatialTransform, identity_transform
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.registration.engine import RegistrationSettings
from ReirradiationLib.registration.engines import available_engines
from ReirradiationLib.registration.target_error import landmark_errors_mm
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.workflow import compute
from scipy.ndimage import map_coordinates
from timing import timed

DEMO = Path(__file__).resolve().parent.parent / "Data" / "demo_case"


def truth(name: str) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(DEMO / "truth" / name)))


def dose_error(mapped: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    difference = np.abs(mapped[::2, ::2, ::2] - expected)[expected > 1.0]
    return float(difference.mean()), float(np.percentile(difference, 99))


def registrations(results: CaseResults) -> dict[str, SpatialTransform]:
    ct, prior = results.records.ct, results.records.prior[0]
    frames = (ct.frame_uid, prior.dose.frame_uid)
    assert prior.ct is not None
    return {
        "identity": replace(identity_transform(frames[0]), moving_frame_uid=frames[1]),
        **from_the_cts(ct, prior.ct),
        "REG_rigid.dcm": read_registration(DEMO / "course2" / "REG_rigid.dcm", *frames),
        "REG_deform.dcm": read_registration(DEMO / "course2" / "REG_deform.dcm", *frames),
    }


def from_the_cts(ct: Image, prior: Image) -> dict[str, SpatialTransform]:
    """Our engines, from the images alone."""
    found = {}
    for engine in available_engines():
        for kind in RegistrationKind:
            if kind is RegistrationKind.DEFORMABLE or engine.name is EngineName.SIMPLEITK:
                transform = engine.register(ct, prior, RegistrationSettings(kind), lambda _: None, lambda: False).transform
                found[f"ours from the CTs: {engine.name.value}, {kind.value}"] = transform
    return found


def cord_d003cc(results: CaseResults, transform: SpatialTransform) -> float:
    """Prior D0.03cc of the cord, Gy EQD2, by a registration."""
    organ = results.structures[0]
    course = replace(results.prior_courses[0], transform=transform)
    dose = structure_dose(organ.prior.samples, (course,), (0.0,), organ.choice.name)
    return float(dose.dvh(organ.alpha_beta_gy, Basis.RAW).value(Metric.parse("D0.03cc[Gy]")))


def accuracy(results: CaseResults) -> None:
    table = np.loadtxt(DEMO / "truth" / "landmarks_current_prior_LPS.csv", delimiter=",", skiprows=1)
    expected = truth("prior_rtdose_on_current_CT_every2.nrrd")
    ct = results.records.ct
    print("\n## Accuracy on the demo case\n")
    print("Landmarks: 300 exact pairs. Mapped dose: |Δ| inside the 1 Gy isodose of the truth.\n")
    print("| registration | TRE mean / P95 / max [mm] | mapped dose mean / P99 [Gy] | cord D0.03cc, prior [Gy EQD2] |")
    print("|---|---|---|---|")
    for name, transform in registrations(results).items():
        tre = landmark_errors_mm(transform, table[:, :3], table[:, 3:])
        course = replace(results.prior_courses[0], transform=transform)
        mean, high = dose_error(map_dose(course, ct.geometry, ct.frame_uid).voxels_gy, expected)
        p95 = np.percentile(tre, 95)
        cord = cord_d003cc(results, transform)
        print(f"| {name} | {tre.mean():.3f} / {p95:.2f} / {tre.max():.2f} | {mean:.3f} / {high:.2f} | {cord:.2f} |")
    mapped = [map_dose(course, ct.geometry, ct.frame_uid) for course in results.courses]
    volume = eqd2_volume(mapped, [course.fractions for course in results.courses], 2.0)
    mean, high = dose_error(volume, truth("cumulative_EQD2_ab2_every2.nrrd"))
    print(f"\nCumulative EQD2 (α/β 2) against the truth: mean {mean:.4f}, P99 {high:.3f} Gy.")


def mapping(results: CaseResults) -> None:
    """One dose through the deformable REG to the CT's grid: ours, SimpleITK, scipy."""
    course, ct = results.prior_courses[0], results.records.ct
    field = course.transform.steps[0]
    assert isinstance(field, DisplacementGrid)
    expected = truth("prior_rtdose_on_current_CT_every2.nrrd")
    outputs: dict[str, np.ndarray] = {}

    def ours() -> None:
        outputs["ours"] = map_dose(course, ct.geometry, ct.frame_uid).voxels_gy

    def with_simpleitk() -> None:
        vectors = sitk.GetImageFromArray(field.vectors_mm.astype(np.float64), isVector=True)
        for image, grid in (
            (vectors, field.geometry),
            (dose := sitk.GetImageFromArray(course.dose.voxels_gy), course.dose.geometry),
        ):
            image.SetOrigin(grid.origin_mm)
            image.SetSpacing(grid.spacing_mm)
        reference = sitk.Image(*ct.geometry.size, sitk.sitkFloat32)
        reference.SetOrigin(ct.geometry.origin_mm)
        reference.SetSpacing(ct.geometry.spacing_mm)
        warped = sitk.Resample(dose, reference, sitk.DisplacementFieldTransform(vectors), sitk.sitkLinear, 0.0)
        outputs["SimpleITK Resample"] = sitk.GetArrayFromImage(warped)

    def with_scipy() -> None:
        points = np.concatenate([ct.geometry.plane_points(k) for k in range(ct.geometry.size[2])])
        at = field.geometry.to_index(points)[:, ::-1].T
        moved = points + np.stack(
            [map_coordinates(field.vectors_mm[..., c], at, order=1, mode="nearest") for c in range(3)], 1
        )
        values = map_coordinates(course.dose.voxels_gy, course.dose.geometry.to_index(moved)[:, ::-1].T, order=1, cval=0.0)
        outputs["scipy map_coordinates"] = values.reshape(ct.geometry.shape)

    seconds = timed(ours, with_simpleitk, with_scipy)
    print("\n## Mapping a dose through the deformable REG to 0.6 million voxels\n")
    print("| | time, ratio to ours | mean / P99 against truth [Gy] |\n|---|---|---|")
    for name, value in zip(("ours", "SimpleITK Resample", "scipy map_coordinates"), seconds, strict=True):
        mean, high = dose_error(outputs[name], expected)
        print(f"| {name} | {value / seconds[0]:.2f} | {mean:.4f} / {high:.3f} |")


def rasterizing(results: CaseResults) -> None:
    """All structures of the demo to masks on the CT: ours against plastimatch (its whole command)."""
    program = shutil.which("plastimatch", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        print("\nplastimatch is not installed: rasterizing not compared.")
        return
    ct, file = results.records.ct, DEMO / "course2" / "RS.dcm"

    def ours() -> list[np.ndarray]:
        structures = read_structures(file).structures
        return [structure_mask(structure, ct.geometry, ct.geometry) for structure in structures]

    def peer() -> dict[str, np.ndarray]:
        with tempfile.TemporaryDirectory() as folder:
            command = [program, "convert", "--input", str(file), "--referenced-ct", str(DEMO / "course2" / "CT")]
            subprocess.run([*command, "--output-prefix", folder, "--prefix-format", "nrrd"], check=True, capture_output=True)
            files = Path(folder).glob("*.nrrd")
            return {f.stem: sitk.GetArrayFromImage(sitk.ReadImage(str(f))) > 0 for f in files}

    seconds = timed(ours, peer)
    theirs, names = peer(), read_structures(file).names()
    differing = sum(int(np.count_nonzero(mask != theirs[name])) for name, mask in zip(names, ours(), strict=True))
    total = sum(int(mask.sum()) for mask in theirs.values())
    print("\n## 14 structures from RTSTRUCT to masks on the CT\n")
    print(f"plastimatch takes {seconds[1] / seconds[0]:.1f} times as long as ours; {differing} of {total} voxels differ.")


def main() -> None:
    start = time.perf_counter()
    results = compute(read_case(DEMO / "case.json"), Monitor())
    print(f"# Benchmarks\n\nWhole demo case, computing only: {time.perf_counter() - start:.1f} s on {os.cpu_count()} cores.")
    accuracy(results)
    mapping(results)
    rasterizing(results)


if __name__ == "__main__":
    main()
