"""Everything that a case writes beside DICOM: JSON, HTML and a scene."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .dosimetry.masks import structure_mask
from .model.geometry import Geometry
from .model.scene import (
    DoseQuantity,
    PictureMaker,
    SceneContent,
    SceneDose,
    SceneRegistration,
    SceneStructure,
    SceneWriter,
)
from .model.structure import EndCaps, Structure
from .output import OutputFolder
from .report.evaluation import SCHEMA_NAME, Evaluation
from .report.pictures import draw_pictures
from .report.registration_pictures import draw_registration_pictures
from .report.results import CaseRecords, CaseResults
from .scene_charts import scene_charts
from .scene_tables import scene_tables
from .write_dicom import is_own_dicom, write_dicom
from .write_planning import TABLE_FILES, write_tables
from .write_report import EVALUATION_FILE, REPORT_FILES, ReportPictures, write_report

SCENE_FILE = "case.mrb"
OUTPUT_FILES = frozenset({SCENE_FILE}) | REPORT_FILES | TABLE_FILES
"""Beside the DICOM objects of :mod:`.write_dicom`."""

PRIOR_EQD2, CUMULATIVE_EQD2 = "EQD2 of the prior courses", "Cumulative EQD2"
"""Names of the sums in the scene."""

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
    write_dicom(results, folder, report)
    write_tables(results, folder, report)
    content = scene_content(results, evaluation)
    if scene is not None:
        report(SCENE_FILE)
        scene.write(content, folder.path(SCENE_FILE))
    drawn = ReportPictures(
        draw_pictures(results, content, pictures, report), draw_registration_pictures(results, pictures, report)
    )
    write_report(evaluation, drawn, folder, report)


def is_former_output(folder: Path) -> bool:
    """Whether a folder holds an output of this program and nothing else, so that it may be replaced on request."""
    if not all(path.is_file() and not path.is_symlink() and _is_own(path) for path in folder.iterdir()):
        return False
    try:
        stored = json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    # Of an older version too: whoever updates may replace what was there.
    return isinstance(stored, dict) and str(stored.get("schema")).startswith(SCHEMA_NAME)


def _is_own(path: Path) -> bool:
    return path.name in OUTPUT_FILES or is_own_dicom(path)


def scene_content(results: CaseResults, evaluation: Evaluation | None = None) -> SceneContent:
    """The CTs, mapped doses, EQD2 sums, structures and registrations; tables and charts too if the evaluation is given."""
    ct = results.records.ct
    outline = _refined(ct.geometry)
    end_caps = results.case.end_caps
    return SceneContent(
        image=ct,
        doses=tuple(_scene_doses(results)),
        structures=tuple(_scene_structure(r.structure, ct.geometry, ct.geometry, end_caps) for r in results.structures),
        optimization_structures=tuple(
            _scene_structure(structure, ct.geometry, outline, end_caps) for structure in results.optimization_structures
        ),
        registrations=tuple(
            SceneRegistration(course.identifier, course.label, course.transform, record.ct)
            for course, record in zip(results.prior_courses, results.records.prior, strict=True)
        ),
        isodoses=tuple(_scene_structure(one, ct.geometry, outline, end_caps) for one in results.isodose_structures),
        tables=scene_tables(evaluation) if evaluation else (),
        charts=scene_charts(results, evaluation) if evaluation else (),
        case=results.case.title,
    )


def anatomy_content(found: CaseRecords) -> SceneContent:
    """The current CT and the structures of a case of which nothing is registered or mapped yet."""
    ct, end_caps = found.records.ct, found.case.end_caps
    drawn = [found.records.structures.find(choice.name) for choice in found.case.structures]
    structures = tuple(_scene_structure(one, ct.geometry, ct.geometry, end_caps) for one in drawn)
    return SceneContent(ct, (), structures, (), (), case=found.case.title)


def _scene_doses(results: CaseResults) -> list[SceneDose]:
    doses = [
        SceneDose(
            name=f"{course.label}, physical, on the current CT",
            voxels_gy=mapped.voxels_gy,
            geometry=mapped.geometry,
            quantity=DoseQuantity.PHYSICAL,
            description=f"{course.transform.source}; 0 where the dose is not known{_warning(results.unreliable_in(course))}",
            course=course.identifier,
        )
        for course, mapped in zip(results.courses, results.mapped, strict=True)
    ]
    sums = {PRIOR_EQD2: results.prior_eqd2_gy, CUMULATIVE_EQD2: results.cumulative_eqd2_gy}
    for name, voxels in sums.items():
        if voxels is not None:
            doses.append(SceneDose(name, voxels, results.grid.geometry, DoseQuantity.EQD2, results.composite_rule))
    return doses


def _warning(organs: Sequence[str]) -> str:
    return f"; NOT TO BE RELIED ON (registration) in {', '.join(organs)}: use the point worksheet" if organs else ""


def _scene_structure(structure: Structure, contoured_on: Geometry, grid: Geometry, end_caps: EndCaps) -> SceneStructure:
    mask = structure_mask(structure, contoured_on, grid, end_caps)
    return SceneStructure(
        *(structure.name, structure.colour, mask, grid, structure.description),
        contours_mm=structure.contours_mm,
        number=structure.number,
    )


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
