"""Where VTK's warnings go outside of the 3D Slicer application: to our log, not to the user's terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import vtk

logger = logging.getLogger(__name__)


def inside_slicer_application() -> bool:
    """Whether this Python runs within the 3D Slicer application, with or without a main window."""
    try:
        import slicer
    except ImportError:
        return False
    return getattr(slicer, "app", None) is not None


@contextmanager
def vtk_messages_to_log() -> Iterator[None]:
    """Collect VTK's messages and hand them to ``logging`` (level DEBUG) at the end of the block.

    Within the 3D Slicer application nothing is changed: it has an error log of its own.
    """
    if inside_slicer_application():
        yield
        return
    window = vtk.vtkStringOutputWindow()
    previous_window = vtk.vtkOutputWindow.GetInstance()
    previous_verbosity = vtk.vtkLogger.GetCurrentVerbosityCutoff()
    vtk.vtkOutputWindow.SetInstance(window)
    vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_OFF)
    try:
        yield
    finally:
        vtk.vtkLogger.SetStderrVerbosity(previous_verbosity)
        vtk.vtkOutputWindow.SetInstance(previous_window)
        text = window.GetOutput()
        if text:
            logger.debug("VTK: %s", text)
