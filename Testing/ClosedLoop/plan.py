"""Closed loop, step 2 (pyRadPlan's environment): plans the new course without and with the exported structures.

Everything comes from DICOM files on disk, read and turned into voxels by pyRadPlan: nothing of this project is imported.
Both plans have the same beams, bixels, dose influence and objectives for target, cord and body; the second has one more
objective for each exported structure, at the limit that its name carries. pyRadPlan optimises the dose per fraction; all
doses written here are totals.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from named_limits import limit_in_name_gy
from pydicom.uid import generate_uid
from pyRadPlan import CT, PhotonPlan, StructureSet, calc_dose_influence, fluence_optimization, generate_stf, validate_ct
from pyRadPlan.io.dicom import DicomImporter
from pyRadPlan.io.dicom._export_common import UIDContext
from pyRadPlan.io.dicom._export_dose import export_dose
from pyRadPlan.optimization.objectives import SquaredDeviation, SquaredOverdosing

TARGET_PRIORITY, ORGAN_PRIORITY, BODY_PRIORITY = 100.0, 10000.0, 30.0
"""Of the objectives, which are means over a structure: organs come first, or the few voxels at their edge count nothing."""
ORGAN_FIRST, TARGET_NEXT, BODY_LAST = 0, 1, 2
"""Voxels on the border of two structures belong to the first of them."""
BODY_SHARE = 0.5
"""Of the prescription: what is more than that outside target and organs is penalised in both plans."""
MASK_SPACING_MM = 1.5
"""In the CT's planes: contours become voxels of this size."""
PLANS = ("without", "with")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path, help="where task.json is; the plans are written to a folder in it")
    arguments.add_argument("--name", default="standard")
    arguments.add_argument("--bixel-mm", type=float, default=5.0)
    arguments.add_argument("--grid-mm", type=float, default=3.0, help="of the dose, in the CT's planes")
    arguments.add_argument("--iterations", type=int, default=500, help="at most")
    parsed = arguments.parse_args()
    task = json.loads((parsed.folder / "task.json").read_text())
    ct = in_fine_planes(DicomImporter(task["ct"]).load_ct(), MASK_SPACING_MM)
    structures = read_structures(task, ct)
    pln = photon_plan(task, parsed.bixel_mm, (parsed.grid_mm, parsed.grid_mm, ct.resolution["z"]), parsed.iterations)
    start = time.perf_counter()
    stf = generate_stf(ct, structures, pln)
    dij = calc_dose_influence(ct, structures, stf, pln)
    influence_s = time.perf_counter() - start
    told = {"bixels": int(dij.total_num_of_bixels), "influence_s": influence_s, "bixel_mm": parsed.bixel_mm}
    told |= {"dose_grid_mm": list(dij.dose_grid.resolution_vector), "beams": len(stf.beams), "plans": {}}
    for plan in PLANS:
        start = time.perf_counter()
        set_objectives(structures, task, with_limits=plan == "with")
        found: dict = {}
        fluence = fluence_optimization(ct, structures, stf, dij, pln, opt_info=found)
        dose = dij.compute_result_dose_grid(fluence)["physical_dose"] * float(task["fractions"])
        write_plan(parsed.folder / parsed.name / plan, plan, dose, task)
        told["plans"][plan] = {"iterations": found["num_iter"], "optimization_s": time.perf_counter() - start}
    (parsed.folder / parsed.name / "planning.json").write_text(json.dumps(told, indent=1) + "\n")


def in_fine_planes(ct: CT, spacing_mm: float) -> CT:
    """The CT with smaller voxels in its planes, from edge to edge; the planes, where the contours are, stay."""
    image = ct.cube_hu
    size, spacing = np.array(image.GetSize()), np.array(image.GetSpacing())
    fine_mm = np.array([spacing_mm, spacing_mm, spacing[2]])
    fine_size = np.rint(size * spacing / fine_mm).astype(int)
    resampler = sitk.ResampleImageFilter()
    resampler.SetInterpolator(sitk.sitkLinear)
    resampler.SetOutputDirection(image.GetDirection())
    resampler.SetOutputOrigin([float(v) for v in np.array(image.GetOrigin()) + (fine_mm - spacing) / 2.0])
    resampler.SetOutputSpacing([float(v) for v in fine_mm])
    resampler.SetSize([int(n) for n in fine_size])
    resampler.SetDefaultPixelValue(-1000.0)
    resampler.UseNearestNeighborExtrapolatorOn()
    return validate_ct(cube_hu=resampler.Execute(image))


