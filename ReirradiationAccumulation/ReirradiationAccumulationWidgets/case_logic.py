"""What the logics of both modules share."""

import pathlib

from ReirradiationLib.session import CaseSession
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from .services import allEngines, runMonitor


class CaseLogic(ScriptedLoadableModuleLogic):
    """A case that is worked on; ``session`` is its ReirradiationLib.session.CaseSession."""

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.session = CaseSession()

    def openCase(self, caseFile):
        """Open a case file, finished or a draft, and return its ReirradiationLib.model.case.Case."""
        return self.session.open(pathlib.Path(caseFile)).case

    def editCase(self, case):
        """Let the open case be another one (ReirradiationLib.model.case_edits makes them); saved by ``saveCase``."""
        return self.session.edit(case).case

    def saveCase(self):
        """Write the open case into its file."""
        self.session.save()

    def prepared(self, step):
        """A step for a BackgroundRun: what it does in the thread, and what to do with its result on the main thread."""
        session = self.session
        case, registered = step.ready(session), session.registered

        def work(run):
            return step.compute(case, runMonitor(run), allEngines(run.on_main_thread), registered)

        return work, lambda result: step.keep(session, case, result)
