"""What lies in the plane of a picture: CT with dose wash from the scene, and lines from the fields themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from ..model.arrays import Float32Array
from ..model.geometry import Geometry
from ..model.scene import PictureRequest, SceneDose, SceneStructure
from .application import HeadlessApplication
from .cropping import cropped
from .dose_display import show_as_wash
from .ras import FLIP, as_vector, vtk_image, vtk_matrix
from .scene_content import WASH_OPACITY
from .volume_nodes import dose_node, image_node


class SliceScene:
    """A scene of CT and doses, as the slice view of a scene shows them; nodes are made once for all pictures.

    Use it as a context manager. CT and doses are known by identity: they must not change meanwhile.
    """

    def __init__(self) -> None:
        import slicer

        self._application = HeadlessApplication()
        self._logic: Any = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(self._application.application_logic)
        self._logic.SetMRMLScene(self._application.scene)
        self._slice: Any = self._logic.AddSliceNode("Picture")
        self._nodes: dict[int, tuple[object, Any]] = {}

    def __enter__(self) -> SliceScene:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._logic.SetMRMLScene(None)
        self._application.close()

    def blended(self, request: PictureRequest, plane: Geometry) -> Any:
        """CT and dose wash in a plane.

        Parameters
        ----------
        request : PictureRequest
        plane : Geometry
            LPS grid of one slice.

        Returns
        -------
        vtkImageData
            RGBA, one pixel per grid point; transparent outside the CT.
        """
        scene = self._application.scene
        image = self._node(request.image, lambda: image_node(scene, request.image))
        dose = self._node(request.dose, lambda: dose_node(scene, request.dose))
        show_as_wash(dose, request.maximum_gy)
        _place_slice(self._slice, plane)
        composite = self._logic.GetSliceCompositeNode()
        composite.SetBackgroundVolumeID(image.GetID())
        composite.SetForegroundVolumeID(dose.GetID())
        composite.SetForegroundOpacity(WASH_OPACITY)
        self._logic.UpdatePipeline()
        port = self._logic.GetImageDataConnection()
        port.GetProducer().Update()
        blended = vtk.vtkImageData()
        blended.DeepCopy(port.GetProducer().GetOutputDataObject(port.GetIndex()))
        blended.SetOrigin(0.0, 0.0, 0.0)
        return blended

    def _node(self, data: object, make: Callable[[], Any]) -> Any:
        """The node of an image or a dose; the object is kept, so that its id stays its own."""
        if id(data) not in self._nodes:
            self._nodes[id(data)] = (data, make())
        return self._nodes[id(data)][1]


def isodose_lines(dose: SceneDose, levels_gy: Sequence[float], plane: Geometry) -> list[Any]:
    """The line of each dose in the plane, from the interpolated dose; open where the dose grid ends.

    Returns
    -------
    list of vtkPolyData
        In pixels of the plane; without lines if the dose is nowhere reached.
    """
    values = resliced(dose.voxels_gy, dose.geometry, plane, np.nan)
    return [_contour(values, level_gy) for level_gy in levels_gy]


def outline(structure: SceneStructure, plane: Geometry) -> Any:
    """The outline of a structure in the plane: half way between its voxels and those around.

    Returns
    -------
    vtkPolyData
        In pixels of the plane; without lines if the structure is not in the plane.
    """
    part = cropped(structure.mask)
    mask = np.pad(part.mask.view(np.uint8), 1)
    first = structure.geometry.to_lps(np.array([part.first]) - 1.0)[0]
    nk, nj, ni = mask.shape
    geometry = replace(structure.geometry, origin_mm=as_vector(first), size=(ni, nj, nk))
    return _contour(resliced(mask, geometry, plane, 0.0), 0.5)


def resliced(voxels: NDArray[Any], geometry: Geometry, plane: Geometry, outside: float) -> Float32Array:
    """Voxel values in a plane, trilinearly interpolated once.

    Parameters
    ----------
    voxels : array, shape (nk, nj, ni)
    geometry : Geometry
        LPS grid of the voxels.
    plane : Geometry
        LPS grid of one slice.
    outside : float
        Value beyond the outermost voxel centres.

    Returns
    -------
    array, shape (height, width)
        Row 0 is at the bottom of the picture.
    """
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(vtk_image(voxels))
    reslice.SetResliceAxes(vtk_matrix(geometry.lps_to_index() @ plane.index_to_lps()))
    width, height, _ = plane.size
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    reslice.SetOutputExtent(0, width - 1, 0, height - 1, 0, 0)
    reslice.SetInterpolationModeToLinear()
    reslice.SetOutputScalarType(vtk.VTK_FLOAT)
    reslice.SetBackgroundLevel(outside)
    reslice.BorderOff()
    reslice.Update()
    values = vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars())
    return np.array(values.reshape(height, width), dtype=np.float32)


def _place_slice(node: Any, plane: Geometry) -> None:
    width, height, _ = plane.size
    node.SetDimensions(width, height, 1)
    node.SetFieldOfView(width * plane.spacing_mm[0], height * plane.spacing_mm[1], 1.0)
    centre = plane.to_lps(np.array([[width / 2, height / 2, 0.0]]))[0]
    slice_to_lps = np.eye(4)
    slice_to_lps[:3, :3] = plane.direction
    slice_to_lps[:3, 3] = centre
    node.GetSliceToRAS().DeepCopy(vtk_matrix(FLIP @ slice_to_lps))
    node.UpdateMatrices()


def _contour(values: Float32Array, level: float) -> Any:
    """Lines of a level within the rectangle of known values, so that the end of a grid is not drawn as a line."""
    known = np.isfinite(values)
    rows, columns = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    if len(rows) < 2 or len(columns) < 2:
        return vtk.vtkPolyData()
    part = values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    image = vtk_image(np.nan_to_num(part, nan=0.0)[None])
    image.SetOrigin(float(columns[0]), float(rows[0]), 0.0)
    contour = vtk.vtkFlyingEdges2D()
    contour.SetInputData(image)
    contour.SetValue(0, level)
    joined = vtk.vtkStripper()
    joined.SetInputConnection(contour.GetOutputPort())
    joined.JoinContiguousSegmentsOn()
    joined.Update()
    return joined.GetOutput()
