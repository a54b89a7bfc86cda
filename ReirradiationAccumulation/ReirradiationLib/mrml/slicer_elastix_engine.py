"""The SlicerElastix extension as a registration engine."""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..model.errors import Cancelled, RegistrationError
from ..model.registration import EngineName, RegistrationKind
from ..registration.engine import IsCancelled, Progress
from .slicer_engine import SlicerEngine, Task, TemporaryNodes, absent_module


class SlicerElastixEngine(SlicerEngine):
    """Elastix as the extension runs it, with parameter maps of our own.

    **It has not been run in an application by its authors.** Parameters and conversions are tested with stand-ins only.

    Parameters
    ----------
    parameter_texts : callable
        The parameter files of a kind of registration, each as text, run one after the other.

    References
    ----------
    Klein S et al., IEEE Trans Med Imaging 29:196 (2010).
    """

    def __init__(self, parameter_texts: Callable[[RegistrationKind], tuple[str, ...]]) -> None:
        self._parameter_texts = parameter_texts

    @property
    def name(self) -> EngineName:
        """SlicerElastix."""
        return EngineName.SLICER_ELASTIX

    def version(self) -> str:
        """The extension tells no version of elastix; application and parameters stand for it."""
        import slicer

        texts = [text for kind in RegistrationKind for text in self._parameter_texts(kind)]
        digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]
        return f"SlicerElastix in 3D Slicer {slicer.app.applicationVersion}, parameters {digest}"

    def unavailable_because(self) -> str | None:
        """It needs the application and the extension."""
        return absent_module("elastix", "The extension SlicerElastix (Extensions Manager, category Registration)")

    def _run(self, task: Task, nodes: TemporaryNodes, progress: Progress, is_cancelled: IsCancelled) -> str:
        texts = self._parameter_texts(task.kind)
        logic = importlib.import_module("Elastix").ElastixLogic()
        listener = _Listener(logic, progress, is_cancelled)
        logic.logCallback = listener
        logic.deleteTemporaryFiles = True
        with tempfile.TemporaryDirectory(prefix="reirradiation-elastix-") as folder:
            files = [Path(folder) / f"parameters.{number}.txt" for number in range(len(texts))]
            for file, text in zip(files, texts, strict=True):
                file.write_text(text, encoding="utf-8")
            try:
                logic.registerVolumes(
                    task.fixed,
                    task.moving,
                    parameterFilenames=[str(file) for file in files],
                    outputTransformNode=task.result,
                    forceDisplacementFieldOutputTransform=True,
                    initialTransformNode=task.start,
                )
            except (RuntimeError, ValueError, OSError, subprocess.SubprocessError) as error:
                if listener.asked_to_stop:
                    raise Cancelled from error
                raise RegistrationError(
                    self.version(), f"it failed ({error})", "Use another engine, or look into the error log.", "a transform"
                ) from error
        if listener.asked_to_stop:
            raise Cancelled
        task.moving.SetAndObserveTransformNodeID(None)
        return f"{self.version()}: {task.kind.value}, {len(texts)} parameter file{'s' if len(texts) > 1 else ''}"


class _Listener:
    """Hears every line that elastix writes, which is when it can be stopped."""

    def __init__(self, logic: Any, progress: Progress, is_cancelled: IsCancelled) -> None:
        self.asked_to_stop = False
        self._logic = logic
        self._progress = progress
        self._is_cancelled = is_cancelled

    def __call__(self, line: str) -> None:
        try:
            self._progress(f"elastix: {line.strip()}")
        except Cancelled:  # not through the logic, which would leave its program running
            self.asked_to_stop = True
        self.asked_to_stop |= self._is_cancelled()
        self._logic.cancelRequested |= self.asked_to_stop
