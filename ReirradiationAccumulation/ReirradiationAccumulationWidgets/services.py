"""What the application lends to the library: pictures, scenes, registration engines, the DICOM database."""

import slicer
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.mrml.engines import MainThreadEngine, slicer_engines
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.mrml.scene_writer import MrbSceneWriter
from ReirradiationLib.registration.elastix_parameters import parameter_texts
from ReirradiationLib.registration.engines import library_engines
from ReirradiationLib.workflow import Services


class FileFinder:
    """The files of the DICOM database, for a BackgroundRun: the database is for the main thread."""

    def find(self, instanceUid):
        return fileOfInstance(instanceUid)


def fileOfInstance(instanceUid):
    """The file of a DICOM object in the database of the application, or None."""
    database = slicer.dicomDatabase
    return database.fileForInstance(instanceUid) or None if database is not None and database.isOpen else None


def slicerDoor():
    """Who runs a case from here, for the record of the run."""
    return f"3D Slicer {slicer.app.applicationVersion}"


def hereAndNow():
    """The Services of the main thread."""
    return Services(OffscreenPictureMaker(), MrbSceneWriter(), allEngines(), slicerDoor())


def inBackground(run):
    """The Services within the thread of a BackgroundRun: only OpenGL and MRML come back to the main thread."""
    pictures, scene = run.on_main_thread(OffscreenPictureMaker()), run.on_main_thread(MrbSceneWriter())
    return Services(pictures, scene, allEngines(run.on_main_thread), slicerDoor())


def runMonitor(run):
    """The Monitor of a BackgroundRun."""
    return Monitor(run.report_progress, run.cancelled.is_set)


def allEngines(onMainThread=None):
    """The registration engines of the library and of the application, whether they can be used here or not.

    All modules must choose from the same ones, or they would register the same case differently.

    :param onMainThread: of the BackgroundRun whose thread the engines are for; None on the main thread
    """
    engines = slicer_engines(parameter_texts)
    if onMainThread is not None:
        engines = tuple(MainThreadEngine(engine, onMainThread) for engine in engines)
    return (*library_engines(), *engines)
