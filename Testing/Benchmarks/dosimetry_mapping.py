"""A dose onto a grid of 2 mm through a matrix, a deformation field, and both: ours, SimpleITK, VTK, scipy.

Accuracy is against the analytic dose at analytically moved points, inside the box of the dose and its 1 Gy isodose; it holds
what a field of 5 mm and a dose of 2.5 mm can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import SimpleITK as sitk
from dosimetry_case import BenchCase, compare, row
from phantom import AXIAL, DOSE, MAP, displacement_mm, dose_gy, rigid_matrix
from ReirradiationLib.dosimetry.mapping import map_dose
from ReirradiationLib.model.course import Course
from ReirradiationLib.model.geometry import Geometry, apply_affine
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform, TransformStep
from scipy.ndimage import map_coordinates
from timing import timed

FIELD = Geometry((-262.0, -212.0, -212.0), (5.0, 5.0, 5.0), AXIAL, (106, 86, 86))
SHOWN = (slice(None, None, 3),) * 3
RIM_MM = 3.0


def field() -> DisplacementGrid:
    points = np.stack([FIELD.plane_points(k) for k in range(FIELD.size[2])])
    return DisplacementGrid(FIELD, displacement_mm(points).reshape(*FIELD.shape, 3).astype(np.float32))


def steps() -> dict[str, tuple[TransformStep, ...]]:
    """Each in the order in which they act on a current point."""
    matrix, deformation = Affine(rigid_matrix()), field()
    return {"rigid": (matrix,), "deformable": (deformation,), "deformable, then rigid": (deformation, matrix)}


def transform_of(steps: Sequence[TransformStep], frame: str) -> SpatialTransform:
    return SpatialTransform(frame, frame, tuple(steps), "analytic")


def report(case: BenchCase) -> None:
    for name, parts in steps().items():
        report_one(case.courses[0], name, parts)


def report_one(course: Course, name: str, parts: tuple[TransformStep, ...]) -> None:
    frame = course.dose.frame_uid
    moved = Course(course.identifier, course.label, course.dose, course.fractions, None, None, transform_of(parts, frame))
    truth, inside = analytic(parts)
    outputs: dict[str, np.ndarray] = {}

    def keep(tool: str, run: Callable[[], np.ndarray]) -> Callable[[], None]:
        def made() -> None:
            outputs[tool] = run()

        return made

    def say(tool: str) -> str:
        difference = np.abs(outputs.pop(tool)[SHOWN] - truth)[inside]
        return f"{difference.mean():.4f} / {np.percentile(difference, 99):.3f} / {difference.max():.3f}"

    head = "mean / P99 / largest error [Gy]"
    tools = {
        "ours (map_dose)": lambda: map_dose(moved, MAP, frame).voxels_gy,
        "SimpleITK Resample": lambda: with_simpleitk(course, parts),
        "VTK vtkImageReslice": lambda: with_vtk(course, parts),
    }
    title = f"Mapping to 2 mm, 249 × 199 × 199: {name}"
    ours = compare(title, head, {tool: keep(tool, run) for tool, run in tools.items()}, say, 3)
    peer = "scipy map_coordinates, plane by plane (n = 1)"
    row(peer, timed(keep(peer, lambda: with_scipy(course, parts)), rounds=1)[0], ours, say(peer))


def analytic(parts: Sequence[TransformStep]) -> tuple[np.ndarray, np.ndarray]:
    """True dose at every third voxel along each axis, and where it is known well inside the dose box."""
    points = np.stack([MAP.plane_points(k) for k in range(MAP.size[2])]).reshape(*MAP.shape, 3)[SHOWN]
    for part in parts:
        points = points + displacement_mm(points) if isinstance(part, DisplacementGrid) else _apply(part, points)
    last = np.array(DOSE.origin_mm) + np.array(DOSE.spacing_mm) * (np.array(DOSE.size) - 1)
    inside = ((points > np.array(DOSE.origin_mm) + RIM_MM) & (points < last - RIM_MM)).all(axis=-1)
    truth = dose_gy(0)(points)
    return truth, inside & (truth > 1.0)


def _apply(part: TransformStep, points: np.ndarray) -> np.ndarray:
    assert isinstance(part, Affine)
    return apply_affine(part.matrix, points.reshape(-1, 3)).reshape(points.shape)


def sitk_image(voxels: np.ndarray, geometry: Geometry, vectors: bool = False) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels, isVector=vectors)
    image.SetOrigin(geometry.origin_mm)
    image.SetSpacing(geometry.spacing_mm)
    return image


def sitk_transform(parts: Sequence[TransformStep]) -> sitk.Transform:
    made = []
    for part in parts:
        if isinstance(part, Affine):
            made.append(sitk.AffineTransform(part.matrix[:3, :3].ravel().tolist(), part.matrix[:3, 3].tolist()))
        else:
            vectors = sitk_image(part.vectors_mm.astype(np.float64), part.geometry, vectors=True)
            made.append(sitk.DisplacementFieldTransform(vectors))
    # SimpleITK applies the transform that was added last first.
    return made[0] if len(made) == 1 else sitk.CompositeTransform(made[::-1])


def with_simpleitk(course: Course, parts: Sequence[TransformStep], grid: Geometry = MAP) -> np.ndarray:
    reference = sitk.Image(*grid.size, sitk.sitkFloat32)
    reference.SetOrigin(grid.origin_mm)
    reference.SetSpacing(grid.spacing_mm)
    dose = sitk_image(course.dose.voxels_gy, course.dose.geometry)
    return sitk.GetArrayFromImage(sitk.Resample(dose, reference, sitk_transform(parts), sitk.sitkLinear, 0.0))


def with_vtk(course: Course, parts: Sequence[TransformStep]) -> np.ndarray:
    import vtk
    from vtkmodules.util.numpy_support import vtk_to_numpy

    transform = vtk.vtkGeneralTransform()
    transform.PostMultiply()
    for part in parts:
        if isinstance(part, Affine):
            transform.Concatenate(part.matrix.ravel().tolist())
        else:
            grid = vtk.vtkGridTransform()
            grid.SetDisplacementGridData(_vtk_image(part.vectors_mm, part.geometry))
            grid.SetInterpolationModeToLinear()
            transform.Concatenate(grid)
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(_vtk_image(course.dose.voxels_gy, course.dose.geometry))
    reslice.SetResliceTransform(transform)
    reslice.SetInterpolationModeToLinear()
    reslice.SetOutputOrigin(MAP.origin_mm)
    reslice.SetOutputSpacing(MAP.spacing_mm)
    reslice.SetOutputExtent(0, MAP.size[0] - 1, 0, MAP.size[1] - 1, 0, MAP.size[2] - 1)
    reslice.SetBackgroundLevel(0.0)
    reslice.Update()
    return vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars()).reshape(MAP.shape)


def _vtk_image(voxels: np.ndarray, geometry: Geometry):
    import vtk
    from vtkmodules.util.numpy_support import numpy_to_vtk

    image = vtk.vtkImageData()
    image.SetDimensions(geometry.size)
    image.SetOrigin(geometry.origin_mm)
    image.SetSpacing(geometry.spacing_mm)
    flat = voxels.reshape(-1, 3) if voxels.ndim == 4 else voxels.ravel()
    image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=True))
    return image


def with_scipy(course: Course, parts: Sequence[TransformStep]) -> np.ndarray:
    output = np.empty(MAP.shape, dtype=np.float32)
    for k in range(MAP.size[2]):
        points = MAP.plane_points(k)
        for part in parts:
            if isinstance(part, Affine):
                points = apply_affine(part.matrix, points)
            else:
                at = part.geometry.to_index(points)[:, ::-1].T
                moved = [map_coordinates(part.vectors_mm[..., c], at, order=1, mode="nearest") for c in range(3)]
                points = points + np.stack(moved, axis=1)
        at = course.dose.geometry.to_index(points)[:, ::-1].T
        output[k] = map_coordinates(course.dose.voxels_gy, at, order=1, cval=0.0).reshape(MAP.shape[1:])
    return output
