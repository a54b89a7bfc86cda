"""BRAINSFit, the "General Registration (BRAINS)" module that comes with 3D Slicer, as a registration engine."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import vtk

from ..model.arrays import FloatArray
from ..model.errors import Cancelled, RegistrationError
from ..model.registration import EngineName, RegistrationKind
from ..registration.engine import IsCancelled, Progress
from .ras import numpy_matrix, vtk_matrix
from .slicer_engine import SlicerEngine, Task, TemporaryNodes, absent_module

POLLING_S = 0.05
SAMPLED_SHARE = 0.05
HISTOGRAM_BINS = 50
BACKGROUND_HU = -1000.0
SPLINE_SPACING_MM = 30.0
FEWEST_CELLS, MOST_CELLS = 4, 24

UNFILLED: FloatArray = np.diag([2.0, 2.0, 2.0, 1.0])
"""Put into the output before the run: an identity that was never written must not pass for a result."""


class BrainsFitEngine(SlicerEngine):
    """Mattes mutual information: six parameters, then B-splines of about 30 mm.

    The program samples at random without a seed: two runs differ by fractions of a millimetre. Only the stored result of a
    registration is the same every time.

    **It has not been run in an application by its authors.** Parameters and conversions are tested with stand-ins only.

    References
    ----------
    Johnson H, Harris G, Williams K, BRAINSFit: Mutual Information Rigid Registrations of Whole-Brain 3D Images, Using the
    Insight Toolkit, Insight Journal (2007).
    """

    @property
    def name(self) -> EngineName:
        """BRAINSFit."""
        return EngineName.BRAINSFIT

    def version(self) -> str:
        """BRAINSFit has the version of the application that it comes with."""
        import slicer

        return f"BRAINSFit of 3D Slicer {slicer.app.applicationVersion}"

    def unavailable_because(self) -> str | None:
        """It needs the application and its module General Registration (BRAINS)."""
        return absent_module("brainsfit", "The module General Registration (BRAINS), part of every full 3D Slicer,")

    def _run(self, task: Task, nodes: TemporaryNodes, progress: Progress, is_cancelled: IsCancelled) -> str:
        import slicer

        # Its output must be of the class that the parameter names; the CLI puts the moving volume under it, which is ours.
        is_rigid = task.kind is RegistrationKind.RIGID
        output = nodes.add("vtkMRMLLinearTransformNode" if is_rigid else "vtkMRMLBSplineTransformNode")
        if is_rigid:
            output.SetMatrixTransformFromParent(vtk_matrix(UNFILLED))
        cli = slicer.cli.run(
            slicer.modules.brainsfit,
            None,
            brainsfit_parameters(task, output),
            wait_for_completion=False,
            update_display=False,
        )
        nodes.adopt(cli)
        _wait_for(cli, slicer.app, is_cancelled)
        if cli.GetStatus() & cli.ErrorsMask:
            told = (cli.GetErrorText() or "no reason given").strip().splitlines()[-1:]
            raise RegistrationError(
                self.version(), f"it failed ({' '.join(told)[:200]})", "Use another engine.", "a transform"
            )
        task.moving.SetAndObserveTransformNodeID(None)
        if is_rigid and np.array_equal(numpy_matrix(_matrix_from_parent(output)), UNFILLED):
            raise RegistrationError(self.version(), "no transform", "Look into the application's error log.", "a transform")
        task.result.SetAndObserveTransformFromParent(output.GetTransformFromParent())
        share = f"{100 * SAMPLED_SHARE:.0f} % of the voxels sampled at random"
        return f"{self.version()}: {task.kind.value}, Mattes mutual information, {share}"


def brainsfit_parameters(task: Task, output: Any) -> dict[str, Any]:
    """What the program is told; nodes as values."""
    is_rigid = task.kind is RegistrationKind.RIGID
    parameters: dict[str, Any] = {
        "fixedVolume": task.fixed,
        "movingVolume": task.moving,
        "samplingPercentage": SAMPLED_SHARE,
        "numberOfHistogramBins": HISTOGRAM_BINS,
        "costMetric": "MMI",
        "maskProcessingMode": "NOMASK",
        "backgroundFillValue": BACKGROUND_HU,
        "linearTransform" if is_rigid else "bsplineTransform": output,
        "useRigid" if is_rigid else "useBSpline": True,
    }
    if task.start is not None:
        parameters |= {"initialTransform": task.start, "initializeTransformMode": "Off"}
    else:
        parameters["initializeTransformMode"] = "useMomentsAlign"
    if not is_rigid:
        parameters["splineGridSize"] = ",".join(str(n) for n in spline_cells(task.fixed))
    return parameters


def spline_cells(volume: Any) -> tuple[int, int, int]:
    """Cells of the B-spline along each axis of a volume node."""
    extent = np.asarray(volume.GetSpacing()) * np.asarray(volume.GetImageData().GetDimensions())
    i, j, k = np.clip(np.round(extent / SPLINE_SPACING_MM).astype(int), FEWEST_CELLS, MOST_CELLS).tolist()
    return (i, j, k)


def _matrix_from_parent(node: Any) -> Any:
    matrix = vtk.vtkMatrix4x4()
    node.GetMatrixTransformFromParent(matrix)
    return matrix


def _wait_for(cli: Any, application: Any, is_cancelled: IsCancelled) -> None:
    """Keep the window alive until the program is done; stop it when the user asks."""
    asked_to_stop = False
    while cli.IsBusy():
        if not asked_to_stop and is_cancelled():
            cli.Cancel()
            asked_to_stop = True
        application.processEvents()
        time.sleep(POLLING_S)
    if asked_to_stop or cli.GetStatus() == cli.Cancelled:
        raise Cancelled
