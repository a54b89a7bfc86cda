"""Whether this Python has what scenes and pictures need: the application, slicer-core, or neither of them."""

from __future__ import annotations

from .vtk_messages import inside_slicer_application

REQUIRED = (
    "vtkMRMLApplicationLogic",
    "vtkMRMLRemoteIOLogic",
    "vtkMRMLScene",
    "vtkMRMLSliceLogic",
    "vtkOrientedImageData",
    "vtkSegmentationConverter",
    "vtkSlicerColorLogic",
    "vtkSlicerSegmentationsModuleLogic",
    "vtkSlicerSubjectHierarchyModuleLogic",
    "vtkSlicerTransformLogic",
    "vtkSlicerVolumesLogic",
)
"""Classes of which one may be absent where ``slicer`` can be imported: PythonSlicer does not load the modules' logics."""

REMEDY = "Run it within the 3D Slicer application, or in a Python with the package slicer-core."


def scene_unavailable_because() -> str | None:
    """Why no scene can be made here and what to do about it, or None."""
    try:
        import slicer
    except ImportError as error:
        return f"The package slicer cannot be imported ({error}). {REMEDY}"
    missing = [name for name in REQUIRED if not hasattr(slicer, name)]
    return f"The package slicer has no {', '.join(missing)} here. {REMEDY}" if missing else None


def application_version() -> str | None:
    """Version of the 3D Slicer application that this runs in, None outside of it."""
    if not inside_slicer_application():
        return None
    import slicer

    return str(slicer.app.applicationVersion)
