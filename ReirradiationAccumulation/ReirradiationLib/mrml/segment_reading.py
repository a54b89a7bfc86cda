"""A segment of a segmentation node as the structure that was drawn: contours, voxels or a closed surface."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from ..model.arrays import FloatArray
from ..model.errors import GeometryError
from ..model.geometry import apply_affine
from ..model.segment import AnyStructure, LabelmapStructure, SurfaceStructure
from ..model.structure import Structure
from .cropping import cropped
from .ras import FLIP, geometry_from_ijk_to_ras, numpy_matrix
from .transform_nodes import linear_between, parents_apart

ROI_NUMBER_TAG = "DicomRtImport.RoiNumber"
"""Tag of a segment in which SlicerRT's import keeps the ROINumber."""


def structure_from_segment(node: Any, segment_id: str, seen_from: Any | None = None) -> AnyStructure:
    """The structure of a segment, from the representation that it was drawn in (the *source representation*).

    All others are conversions: contours that SlicerRT imported come back as contours, not as the labelmap made for display.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        May stand under linear transforms.
    segment_id : str
    seen_from : vtkMRMLTransformNode, optional
        The parent of the data in whose coordinates the structure is wanted, such as that of the CT; the world by default.

    Returns
    -------
    Structure, LabelmapStructure or SurfaceStructure
        In LPS. An empty segment comes back empty, to be refused when it is sampled.

    Raises
    ------
    GeometryError
        If there is no such segment, it has no voxels at all, it was drawn in another representation (a fractional labelmap,
        for instance), or the node stands under a transform that is not linear, or one that shears a labelmap.
    """
    import slicer

    segment = node.GetSegmentation().GetSegment(segment_id)
    if segment is None:
        names = [
            node.GetSegmentation().GetNthSegment(n).GetName() for n in range(node.GetSegmentation().GetNumberOfSegments())
        ]
        raise GeometryError(
            f"Segmentation '{node.GetName()}'",
            f"no segment of id '{segment_id}'",
            f"Choose one of its segments: {', '.join(names) or 'it has none'}.",
        )
    to_world = _to_ras(node, seen_from)
    kinds = slicer.vtkSegmentationConverter
    source = node.GetSegmentation().GetSourceRepresentationName()
    stored = segment.GetRepresentation(source)
    if stored is not None and source == kinds.GetSegmentationPlanarContourRepresentationName():
        return _contours(segment, stored, to_world)
    if stored is not None and source == kinds.GetSegmentationBinaryLabelmapRepresentationName():
        return _labelmap(node, segment_id, segment, to_world)
    if stored is not None and source == kinds.GetSegmentationClosedSurfaceRepresentationName():
        return _surface(segment, stored, to_world)
    raise GeometryError(
        f"Segment '{segment.GetName()}'",
        f"its source representation is '{source}'",
        "Convert it in the Segmentations module and make that the source representation.",
        "planar contour, binary labelmap or closed surface",
    )


def _to_ras(node: Any, seen_from: Any | None) -> FloatArray:
    """Matrix from the node's coordinates to those of data under another parent, RAS, homogeneous 4×4."""
    matrix = linear_between(node.GetParentTransformNode(), seen_from)
    if matrix is None:
        own, others = parents_apart(node.GetParentTransformNode(), seen_from)
        crooked = next(parent for parent in (*own, *others) if not parent.IsLinear())
        raise GeometryError(
            f"Segmentation '{node.GetName()}'",
            f"it stands under the transform '{crooked.GetName()}', which is not linear",
            "Harden the transform, look at the result, and try again.",
            "linear transforms",
        )
    return matrix


def _contours(segment: Any, lines: Any, to_world: FloatArray) -> Structure:
    """Closed polygons; lines of less than three points enclose nothing."""
    points = apply_affine(FLIP @ to_world, _decimal(_points_ras(lines)))
    loops: list[FloatArray] = []
    numbers = vtk.vtkIdList()
    for index in range(lines.GetNumberOfCells()):
        lines.GetCellPoints(index, numbers)
        loop = points[[numbers.GetId(n) for n in range(numbers.GetNumberOfIds())]]
        is_closed = len(loop) > 1 and np.allclose(loop[0], loop[-1], rtol=0.0, atol=1e-6)
        loops.append(loop[:-1] if is_closed else loop)
    return Structure(
        name=segment.GetName(),
        number=_roi_number(segment),
        contours_mm=tuple(loop for loop in loops if len(loop) >= 3),
        colour=_colour(segment),
        open_mm=tuple(loop for loop in loops if len(loop) < 3),
    )


