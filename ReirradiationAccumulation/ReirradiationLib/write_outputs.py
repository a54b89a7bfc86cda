"""Everything that a case writes: DICOM, JSON, HTML and a scene."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from .dicom.dose_writer import ContributingDose, DoseTransform, write_effective_dose
from .dicom.naming import NamingRule, fitted_names
from .dicom.reader import SopClass, open_dicom
from .dicom.registration_writer import is_own_registration, write_registration
from .dicom.reimport import require_same_dose, require_same_registration, require_same_structures
from .dicom.structure_writer import write_structures
from .dosimetry.occupancy import structure_mask
from .model.arrays import Float32Array
from .model.case import RegistrationMethod
from .model.course import Course
from .model.geometry import Geometry
from .model.scene import DoseQuantity, PictureMaker, SceneContent, SceneDose, SceneStructure, SceneWriter
from .model.structure import Structure
from .output import OutputFolder
from .report.assemble import COMPOSITE_RULE
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
REGISTRATION_PREFIX = "registration_"
LABEL = "REIRRADIATION"
PRIOR_ONLY = "prior courses only"

FILE_NAMES = NamingRule("file names", 64, "A-Za-z0-9_.-", "M", "portable file names (POSIX.1 3.282)")
"""What a course id must be like to be part of a file name."""

Registrations = Mapping[str, tuple[SopClass, str]]
"""The REG of each course that has one, by course id: its SOP Class and SOPInstanceUID."""

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
    if not all(path.is_file() and not path.is_symlink() and _is_own(path) for path in folder.iterdir()):
        return False
    try:
        stored = json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stored, dict) and stored.get("schema") == SCHEMA


def _is_own(path: Path) -> bool:
    named_as_ours = path.name.startswith(REGISTRATION_PREFIX) and path.suffix == ".dcm"
    return path.name in OUTPUT_FILES or (named_as_ours and is_own_registration(path))


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
    ct = results.records.ct
    if results.optimization_structures:
        report(STRUCTURES_FILE)
        path = folder.path(STRUCTURES_FILE)
        exported = write_structures(path, results.optimization_structures, ct, LABEL)
        require_same_structures(path, results.optimization_structures, exported, ct)
    registrations = _write_registrations(results, folder, report)
    if results.new_course is not None:
        report(PRIOR_FILE)
        _write_dose(folder.path(PRIOR_FILE), results.prior_eqd2_gy, results, results.prior_courses, registrations)
    report(CUMULATIVE_FILE)
    _write_dose(folder.path(CUMULATIVE_FILE), results.final_eqd2_gy, results, results.courses, registrations)


def _write_registrations(results: CaseResults, folder: OutputFolder, report: Callable[[str], None]) -> Registrations:
    """Write the registrations that were computed here; those read from DICOM are referred to."""
    found: dict[str, tuple[SopClass, str]] = {}
    case, records = results.case, results.records
    names = fitted_names([course.identifier for course in results.prior_courses], FILE_NAMES)
    for choice, course, record, name in zip(case.prior_courses, results.prior_courses, records.prior, names, strict=True):
        method = choice.registration.method
        if method is RegistrationMethod.DICOM and choice.registration.file is not None:
            reader = open_dicom(choice.registration.file, SopClass.RIGID_REG, SopClass.DEFORMABLE_REG, pixels=False)
            kind = SopClass(reader.required_text("SOPClassUID"))
            found[course.identifier] = (kind, reader.required_text("SOPInstanceUID"))
        elif method is RegistrationMethod.SIMPLEITK_RIGID and record.ct is not None:
            path = folder.path(f"{REGISTRATION_PREFIX}{name}.dcm")
            report(path.name)
            found[course.identifier] = write_registration(path, course.transform, records.ct, record.ct, course.label)
            require_same_registration(path, course.transform, records.ct)
    return found


def _write_dose(
    path: Path,
    voxels_gy: Float32Array,
    results: CaseResults,
    courses: Sequence[Course],
    registrations: Registrations,
) -> None:
    has_new = any(course is results.new_course for course in courses)
    write_effective_dose(
        path,
        voxels_gy,
        results.records.ct,
        [course.dose.plan_uid for course in courses if course.dose.plan_uid],
        description=f"EQD2 sum, {'prior + new plan' if has_new else PRIOR_ONLY}, raw, for display",
        comment="EQD2 raw sum; per voxel max over structures' own alpha/beta",
        contributions=[
            ContributingDose(
                dose_uid=course.dose.sop_instance_uid,
                is_prior=course is not results.new_course,
                transform=_dose_transform(course),
                registration=registrations.get(course.identifier) if course is not results.new_course else None,
            )
            for course in courses
        ],
    )
    require_same_dose(path, voxels_gy)


def _dose_transform(course: Course) -> DoseTransform:
    if not course.transform.steps:
        return DoseTransform.NONE
    return DoseTransform.NON_RIGID if course.transform.is_deformable else DoseTransform.RIGID


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
    doses.append(SceneDose("EQD2 of the prior courses", results.prior_eqd2_gy, geometry, DoseQuantity.EQD2, COMPOSITE_RULE))
    if results.cumulative_eqd2_gy is not None:
        doses.append(SceneDose("Cumulative EQD2", results.cumulative_eqd2_gy, geometry, DoseQuantity.EQD2, COMPOSITE_RULE))
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
