"""What the pipeline tells about its progress, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from .model.errors import Cancelled


class Step(Enum):
    """The steps of the pipeline, in their order; the value is shown."""

    READ = "Read the records"
    REGISTER = "Register"
    EVALUATE = "Evaluate the structures"
    JUDGE = "Judge the registrations"
    MAP = "Map the doses"
    PLAN = "Look ahead: what is left, where"
    WRITE = "Write"


@dataclass(frozen=True)
class Progress:
    """Where the pipeline is: step ``step`` of ``steps``, and what it does or found."""

    step: int
    steps: int
    title: str
    detail: str


class Monitor:
    """Tells the caller about progress, and asks whether to go on.

    Parameters
    ----------
    on_progress : callable
        Called with each :class:`Progress`.
    is_cancelled : callable
        Asked between pieces of work.
    """

    def __init__(
        self,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._on_progress = on_progress
        self.is_cancelled = is_cancelled

    def report(self, step: Step, detail: str) -> None:
        """Tell about a step, unless the user wants to stop.

        Raises
        ------
        Cancelled
            If the user asked to stop.
        """
        self.check()
        number = 1 + list(Step).index(step)
        self._on_progress(Progress(number, len(Step), step.value, detail))

    def check(self) -> None:
        """Raise :class:`Cancelled` if the user asked to stop."""
        if self.is_cancelled():
            raise Cancelled
