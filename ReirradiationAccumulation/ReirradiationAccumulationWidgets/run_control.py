"""The run of a window: its progress and its cancel button, and the thread behind them."""

import qt
import slicer
from ReirradiationLib.background import BackgroundRun
from ReirradiationLib.model.errors import Cancelled, ReirradiationError
from slicer.i18n import tr as _

from .controls import enableOrSayWhyNot


class RunControl:
    """The ui's cancelButton, progressBar and stepLabel, and the one run that may be under way behind them.

    ``onStateChanged()`` is called when a run starts, is cancelled or ends; it must call ``updateButtons``.
    """

    SERVE_S = 0.04
    PAUSE_MS = 10  # for Qt to draw and to listen

    def __init__(self, ui, onStateChanged):
        self.ui = ui
        self._onStateChanged = onStateChanged
        self._run = self._onResult = None
        self._isServing = False
        self._timer = qt.QTimer()
        self._timer.setInterval(self.PAUSE_MS)
        self._timer.connect("timeout()", self.onTimer)
        ui.cancelButton.connect("clicked(bool)", self.onCancelButton)
        self._show(_("Nothing is running."))

    def whyBusy(self):
        """Why something that must not happen during a run cannot happen now, or an empty text."""
        return _("A run is under way: wait for it, or cancel it.") if self._run is not None else ""

    def start(self, work, onResult):
        """Do some work in a thread, unless a run is under way.

        :param work: gets the BackgroundRun; what it raises as ReirradiationError is shown to the user
        :param onResult: called on the main thread with what the work returned
        """
        if self._run is not None:
            return
        with slicer.util.tryWithErrorDisplay(_("The run could not be started.")):
            self._run, self._onResult = BackgroundRun(work), onResult
            self._timer.start()
            self._show(_("Starting …"))
            self._onStateChanged()

    def updateButtons(self):
        reason = "" if self._run is not None and not self._run.cancelled.is_set() else _("Nothing is running.")
        enableOrSayWhyNot(self.ui.cancelButton, reason, _("Stop; nothing will be written."))

    def close(self):
        """Stop, and wait until the thread has tidied up: the window, its scene or its case goes away.

        Within what the run does on the main thread, such as an engine that lets Qt listen, nobody can wait for it: then it
        ends as soon as that has returned, and its result is dropped all the same.
        """
        if self._run is None:
            return
        self._run.cancelled.set()
        self._onResult = None
        if self._isServing:
            return
        self._timer.stop()
        while not self._run.serve(self.SERVE_S):
            self._run.cancelled.set()
        self._run = None
        self._show(_("Cancelled; nothing was written."))
        self._onStateChanged()

    def onCancelButton(self):
        self._run.cancelled.set()
        self.ui.stepLabel.text = _("Cancelling …")
        self._onStateChanged()

    def onTimer(self):
        finished, progress = self._serve(), self._run.progress
        if progress is not None and not self._run.cancelled.is_set():
            step = _("{title}: {detail}").format(title=progress.title, detail=progress.detail)
            self._show(step, progress.step - 1, progress.steps)
        if finished:
            self._timer.stop()
            run, self._run = self._run, None
            with slicer.util.tryWithErrorDisplay(_("Unexpected failure; please report it with the application log.")):
                self._conclude(run)

    def _serve(self):
        """Let the run go on, and tell whether it is finished; not while it is being served further down the stack."""
        if self._isServing:
            return False
        self._isServing = True
        try:
            return self._run.serve(self.SERVE_S)
        finally:
            self._isServing = False

    def _conclude(self, run):
        self._show(_("Not finished; nothing was written."))
        self._onStateChanged()
        if self._onResult is None:  # what it was of is gone
            self._show(_("Cancelled; nothing was written."))
            return
        try:
            result = run.outcome.result(timeout=0)
            self._show(_("Done."), 1, 1)
            self._onResult(result)
        except Cancelled:
            self._show(_("Cancelled; nothing was written."))
        except ReirradiationError as error:
            slicer.util.errorDisplay(str(error))

    def _show(self, text, value=0, maximum=1):
        self.ui.progressBar.setMaximum(maximum)
        self.ui.progressBar.setValue(value)
        self.ui.stepLabel.text = text
