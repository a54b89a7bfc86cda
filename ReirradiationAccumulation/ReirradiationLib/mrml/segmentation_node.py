"""Structures as the segments of one segmentation node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from ..model.arrays import BoolArray, FloatArray
from ..model.geometry import Geometry, apply_affine
from ..model.scene import SceneStructure
from .cropping import CroppedMask, cropped
from .ras import FLIP, ijk_to_ras, numpy_voxels, vtk_image, vtk_matrix
from .segment_reading import ROI_NUMBER_TAG

DESCRIPTION_TAG = "Reirradiation.Description"
"""Tag of a segment that says what it is: of an optimization structure its limit, with all that belongs to it."""

SMOOTHING_PARAMETER = "Smoothing factor"
"""Of the conversion of labelmaps to closed surfaces."""


def segmentation_node(scene: Any, structures: Sequence[SceneStructure], name: str, image: Any | None = None) -> Any:
    """Add structures to a scene as binary labelmap segments, in their order, with their names and colours.

    They have closed surfaces too, which are shown: halfway between the voxels of the mask and those around, not smoothed.
    Slicer's usual smoothing moves the surface of a vertebra by up to 3 mm; here it is off, also when a file is read back.

    Parameters
    ----------
    scene : vtkMRMLScene
    structures : sequence of SceneStructure
        Each on its own grid, of which the occupied part is stored.
    name : str
    image : vtkMRMLScalarVolumeNode, optional
        The CT that it refers to. The reference geometry is the grid of the first structure, for scene files hold all masks
        on that grid: on a coarser one they would come back changed.

    Returns
    -------
    vtkMRMLSegmentationNode
        Segments may overlap. An empty mask becomes a segment without a voxel.
    """
    import slicer

    kinds = slicer.vtkSegmentationConverter
    node = _new_node(scene, name, kinds.GetSegmentationBinaryLabelmapRepresentationName())
    surface = kinds.GetSegmentationClosedSurfaceRepresentationName()
    for structure in structures:
        part = cropped(structure.mask)
        _add_segment(
            node, structure, _labelmap(part, structure.geometry), {surface: _closed_surface(part, structure.geometry)}
        )
    _refer_to(node, image)
    if structures:  # the grid of the masks, also where that of the CT is coarser: files are stored on it
        node.GetSegmentation().SetConversionParameter(
            kinds.GetReferenceImageGeometryParameterName(), kinds.SerializeImageGeometry(_grid(structures[0].geometry))
        )
    node.GetSegmentation().SetConversionParameter(SMOOTHING_PARAMETER, "0")
    node.GetDisplayNode().SetPreferredDisplayRepresentationName2D(surface)
    node.GetDisplayNode().SetPreferredDisplayRepresentationName3D(surface)
    _show_outlines(node)
    return node


def contours_node(scene: Any, structures: Sequence[SceneStructure], name: str, image: Any | None = None) -> Any | None:
    """Add the contours of structures to a scene as SlicerRT does: planar contour segments with their ROINumbers, hidden.

    They are a node of their own because a segmentation is stored by its source representation alone, and without SlicerRT
    nothing can show planar contours.

    Parameters
    ----------
    scene : vtkMRMLScene
    structures : sequence of SceneStructure
    name : str
    image : vtkMRMLScalarVolumeNode, optional
        The CT that they were drawn on.

    Returns
    -------
    vtkMRMLSegmentationNode or None
        None if no structure has contours.
    """
    import slicer

    contoured = [structure for structure in structures if structure.contours_mm]
    if not contoured:
        return None
    node = _new_node(scene, name, slicer.vtkSegmentationConverter.GetSegmentationPlanarContourRepresentationName())
    for structure in contoured:
        segment = _add_segment(node, structure, _contour_lines(structure.contours_mm))
        segment.SetTag(ROI_NUMBER_TAG, str(structure.number))
    if image is not None:
        node.SetReferenceImageGeometryParameterFromVolumeNode(image)
    node.GetDisplayNode().SetVisibility(False)
    return node


def segment_mask(node: Any, segment_id: str, geometry: Geometry) -> BoolArray:
    """The voxels of a segment on a grid, shape (nk, nj, ni), by nearest neighbour.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
    segment_id : str
    geometry : Geometry
        LPS grid; exact if it is the one that the segment was made on.
    """
    import slicer

    stored, full = slicer.vtkOrientedImageData(), slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(segment_id, stored)
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(stored, _grid(geometry), full)
    return np.asarray(numpy_voxels(full) > 0.5)


def _grid(geometry: Geometry) -> Any:
    """An image with a geometry and no voxels."""
    import slicer

    image = slicer.vtkOrientedImageData()
    ni, nj, nk = geometry.size
    image.SetExtent(0, ni - 1, 0, nj - 1, 0, nk - 1)
    image.SetImageToWorldMatrix(vtk_matrix(ijk_to_ras(geometry)))
    return image


def _new_node(scene: Any, name: str, source: str) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.GetSegmentation().SetSourceRepresentationName(source)
    return node


def _refer_to(node: Any, image: Any | None) -> None:
    if image is not None:
        node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), image.GetID())


def _add_segment(node: Any, structure: SceneStructure, source: Any, others: Mapping[str, Any] | None = None) -> Any:
    """Add a segment with its source representation and others by their names."""
    import slicer

    segmentation = node.GetSegmentation()
    segment = slicer.vtkSegment()
    segment.SetName(structure.name)
    if structure.description:
        segment.SetTag(DESCRIPTION_TAG, structure.description)
    segment.SetColor(*(channel / 255.0 for channel in structure.colour))
    segment.AddRepresentation(segmentation.GetSourceRepresentationName(), source)
    for name, data in (others or {}).items():
        segment.AddRepresentation(name, data)
    segmentation.AddSegment(segment, segmentation.GenerateUniqueSegmentID(structure.name))
    return segment


def _labelmap(part: CroppedMask, geometry: Geometry) -> Any:
    import slicer

    image = vtk_image(part.mask.astype(np.uint8), slicer.vtkOrientedImageData())
    nk, nj, ni = part.mask.shape
    i, j, k = part.first
    image.SetExtent(i, i + ni - 1, j, j + nj - 1, k, k + nk - 1)
    image.SetImageToWorldMatrix(vtk_matrix(ijk_to_ras(geometry)))
    return image


def _closed_surface(part: CroppedMask, geometry: Geometry) -> Any:
    """The surface halfway between the voxels of a mask and those around, RAS; a ``vtkPolyData``, empty if the mask is."""
    padded = vtk_image(np.pad(part.mask.view(np.uint8), 1))
    contour = vtk.vtkFlyingEdges3D()
    contour.SetInputData(padded)
    contour.SetValue(0, 0.5)
    contour.ComputeScalarsOff()
    contour.ComputeGradientsOff()
    first = np.eye(4)
    first[:3, 3] = np.array(part.first) - 1.0
    to_ras = vtk.vtkTransform()
    to_ras.SetMatrix(vtk_matrix(ijk_to_ras(geometry) @ first))
    placed = vtk.vtkTransformPolyDataFilter()
    placed.SetTransform(to_ras)
    placed.SetInputConnection(contour.GetOutputPort())
    placed.Update()
    return placed.GetOutput()


def _contour_lines(contours_mm: Sequence[FloatArray]) -> Any:
    """Closed polygons as the lines of a ``vtkPolyData`` in RAS, the first point once more at the end."""
    points, cells, lines = vtk.vtkPoints(), vtk.vtkCellArray(), vtk.vtkPolyData()
    points.SetDataTypeToDouble()
    points.SetData(numpy_to_vtk(apply_affine(FLIP, np.concatenate(list(contours_mm))), deep=True))
    first = 0
    for contour in contours_mm:
        cells.InsertNextCell(len(contour) + 1)
        for n in (*range(len(contour)), 0):
            cells.InsertCellPoint(first + n)
        first += len(contour)
    lines.SetPoints(points)
    lines.SetLines(cells)
    return lines


def _show_outlines(node: Any) -> None:
    display = node.GetDisplayNode()
    display.SetOpacity2DFill(0.0)
    display.SetSliceIntersectionThickness(2)
