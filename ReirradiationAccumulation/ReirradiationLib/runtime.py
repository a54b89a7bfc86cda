"""What the Python that runs this offers: that of a user, PythonSlicer, or the one within the 3D Slicer application."""

from __future__ import annotations

from .mrml.engines import slicer_engines
from .mrml.pictures import OffscreenPictureMaker
from .mrml.scene_runtime import application_version, scene_unavailable_because
from .mrml.scene_writer import MrbSceneWriter
from .registration.elastix_parameters import parameter_texts
from .registration.engine import RegistrationEngine
from .registration.engines import library_engines
from .workflow import Services

COMMAND_LINE = "command line"


def services_here() -> Services:
    """Pictures, scene and registration engines as far as they can be had here; for the main thread.

    A report tells by itself why it has no pictures.
    """
    scene = MrbSceneWriter() if scene_unavailable_because() is None else None
    return Services(OffscreenPictureMaker(), scene, engines_here(), door_here())


def engines_here() -> tuple[RegistrationEngine, ...]:
    """The registration engines of the library and, within the 3D Slicer application, its own ones."""
    return (*library_engines(), *(() if application_version() is None else slicer_engines(parameter_texts)))


def door_here() -> str:
    """Who runs a case from here, for the record of the run."""
    version = application_version()
    return COMMAND_LINE if version is None else f"3D Slicer {version}, {COMMAND_LINE}"
