"""EQD2: sums of courses per structure, and one dose as a volume against a copy of its memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import SimpleITK as sitk
from dosimetry_case import BenchCase, compare, largest
from phantom import CT, MAP
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.composite import eqd2_volume
from ReirradiationLib.dosimetry.mapping import MappedDose, map_dose
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.protocol import Basis
from scipy.ndimage import map_coordinates

ALPHA_BETA_GY = 3.0


def formula(dose_gy: np.ndarray, fractions: int, alpha_beta_gy: float) -> np.ndarray:
    """As one writes it; the type of the dose decides the precision."""
    return dose_gy * (dose_gy / fractions + alpha_beta_gy) / (2.0 + alpha_beta_gy)


def report(case: BenchCase) -> None:
    for count in (2, 4):
        per_structure(case, count)
    mapped = [map_dose(course, MAP, course.dose.frame_uid) for course in case.courses]
    for count in (1, 2, 4):
        volumes(mapped[:count], [course.fractions for course in case.courses[:count]])


def per_structure(case: BenchCase, count: int) -> None:
    """Sampling and summing the courses of all structures, each with an α/β of its own, up to the sorted DVH."""
    courses = case.courses[:count]
    ratios = [2.0 + n % 9 for n in range(len(case.structures))]
    samples = [structure_samples(structure, CT) for structure in case.structures]
    doses = [structure_dose(each, courses, [0.0] * count, "") for each in samples]
    sampled = [[at_points(course, each.points_mm) for course in courses] for each in samples]
    expected = [sums(parts, courses, ratio, np.float64) for parts, ratio in zip(sampled, ratios, strict=True)]
    outputs: dict[str, list[np.ndarray]] = {}

    def ours() -> None:
        outputs["ours, doses given: sum and DVH"] = [
            each.dvh(ratio, Basis.RAW).dose_gy for each, ratio in zip(doses, ratios, strict=True)
        ]

    def with_sampling() -> None:
        outputs["ours, samples given: doses, sum and DVH"] = [
            structure_dose(each, courses, [0.0] * count, "").dvh(ratio, Basis.RAW).dose_gy
            for each, ratio in zip(samples, ratios, strict=True)
        ]

    def naive(kind: type, name: str) -> Callable[[], None]:
        def run() -> None:
            outputs[name] = [-np.sort(-sums(parts, courses, r, kind)) for parts, r in zip(sampled, ratios, strict=True)]

        return run

    candidates = {"ours, doses given: sum and DVH": ours, "ours, samples given: doses, sum and DVH": with_sampling}
    for name, kind in (("numpy float64, doses given: sum and sort", np.float64), ("numpy float32, same", np.float32)):
        candidates[name] = naive(kind, name)
    say = lambda name: f"{max(largest(a + np.sort(-b)) for a, b in zip(outputs[name], expected, strict=True)):.1g}"  # noqa: E731
    total = sum(len(each.points_mm) for each in samples)
    compare(
        f"EQD2 sum of {count} courses in 30 structures, {total / 1e6:.2g} million samples",
        "largest error [Gy]",
        candidates,
        say,
        2,
    )


def at_points(course, points_mm: np.ndarray) -> np.ndarray:
    """Dose at points by scipy in float64: the reference that is not ours."""
    at = course.dose.geometry.to_index(points_mm)[:, ::-1].T
    return map_coordinates(course.dose.voxels_gy.astype(np.float64), at, order=1, mode="nearest")


def sums(doses: list[np.ndarray], courses, alpha_beta_gy: float, kind: type) -> np.ndarray:
    return sum(formula(d.astype(kind, copy=False), c.fractions, alpha_beta_gy) for d, c in zip(doses, courses, strict=True))


def volumes(mapped: list[MappedDose], fractions: list[int]) -> None:
    """Voxelwise sums of one α/β on the 2 mm grid; the copy is of one dose per course."""
    voxels = [dose.voxels_gy for dose in mapped]
    images = [sitk.GetImageFromArray(v) for v in voxels]
    expected = sum(formula(v.astype(np.float64), n, ALPHA_BETA_GY) for v, n in zip(voxels, fractions, strict=True))
    target = [np.empty_like(v) for v in voxels]

    def copy() -> np.ndarray:
        for source, place in zip(voxels, target, strict=True):
            np.copyto(place, source)
        return target[0]

    def with_simpleitk() -> sitk.Image:
        factor = 1.0 / (2.0 + ALPHA_BETA_GY)
        parts = [i * (i * (1.0 / n) + ALPHA_BETA_GY) * factor for i, n in zip(images, fractions, strict=True)]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def naive(kind: type) -> Callable[[], np.ndarray]:
        return lambda: sum(
            formula(v.astype(kind, copy=False), n, kind(ALPHA_BETA_GY)) for v, n in zip(voxels, fractions, strict=True)
        )

    candidates: dict[str, Callable[[], np.ndarray | sitk.Image]] = {
        "ours (eqd2_volume)": lambda: eqd2_volume(mapped, fractions, ALPHA_BETA_GY),
        "copy of the memory": copy,
        "numpy float32": naive(np.float32),
        "numpy float64": naive(np.float64),
        "SimpleITK operators": with_simpleitk,
    }

    def say(name: str) -> str:
        if name == "copy of the memory":
            return "– | 0"
        tracemalloc.start()
        made = candidates[name]()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        result = sitk.GetArrayFromImage(made) if isinstance(made, sitk.Image) else made
        beyond = (peak - expected.nbytes / 2.0) / 2**20
        return f"{largest(result - expected):.1g} | {'not traced' if name.startswith('SimpleITK') else f'{beyond:.0f}'}"

    head = "largest error [Gy] | memory beyond a float32 result [MB]"
    compare(f"EQD2 volume of {len(mapped)} course(s), 9.9 million voxels", head, candidates, say, 5)
