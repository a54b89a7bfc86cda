"""elastix through the Python package itk-elastix: B-spline deformation by mutual information."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from importlib import metadata, util
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..model.arrays import Float32Array
from ..model.errors import Cancelled, RegistrationError
from ..model.image import Image
from ..model.registration import EngineName
from .elastix_parameters import GRID_MM, HISTOGRAM_BINS, deformable_parameters
from .elastix_worker import FIELD_FILE, PAIR_FILE
from .engine import IsCancelled, Progress, Registered, RegistrationSettings
from .in_steps import Deformation, register_in_steps
from .prewarped import Prewarped

PACKAGE = "itk-elastix"
ASK_EVERY_S = 0.5
TELL_EVERY_S = 5.0
LAST_WORDS = 300
"""Characters of what a failed run said last that go into the message."""


class ElastixEngine:
    """A :class:`~ReirradiationLib.registration.engine.RegistrationEngine` where itk-elastix is installed.

    Rigid registrations are SimpleITK's, which are as exact and need no second toolkit.
    """

    @property
    def name(self) -> EngineName:
        """Which engine it is."""
        return EngineName.ELASTIX

    def version(self) -> str:
        """Program and version."""
        return f"{PACKAGE} {metadata.version(PACKAGE)}"

    def unavailable_because(self) -> str | None:
        """Why it cannot be used: the package is not there, or there is no Python to run it in."""
        if util.find_spec("itk") is None or not _is_installed():
            return f"the Python package {PACKAGE} is not installed (pip install {PACKAGE})"
        if _python() is None:
            return "no Python interpreter was found to run it in"
        return None

    def register(
        self, fixed: Image, moving: Image, settings: RegistrationSettings, progress: Progress, is_cancelled: IsCancelled
    ) -> Registered:
        """Register the prior CT to the current one.

        Raises
        ------
        RegistrationError
            If a CT shows no patient, both hardly overlap, or elastix fails.
        Cancelled
            If the user asked to stop.
        """

        def deform(pair: Prewarped) -> Deformation:
            log = (
                f"{self.version()}: B-spline of {GRID_MM:g} mm, Mattes mutual information of {HISTOGRAM_BINS} bins, couch "
                f"left out, seed {settings.seed}"
            )
            return Deformation(_field(pair, settings.seed, progress, is_cancelled), self.version(), log)

        return register_in_steps(fixed, moving, settings, deform, progress, is_cancelled)


def _field(pair: Prewarped, seed: int, progress: Progress, is_cancelled: IsCancelled) -> Float32Array:
    """Displacements in mm, shape (nk, nj, ni, 3), of a run in a process of its own."""
    parameters = deformable_parameters(seed)
    with tempfile.TemporaryDirectory(prefix="reirradiation-elastix-") as name:
        folder = Path(name)
        np.savez(
            folder / PAIR_FILE,
            fixed=sitk.GetArrayFromImage(pair.fixed),
            moving=sitk.GetArrayFromImage(pair.moving),
            fixed_mask=pair.fixed_patient.astype(np.uint8),
            moving_mask=pair.moving_patient.astype(np.uint8),
            origin=np.asarray(pair.geometry.origin_mm),
            spacing=np.asarray(pair.geometry.spacing_mm),
            direction=np.asarray(pair.geometry.direction),
            names=np.array(list(parameters)),
            values=np.array([" ".join(words) for words in parameters.values()]),
        )
        _run(folder, progress, is_cancelled)
        try:
            field: Float32Array = np.load(folder / FIELD_FILE)["field"]
        except (OSError, ValueError, KeyError) as error:
            raise _failed(f"it left no usable result ({error})") from error
    if field.shape != (*pair.geometry.shape, 3) or not np.isfinite(field).all():
        raise _failed(f"it left a field of shape {field.shape} that is not finite or does not fit")
    return field


def _run(folder: Path, progress: Progress, is_cancelled: IsCancelled) -> None:
    # From the folder of the pair: beside its original, modules of ours would shadow others of the same name.
    worker = Path(shutil.copy(Path(__file__).with_name("elastix_worker.py"), folder))
    started = told = time.monotonic()
    with (folder / "log.txt").open("w+b") as log:
        command = [str(_python()), str(worker), str(folder)]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder)
        try:
            while process.poll() is None:
                time.sleep(ASK_EVERY_S)
                if is_cancelled():
                    raise Cancelled
                if time.monotonic() - told > TELL_EVERY_S:
                    told = time.monotonic()
                    progress(f"elastix, {told - started:.0f} s")
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        if process.returncode:
            log.seek(0)
            words = log.read().decode("utf-8", "replace").strip()[-LAST_WORDS:]
            raise _failed(f"it ended with code {process.returncode}: {words or 'no message'}")


def _failed(found: str) -> RegistrationError:
    return RegistrationError(
        "Deformable registration by elastix", found, "Choose the engine 'simpleitk', or give a registration."
    )


def _is_installed() -> bool:
    try:
        metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return False
    return True


def _python() -> Path | None:
    """The interpreter: this one, or within a Slicer application the one that it brings along."""
    if "python" in Path(sys.executable).name.lower():
        return Path(sys.executable)
    beside = [Path(sys.executable).with_name(name) for name in ("PythonSlicer", "PythonSlicer.exe")]
    return next((path for path in beside if path.is_file()), None)
