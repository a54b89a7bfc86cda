"""Everything that a case writes: DICOM, JSON, HTML and a scene."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .dicom.dose_writer import write_effective_dose
from .dicom.structure_writer import write_structures
from .dosimetry.occupancy import structure_mask
from .model.arrays import Float32Array
from .model.course import Course
from .model.geometry import Geometry
from .model.image import Image
from .model.scene import DoseQuantity, PictureMaker, SceneContent, SceneDose, SceneStructure, SceneWriter
from .model.structure import Structure
from .output import OutputFolder
from .report.assemble import COMPOSITE_RULE, POINTS_LEFT_OUT
from .report.evaluation import SCHEMA, Evaluation, evaluation_json
from .report.html import report_html
from .report.pictures import draw_pictures
from .report.results import CaseResults

STRUCTURES_FILE = "optimization_structures.dcm"
CUMULATIVE_FILE = "cumulative_eqd2.dcm"
PRIOR_FILE = "prior_eqd2.dcm"
REPORT_FILE = "report.html"
SCENE_FILE = "case.mrb"
EVALUATION_FILE = "evaluation.json"
OUTPUT_FILES = frozenset({STRUCTURES_FILE, CUMULATIVE_FILE, PRIOR_FILE, REPORT_FILE, SCENE_FILE, EVALUATION_FILE})
LABEL = "REIRRADIATION"
PRIOR_ONLY = "prior courses only"

OUTLINE_PIXEL_MM = 1.0
"""In-plane size of the masks that outlines are drawn from."""


def write_outputs(
    results: CaseResults,
    evaluation: Evaluation,
    folder: OutputFolder,
    pictures: PictureMaker | None,
    scene: SceneWriter | None,
    report: Callable[[str], None],
) -> None:
    """Write all files of a case into an open output folder; ``report`` is told each name and may raise to cancel."""
    _write_dicom(results, folder, report)
    content = scene_content(results)
    if scene is not None:
        report(SCENE_FILE)
        scene.write(content, folder.path(SCENE_FILE))
    drawn = draw_pictures(results, content, pictures, report)
    report(REPORT_FILE)
    folder.write_text(REPORT_FILE, report_html(evaluation, drawn))
    report(EVALUATION_FILE)
    folder.write_text(EVALUATION_FILE, evaluation_json(evaluation))


def is_former_output(folder: Path) -> bool:
    """Whether a folder holds an output of this program and nothing else, so that it may be replaced on request."""
    paths = list(folder.iterdir())
    if not all(path.name in OUTPUT_FILES and path.is_file() and not path.is_symlink() for path in paths):
        return False
    try:
        stored = json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stored, dict) and stored.get("schema") == SCHEMA


def scene_content(results: CaseResults) -> SceneContent:
    """The current CT, mapped doses, EQD2 sums, structures and transforms."""
    ct = results.records.ct
    outline = _refined(ct.geometry)
    return SceneContent(
        image=ct,
        doses=tuple(_scene_doses(results)),
        structures=tuple(_scene_structure(r.structure, ct.geometry, ct.geometry) for r in results.structures),
        optimization_structures=tuple(
            _scene_structure(structure, ct.geometry, outline) for structure in results.optimization_structures
        ),
        transforms=tuple(course.transform for course in results.prior_courses),
    )


def _write_dicom(results: CaseResults, folder: OutputFolder, report: Callable[[str], None]) -> None:
    if results.optimization_structures:
        report(STRUCTURES_FILE)
        write_structures(folder.path(STRUCTURES_FILE), results.optimization_structures, results.records.ct, LABEL)
    if results.new_course is not None and results.prior_eqd2_gy is not None:
        report(PRIOR_FILE)
        _write_dose(folder.path(PRIOR_FILE), results.prior_eqd2_gy, results.records.ct, results.prior_courses, PRIOR_ONLY)
    if results.final_eqd2_gy is None:
        return
    report(CUMULATIVE_FILE)
    content = "prior + new plan" if results.new_course is not None else PRIOR_ONLY
    if results.point_courses:
        content += ", no point doses"
    _write_dose(folder.path(CUMULATIVE_FILE), results.final_eqd2_gy, results.records.ct, results.courses, content)


def _write_dose(path: Path, voxels_gy: Float32Array, reference: Image, courses: Sequence[Course], content: str) -> None:
    write_effective_dose(
        path,
        voxels_gy,
        reference,
        [course.dose.plan_uid for course in courses],
        description=f"EQD2 sum, {content}, raw, for display",
        comment="EQD2 raw sum; per voxel max over structures' own alpha/beta",
    )


def _scene_doses(results: CaseResults) -> list[SceneDose]:
    geometry = results.records.ct.geometry
    doses = [
        SceneDose(
            name=f"{course.label}, physical, on the current CT",
            voxels_gy=mapped.voxels_gy,
            geometry=geometry,
            quantity=DoseQuantity.PHYSICAL,
            description=f"{course.transform.source}; 0 where the dose is not known",
        )
        for course, mapped in zip(results.courses, results.mapped, strict=True)
    ]
    rule = COMPOSITE_RULE + (POINTS_LEFT_OUT if results.point_courses else "")
    sums = {"EQD2 of the prior courses": results.prior_eqd2_gy, "Cumulative EQD2": results.cumulative_eqd2_gy}
    for name, voxels in sums.items():
        if voxels is not None:
            doses.append(SceneDose(name, voxels, geometry, DoseQuantity.EQD2, rule))
    return doses


def _scene_structure(structure: Structure, contoured_on: Geometry, grid: Geometry) -> SceneStructure:
    return SceneStructure(structure.name, structure.colour, structure_mask(structure, contoured_on, grid), grid)


def _refined(geometry: Geometry) -> Geometry:
    """The CT's grid with pixels of about a millimetre, covering the same box of the plane."""
    factors = [max(1, round(spacing / OUTLINE_PIXEL_MM)) for spacing in geometry.spacing_mm[:2]]
    shift = [-0.5 + 0.5 / factor for factor in factors]
    origin = geometry.to_lps(np.array([[shift[0], shift[1], 0.0]]))[0]
    return Geometry(
        (float(origin[0]), float(origin[1]), float(origin[2])),
        (geometry.spacing_mm[0] / factors[0], geometry.spacing_mm[1] / factors[1], geometry.spacing_mm[2]),
        geometry.direction,
        (geometry.size[0] * factors[0], geometry.size[1] * factors[1], geometry.size[2]),
    )
