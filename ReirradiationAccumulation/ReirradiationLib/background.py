"""A computation in a thread while a window stays alive; knows nothing of Qt."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from .monitor import Progress

_Request = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class BackgroundRun:
    """Work in a Python thread, served by the main thread.

    Within Slicer the main thread keeps Python's lock while Qt waits for events, so a thread alone would starve. Therefore
    a timer of the window calls :meth:`serve`, which waits for a moment with the lock released. In that moment it also
    carries out what only the main thread may do: the thread asks for OpenGL and MRML scenes by :meth:`on_main_thread`.

    Parameters
    ----------
    work : callable
        Gets this object; what it returns or raises becomes :attr:`outcome`.
    """

    def __init__(self, work: Callable[[BackgroundRun], Any]) -> None:
        self.progress: Progress | None = None
        self.cancelled = threading.Event()
        self.outcome: Future[Any] = Future()
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        threading.Thread(target=self._work_in_thread, args=(work,), name="Reirradiation", daemon=True).start()

    def report_progress(self, progress: Progress) -> None:
        """Keep the latest progress for the window."""
        self.progress = progress

    def on_main_thread(self, worker: Any) -> Any:
        """The worker with all of its methods carried out by the main thread; for use within the thread."""
        return _OnMainThread(worker, self._requests)

    def serve(self, seconds: float) -> bool:
        """Let the thread work for a while, or do one thing it asked for; called by the main thread.

        Returns
        -------
        bool
            Whether the work is finished.
        """
        try:
            request = self._requests.get(timeout=seconds)
        except queue.Empty:
            return False
        if request is not None:
            _settle(*request)
        return request is None

    def _work_in_thread(self, work: Callable[[BackgroundRun], Any]) -> None:
        _settle(self.outcome, work, (self,))
        self._requests.put(None)


class _OnMainThread:
    """Stands for an object whose methods only the main thread may call."""

    def __init__(self, worker: Any, requests: queue.SimpleQueue[_Request | None]) -> None:
        self._worker = worker
        self._requests = requests

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._worker, name)

        def ask(*arguments: Any) -> Any:
            answer: Future[Any] = Future()
            self._requests.put((answer, method, arguments))
            return answer.result()

        return ask


def _settle(future: Future[Any], function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        future.set_result(function(*arguments))
    except Exception as error:  # noqa: BLE001 (nothing is lost: it is raised again where the result is asked for)
        future.set_exception(error)
