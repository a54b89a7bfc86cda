"""Structures as the segments of one segmentation node."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..model.arrays import BoolArray
from ..model.geometry import Geometry
from ..model.scene import SceneStructure
from .cropping import cropped
from .ras import ijk_to_ras, numpy_voxels, vtk_image, vtk_matrix

DESCRIPTION_TAG = "Reirradiation.Description"
"""Tag of a segment that says what it is: of an optimization structure its limit, with all that belongs to it."""


def segmentation_node(scene: Any, structures: tuple[SceneStructure, ...], name: str) -> Any:
    """Add structures to a scene as binary labelmap segments, in their order, with their names and colours.

    Parameters
    ----------
    scene : vtkMRMLScene
    structures : tuple of SceneStructure
        Each on its own grid; the grid of the first is the reference geometry of the segmentation.
    name : str

    Returns
    -------
    vtkMRMLSegmentationNode
        Segments may overlap. An empty mask becomes a segment without a voxel.
    """
    import slicer

    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    segmentation = node.GetSegmentation()
    kind = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segmentation.SetSourceRepresentationName(kind)
    for structure in structures:
        segment = slicer.vtkSegment()
        segment.SetName(structure.name)
        if structure.description:
            segment.SetTag(DESCRIPTION_TAG, structure.description)
        segment.SetColor(*(channel / 255.0 for channel in structure.colour))
        segment.AddRepresentation(kind, _labelmap(structure))
        segmentation.AddSegment(segment, segmentation.GenerateUniqueSegmentID(structure.name))
    if structures:
        segmentation.SetConversionParameter(
            slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName(),
            slicer.vtkSegmentationConverter.SerializeImageGeometry(_grid(structures[0].geometry)),
        )
    _show_outlines(node)
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


def _labelmap(structure: SceneStructure) -> Any:
    import slicer

    part = cropped(structure.mask)
    image = vtk_image(part.mask.astype(np.uint8), slicer.vtkOrientedImageData())
    nk, nj, ni = part.mask.shape
    i, j, k = part.first
    image.SetExtent(i, i + ni - 1, j, j + nj - 1, k, k + nk - 1)
    image.SetImageToWorldMatrix(vtk_matrix(ijk_to_ras(structure.geometry)))
    return image


def _show_outlines(node: Any) -> None:
    display = node.GetDisplayNode()
    display.SetOpacity2DFill(0.0)
    display.SetSliceIntersectionThickness(2)