def _labelmap(node: Any, segment_id: str, segment: Any, to_world: FloatArray) -> LabelmapStructure:
    import slicer

    # Segments may share an image; this gives the voxels of one of them.
    image = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(segment_id, image)
    dimensions = image.GetDimensions()
    if min(dimensions) < 1:
        raise GeometryError(f"Segment '{segment.GetName()}'", "it is empty", "Draw it, or leave it out of the case.")
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    # A layer that many segments share has the box of all of them; what is empty of it would be carried along.
    ni, nj, nk = dimensions
    part = cropped(np.asarray(vtk_to_numpy(image.GetPointData().GetScalars()).reshape(nk, nj, ni) > 0.5))
    first = np.eye(4)
    first[:3, 3] = np.asarray(image.GetExtent())[::2] + np.array(part.first)
    size = (part.mask.shape[2], part.mask.shape[1], part.mask.shape[0])
    try:
        geometry = geometry_from_ijk_to_ras(to_world @ numpy_matrix(matrix) @ first, size)
    except GeometryError as error:
        raise GeometryError(
            f"Segment '{segment.GetName()}'",
            "its labelmap would be sheared by the transform that it stands under",
            "Harden the transform, look at the result, and try again.",
            "turns, shifts, and scales along the axes of the labelmap",
        ) from error
    return LabelmapStructure(segment.GetName(), part.mask.copy(), geometry, _colour(segment))


def _surface(segment: Any, surface: Any, to_world: FloatArray) -> SurfaceStructure:
    triangulate = vtk.vtkTriangleFilter()
    triangulate.SetInputData(surface)
    triangulate.PassLinesOff()
    triangulate.PassVertsOff()
    triangulate.Update()
    cells = triangulate.GetOutput().GetPolys()
    triangles = np.empty((0, 3), dtype=np.int64)
    if cells.GetNumberOfCells():
        triangles = vtk_to_numpy(cells.GetConnectivityArray()).astype(np.int64).reshape(-1, 3)
    return SurfaceStructure(segment.GetName(), _lps(triangulate.GetOutput(), to_world), triangles, _colour(segment))


def _lps(data: Any, to_world: FloatArray) -> FloatArray:
    """The points of a ``vtkPolyData`` in LPS, shape (n, 3)."""
    return apply_affine(FLIP @ to_world, _points_ras(data).astype(np.float64))


def _points_ras(data: Any) -> NDArray[np.floating[Any]]:
    """The points of a ``vtkPolyData`` as they are stored, shape (n, 3)."""
    if data.GetPoints() is None or not data.GetNumberOfPoints():
        return np.empty((0, 3))
    return np.asarray(vtk_to_numpy(data.GetPoints().GetData()))


def _decimal(points: NDArray[np.floating[Any]]) -> FloatArray:
    """Points in double precision; of single ones the shortest decimals that they stand for.

    Contours come from decimal text, which the import keeps in single precision. Text of up to six digits comes back
    exactly, longer text no worse than it was kept. It matters where organs were drawn along the edges of pixels: 0.00001 mm
    then decide how an organ is divided into samples.
    """
    return np.asarray((points.astype(str) if points.dtype == np.float32 else points).astype(np.float64))


def _roi_number(segment: Any) -> int:
    """The ROINumber that SlicerRT's import kept, 0 if there is none."""
    text = vtk.mutable("")
    found = segment.GetTag(ROI_NUMBER_TAG, text)
    return int(str(text)) if found and str(text).isdigit() else 0


def _colour(segment: Any) -> tuple[int, int, int]:
    red, green, blue = (round(255.0 * channel) for channel in segment.GetColor())
    return red, green, blue