def read_structures(task: dict, ct: CT) -> StructureSet:
    """Target, organ and body of the planning RTSTRUCT, and every ROI of the exported one."""
    planned = DicomImporter(task["structures"]).load_cst(ct)
    exported = DicomImporter(task["optimization_structures"]).load_cst(ct)
    wanted = [voi for voi in planned.vois if voi.name in (task["target"], task["organ"], task["body"])]
    if len(wanted) != 3 or {voi.name for voi in exported.vois} != set(task["limits_gy"]):
        raise SystemExit("The structures in the files are not those of task.json.")
    for voi in (*wanted, *exported.vois):
        voi.overlap_priority = {task["target"]: TARGET_NEXT, task["body"]: BODY_LAST}.get(voi.name, ORGAN_FIRST)
    return StructureSet(vois=[*wanted, *exported.vois], ct_image=ct)


def photon_plan(task: dict, bixel_mm: float, dose_grid_mm: tuple[float, float, float], iterations: int) -> PhotonPlan:
    """6 MV photons from the gantry angles of the demo's own plan, every voxel of every bixel kept."""
    beams = pydicom.dcmread(task["beams_of_plan"]).BeamSequence
    angles = [float(beam.ControlPointSequence[0].GantryAngle) for beam in beams]
    pln = PhotonPlan(machine="Generic", num_of_fractions=task["fractions"], prescribed_dose=task["prescription_gy"])
    pln.prop_stf = {"gantry_angles": angles, "couch_angles": [0.0] * len(angles), "bixel_width": bixel_mm}
    pln.prop_dose_calc = {
        "dose_grid": {"resolution": dict(zip("xyz", dose_grid_mm, strict=True))},
        "enable_dij_sampling": False,  # it leaves out voxels at random
    }
    pln.prop_opt = {"solver": {"name": "scipy", "max_iter": iterations, "display": False}}
    return pln


def set_objectives(structures: StructureSet, task: dict, with_limits: bool) -> None:
    """Per fraction, as pyRadPlan optimises."""
    fractions, prescription_gy = task["fractions"], task["prescription_gy"]
    for voi in structures.vois:
        if voi.name == task["target"]:
            objectives = [SquaredDeviation(d_ref=prescription_gy / fractions, priority=TARGET_PRIORITY)]
        elif voi.name == task["organ"]:
            objectives = [SquaredOverdosing(d_max=task["ordinary_limit_gy"] / fractions, priority=ORGAN_PRIORITY)]
        elif voi.name == task["body"]:
            objectives = [SquaredOverdosing(d_max=BODY_SHARE * prescription_gy / fractions, priority=BODY_PRIORITY)]
        else:
            limit_gy = limit_in_name_gy(voi.name, task["limits_gy"][voi.name])
            objectives = [SquaredOverdosing(d_max=limit_gy / fractions, priority=ORGAN_PRIORITY)] if with_limits else []
        voi.objectives = objectives


def write_plan(folder: Path, label: str, dose_gy: sitk.Image, task: dict) -> None:
    """RTDOSE by pyRadPlan's own writer, and the RTPLAN that says of how many fractions it is: the demo's, renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = pydicom.dcmread(task["beams_of_plan"])
    plan.SOPInstanceUID = plan.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[label, "plan"])
    plan.SeriesInstanceUID = generate_uid(entropy_srcs=[label, "series"])
    plan.RTPlanLabel = plan.RTPlanName = plan.SeriesDescription = f"loop_{label}"
    plan.FractionGroupSequence[0].NumberOfFractionsPlanned = task["fractions"]
    plan.ApprovalStatus = "UNAPPROVED"
    for keyword in ("ReviewDate", "ReviewTime", "ReviewerName"):
        delattr(plan, keyword)
    for beam in plan.FractionGroupSequence[0].ReferencedBeamSequence:
        del beam.BeamDose  # that of the demo's plan
    plan.save_as(folder / "RP.dcm")
    context = UIDContext(plan.StudyInstanceUID, plan.FrameOfReferenceUID, plan.PatientName, plan.PatientID)
    path = Path(export_dose(dose_gy, str(folder), context))
    written = pydicom.dcmread(path)
    for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"):
        setattr(written, keyword, plan.get(keyword, ""))
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = plan.SOPClassUID, plan.SOPInstanceUID
    written.ReferencedRTPlanSequence = [item]
    written.save_as(path)


if __name__ == "__main__":
    main()
