"""A run in a thread: served by the main thread, which alone touches what is bound to it."""

from __future__ import annotations

import threading
import time

import pytest
from ReirradiationLib.background import BackgroundRun
from ReirradiationLib.model.errors import Cancelled
from ReirradiationLib.monitor import Progress


def served(run: BackgroundRun) -> BackgroundRun:
    end = time.monotonic() + 10.0
    while not run.serve(0.01):
        assert time.monotonic() < end
    return run


def test_the_result_of_the_thread_is_the_outcome() -> None:
    run = served(BackgroundRun(lambda run: threading.current_thread() is not threading.main_thread()))
    assert run.outcome.result(timeout=0) is True


def test_an_error_of_the_thread_is_raised_where_the_outcome_is_asked_for() -> None:
    def fail(run: BackgroundRun) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        served(BackgroundRun(fail)).outcome.result(timeout=0)


def test_methods_handed_to_the_main_thread_run_there_and_their_errors_come_back() -> None:
    class Worker:
        def where(self) -> threading.Thread:
            return threading.current_thread()

        def fail(self) -> None:
            raise ValueError("no display")

    def work(run: BackgroundRun) -> threading.Thread:
        worker = run.on_main_thread(Worker())
        with pytest.raises(ValueError, match="no display"):
            worker.fail()
        return worker.where()

    assert served(BackgroundRun(work)).outcome.result(timeout=0) is threading.main_thread()


def test_progress_and_cancel_reach_the_other_side() -> None:
    seen = threading.Event()

    def work(run: BackgroundRun) -> bool:
        run.report_progress(Progress(1, 2, "title", "detail"))
        seen.set()
        return run.cancelled.wait(5.0)

    run = BackgroundRun(work)
    assert seen.wait(5.0)
    assert run.progress == Progress(1, 2, "title", "detail")
    run.cancelled.set()
    assert served(run).outcome.result(timeout=0) is True
