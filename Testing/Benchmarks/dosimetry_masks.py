"""Contours to masks on the grid of the CT: ours, rt-utils, plastimatch, VTK; every voxel held against an exact oracle.

The oracle is shapely's point-in-polygon (GEOS ray crossing in double precision) of every voxel centre in the contours'
bounding box, exclusive-or over the contours of a slice.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from dosimetry_case import BenchCase, compare, plastimatch, row, run_quietly
from phantom import CT
from ReirradiationLib.dosimetry.masks import structure_mask
from ReirradiationLib.model.structure import Structure
from timing import timed

Masks = list[np.ndarray]
VOXEL_CC = CT.voxel_volume_cc


@dataclass(frozen=True)
class PeerMasks:
    """A slow peer: what is timed, and its masks read afterwards."""

    run: Callable[[], object]
    masks: Callable[[], Masks]


def report(case: BenchCase) -> None:
    oracle = oracle_masks(case)
    if oracle is None:
        print("\nshapely is not installed: voxels are counted against ours, not against an oracle.")
        oracle = masks_of_ours(case)
    made: dict[str, Masks] = {}

    def keep(name: str, make: Callable[[BenchCase], Masks]) -> Callable[[], None]:
        def run() -> None:
            made[name] = make(case)

        return run

    def say(name: str) -> str:
        answer = accuracy(made[name], oracle, case)
        del made[name]
        return answer

    quick = {"ours (structure_mask)": masks_of_ours, "vtkPolyDataToImageStencil, box of each": masks_of_vtk}
    head = "voxels that differ from the oracle | volume error 1 cc / 50 cc / cord / organs / BODY [%]"
    candidates = {name: keep(name, make) for name, make in quick.items()}
    ours = compare("30 structures to masks on the CT, 512 × 512 × 200", head, candidates, say, 3)
    for name, peer in (
        ("plastimatch convert --xor-contours (whole command, n = 1)", with_plastimatch(case)),
        ("rt-utils get_roi_mask_by_name (CT read before, n = 1)", with_rt_utils(case)),
    ):
        if peer is None:
            print(f"| {name} | not installed | | | |")
        else:
            seconds = timed(peer.run, rounds=1)[0]
            row(name, seconds, ours, accuracy(peer.masks(), oracle, case))


def accuracy(masks: Masks, oracle: Masks, case: BenchCase) -> str:
    different = sum(int(np.count_nonzero(mask != true)) for mask, true in zip(masks, oracle, strict=True))
    errors = [100.0 * (m.sum() * VOXEL_CC / s.volume_cc - 1.0) for m, s in zip(masks, case.shapes, strict=True)]
    groups = (errors[:9], errors[9:18], errors[18:19], errors[19:27], errors[29:])
    return f"{different} | {' / '.join(f'{np.mean(group):+.2f}' for group in groups)}"


def masks_of_ours(case: BenchCase) -> Masks:
    return [structure_mask(structure, CT, CT) for structure in case.structures]


def oracle_masks(case: BenchCase) -> Masks | None:
    if importlib.util.find_spec("shapely") is None:
        return None
    import shapely

    masks = []
    for structure in case.structures:
        mask = np.zeros(CT.shape, dtype=np.bool_)
        for points in structure.contours_mm:
            index = CT.to_index(points)
            k = round(float(index[0, 2]))
            low = np.maximum(np.floor(index[:, :2].min(axis=0)).astype(int), 0)
            high = np.minimum(np.ceil(index[:, :2].max(axis=0)).astype(int) + 1, CT.size[:2])
            x = CT.origin_mm[0] + CT.spacing_mm[0] * np.arange(low[0], high[0])
            y = CT.origin_mm[1] + CT.spacing_mm[1] * np.arange(low[1], high[1])
            polygon = shapely.Polygon(points[:, :2])
            shapely.prepare(polygon)
            mask[k, low[1] : high[1], low[0] : high[0]] ^= shapely.contains_xy(polygon, *np.meshgrid(x, y))
        masks.append(mask)
    return masks


def masks_of_vtk(case: BenchCase) -> Masks:
    return [_vtk_mask(structure) for structure in case.structures]


def _vtk_mask(structure: Structure) -> np.ndarray:
    """Contours as closed polylines, one stencil over the box of the structure; what a VTK user would write."""
    import vtk
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    index = [CT.to_index(points) for points in structure.contours_mm]
    everything = np.concatenate(index)
    everything[:, 2] = np.round(everything[:, 2])
    low = np.maximum(np.floor(everything.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(everything.max(axis=0)).astype(int), np.array(CT.size) - 1)
    data = vtk.vtkPolyData()
    points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
    points.SetDataTypeToDouble()
    points.SetData(numpy_to_vtk(everything, deep=True))
    start = 0
    for contour in index:
        lines.InsertNextCell(len(contour) + 1)
        for n in range(len(contour)):
            lines.InsertCellPoint(start + n)
        lines.InsertCellPoint(start)
        start += len(contour)
    data.SetPoints(points)
    data.SetLines(lines)
    extent = [int(v) for pair in zip(low, high, strict=True) for v in pair]
    stencil = vtk.vtkPolyDataToImageStencil()
    stencil.SetInputData(data)
    stencil.SetOutputWholeExtent(extent)
    stencil.SetTolerance(0.0)
    image = vtk.vtkImageStencilToImage()
    image.SetInputConnection(stencil.GetOutputPort())
    image.SetInsideValue(1)
    image.SetOutputScalarTypeToUnsignedChar()
    image.Update()
    box = vtk_to_numpy(image.GetOutput().GetPointData().GetScalars()).reshape(tuple((high - low + 1)[::-1]))
    mask = np.zeros(CT.shape, dtype=np.bool_)
    mask[low[2] : high[2] + 1, low[1] : high[1] + 1, low[0] : high[0] + 1] = box
    return mask


def with_plastimatch(case: BenchCase) -> PeerMasks | None:
    program = plastimatch()
    if program is None:
        return None
    output = case.folder / "plastimatch"
    source = ("--input", case.folder / "RS.dcm", "--referenced-ct", case.folder / "CT", "--xor-contours")
    return PeerMasks(
        lambda: run_quietly(program, "convert", *source, "--output-prefix", output, "--prefix-format", "nrrd"),
        lambda: [sitk.GetArrayFromImage(sitk.ReadImage(str(output / f"{s.name}.nrrd"))) > 0 for s in case.structures],
    )


def with_rt_utils(case: BenchCase) -> PeerMasks | None:
    """Its masks are (columns, rows, slices) as filled by OpenCV; they are turned only afterwards."""
    if importlib.util.find_spec("rt_utils") is None:
        return None
    source, made = read_by_rt_utils(case.folder), {}

    def run() -> None:
        made.update({s.name: source.get_roi_mask_by_name(s.name) for s in case.structures})

    return PeerMasks(run, lambda: [np.transpose(made[s.name], (2, 0, 1)) for s in case.structures])


def read_by_rt_utils(folder: Path):
    from rt_utils import RTStructBuilder

    with contextlib.redirect_stdout(io.StringIO()):
        return RTStructBuilder.create_from(dicom_series_path=str(folder / "CT"), rt_struct_path=str(folder / "RS.dcm"))
