"""The run of a window: its buttons, its progress, and the thread behind them."""

import qt
import slicer
from ReirradiationLib.background import BackgroundRun
from ReirradiationLib.model.errors import Cancelled, ReirradiationError
from slicer.i18n import tr as _

from .controls import enableOrSayWhyNot


class RunControl:
    """The ui's runButton, cancelButton, progressBar and stepLabel, and the run behind them.

    ``whyNotRun()`` tells why the user cannot run now, or an empty text; ``onStart()`` forgets the last result and returns
    the work for :class:`BackgroundRun`; ``onResult(value)`` gets what the work returned. ``onStateChanged()`` is called when
    a run starts, is cancelled or ends; it must call ``updateButtons``.
    """

    SERVE_S = 0.04
    PAUSE_MS = 10  # for Qt to draw and to listen

    def __init__(self, ui, readyText, whyNotRun, onStart, onResult, onStateChanged):
        self.ui = ui
        self._readyText, self._whyNotRun = readyText, whyNotRun
        self._onStart, self._onResult, self._onStateChanged = onStart, onResult, onStateChanged
        self._run = None
        self._timer = qt.QTimer()
        self._timer.setInterval(self.PAUSE_MS)
        self._timer.connect("timeout()", self.onTimer)
        ui.runButton.connect("clicked(bool)", self.onRunButton)
        ui.cancelButton.connect("clicked(bool)", self.onCancelButton)

    def whyBusy(self):
        """Why something that must not happen during a run cannot happen now, or an empty text."""
        return _("A run is under way.") if self._run is not None else ""

    def updateButtons(self):
        enableOrSayWhyNot(self.ui.runButton, self.whyBusy() or self._whyNotRun(), self._readyText)
        reason = "" if self._run is not None and not self._run.cancelled.is_set() else _("Nothing is running.")
        enableOrSayWhyNot(self.ui.cancelButton, reason, _("Stop; nothing will be written."))

    def close(self):
        """Stop, and wait until the thread has tidied up: the window goes away."""
        self._timer.stop()
        while self._run is not None:
            self._run.cancelled.set()
            if self._run.serve(self.SERVE_S):
                self._run = None

    def onRunButton(self):
        with slicer.util.tryWithErrorDisplay(_("The run could not be started.")):
            self._run = BackgroundRun(self._onStart())
            self._timer.start()
            self._show(_("Starting …"))
            self._onStateChanged()

    def onCancelButton(self):
        self._run.cancelled.set()
        self.ui.stepLabel.text = _("Cancelling …")
        self._onStateChanged()

    def onTimer(self):
        finished, progress = self._run.serve(self.SERVE_S), self._run.progress
        if progress is not None and not self._run.cancelled.is_set():
            step = _("{title}: {detail}").format(title=progress.title, detail=progress.detail)
            self._show(step, progress.step - 1, progress.steps)
        if finished:
            self._timer.stop()
            run, self._run = self._run, None
            with slicer.util.tryWithErrorDisplay(_("Unexpected failure; please report it with the application log.")):
                self._conclude(run)

    def _conclude(self, run):
        self._show(_("Not finished; nothing was written."))
        self._onStateChanged()
        try:
            result = run.outcome.result(timeout=0)
        except Cancelled:
            self._show(_("Cancelled; nothing was written."))
        except ReirradiationError as error:
            slicer.util.errorDisplay(str(error))
        else:
            self._show(_("Done."), 1, 1)
            self._onResult(result)

    def _show(self, text, value=0, maximum=1):
        self.ui.progressBar.setMaximum(maximum)
        self.ui.progressBar.setValue(value)
        self.ui.stepLabel.text = text
