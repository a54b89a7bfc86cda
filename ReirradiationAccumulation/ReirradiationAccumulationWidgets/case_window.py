"""A window on a case: the case on top, a tab for every step, and one run at a time."""

import pathlib

import slicer
from ReirradiationLib.case_document import open_case
from ReirradiationLib.model.errors import ReirradiationError
from ReirradiationLib.model.open_choices import structures_without_tissue, why_open
from ReirradiationLib.session_handover import hand_over
from slicer.i18n import tr as _

from .case_store import StoredEvaluation, forgetEvaluation, storedDocument, storeDocument
from .case_widget import CaseWidget
from .controls import NOT_SET, asToolTip, enableOrSayWhyNot, shortName
from .step_panel import StepPanel


class CaseWindow(CaseWidget):
    """What panels need of their window: ``edit``, ``start``, ``whyBusy``, ``shownEvaluation`` and ``parameterNode``.

    A window names its ``panelClasses`` and gives their ``titles()``; its parameter node holds what ``case_store`` keeps, and
    the ``step``.
    """

    panelClasses = ()
    otherWindow = ""  # name of the widget of the other module, as slicer.modules has it once it was opened

    def setupWindow(self, logic):
        self.panels = []
        self._isShowing = False
        self._kept = None  # the document that this window has put into the parameter node
        self._storedEvaluation = StoredEvaluation()
        self.setupCase(logic, self._addPages)
        self.panels = [panelClass(self) for panelClass in self.panelClasses]
        for panel in self.panels:
            panel.setup()
        self.ui.stepsTabWidget.connect("currentChanged(int)", self.onTabChanged)
        self.ui.openCaseButton.connect("clicked(bool)", self.onOpenCaseButton)
        self.ui.saveCaseButton.connect("clicked(bool)", self.onSaveCaseButton)
        self.ui.casePathLineEdit.connect("currentPathChanged(QString)", lambda _path="": self.updateButtons())
        self.ui.caseStateLabel.setMinimumWidth(1)  # a name without blanks must not widen the panel
        self.initializeParameterNode()

    # For the panels

    def edit(self, change):
        """Let the case be what ``change(case)`` makes of it; the user is told why if that cannot be.

        :returns: whether it was changed
        """
        if self.whyBusy():
            slicer.util.errorDisplay(self.whyBusy())
            self.showSession()
            return False
        return self.attempt(lambda: self.logic.session.edit(change(self.logic.session.case)))

    def attempt(self, action):
        """Do something to the session and show what it is then; a refusal is told the user, and changes nothing."""
        with slicer.util.tryWithErrorDisplay(_("Unexpected failure; please report it with the application log.")):
            try:
                action()
            except ReirradiationError as error:
                slicer.util.errorDisplay(str(error))
                self.showSession()
            else:
                self.sessionChanged()
                return True
        return False

    def start(self, step, onDone=None):
        """Compute a ReirradiationLib.session_steps.SessionStep in the background; ``onDone(result)`` follows its keeping."""

        def begin():
            work, keep = self.logic.prepared(step)

            def finish(result):
                keep(result)
                self.sessionChanged()
                if onDone is not None:
                    onDone(result)

            self.runControl.start(work, finish)

        with slicer.util.tryWithErrorDisplay(_("Unexpected failure; please report it with the application log.")):
            try:
                begin()
            except ReirradiationError as error:
                slicer.util.errorDisplay(str(error))

    def whyBusy(self):
        """Why nothing can be changed now, or an empty text."""
        return self.runControl.whyBusy()

    def whyNoCase(self):
        """Why nothing can be done with the case now, or an empty text."""
        return self.whyBusy() or ("" if self.logic.session.document else self.howToGetCase())

    def whyIncomplete(self, needsTissues=True):
        """Why the case cannot be computed now, or an empty text; its records alone need no tissues."""
        if self.whyNoCase():
            return self.whyNoCase()
        document = self.logic.session.document
        open_ = structures_without_tissue(document.case) if needsTissues else ()
        noTissue = (
            _("Choose first, in the step Biology: the tissue of {names}.").format(names=", ".join(open_)) if open_ else ""
        )
        return why_open(document.case) or document.why_incomplete or noTissue

    def shownEvaluation(self):
        """The last evaluation, of this session or of the scene, and whether it is of the case as it stands."""
        evaluated = self.logic.session.evaluated
        if evaluated is not None:
            return evaluated.evaluation, True
        if self._parameterNode is None or self.logic.session.document is None:
            return None, False
        return self._storedEvaluation.read(self._parameterNode)

    # The window itself

    def enter(self):
        """Go on where the other module has got with the same case, or where none is open here."""
        CaseWidget.enter(self)
        other = getattr(slicer.modules, self.otherWindow, None)
        isFree = other is not None and other.logic is not None and not self.whyBusy()
        if isFree and hand_over(other.logic.session, self.logic.session):
            self.sessionChanged()

    def onOpenCaseButton(self):
        path, document = pathlib.Path(self.ui.casePathLineEdit.currentPath), self.logic.session.document
        if document is not None and not document.is_saved:
            question = _("The changes that are not saved will be lost. Read the case file again?")
            if not slicer.util.confirmYesNoDisplay(question):
                return

        def openAnew():
            opened = open_case(path)
            self.logic.session.take(None)  # what was computed is of files that may be others now, of the same names
            self.logic.session.take(opened)
            if self._parameterNode is not None:
                forgetEvaluation(self._parameterNode)

        if self.attempt(openAnew):
            self.ui.casePathLineEdit.addCurrentPathToHistory()

    def onSaveCaseButton(self):
        self.attempt(self.logic.session.save)

    def onTabChanged(self, index):
        if self._parameterNode is not None and not self._isShowing:
            self._parameterNode.step = index
            self.showSession()

    def onParameterNodeSet(self):
        """The scene tells what is worked on, unless changes would be lost; results of the same case are kept."""
        session = self.logic.session
        own, stored = session.document, self._documentOfScene()
        if own == stored:
            self._kept = stored
        elif own is not None and (stored == self._kept or not own.is_saved):
            if stored is not None and stored != self._kept:
                text = _("Changes of {file} are not saved: they are kept. Save them and load the scene again for its case.")
                slicer.util.errorDisplay(text.format(file=shortName(own.path)))
            self.sessionChanged()
            return
        else:
            self.runControl.close()  # a run is of the former case
            session.take(stored)
            self._kept = stored
        self.showSession()

    def _documentOfScene(self):
        try:
            return storedDocument(self._parameterNode)
        except ReirradiationError as error:
            slicer.util.errorDisplay(str(error))
            storeDocument(self._parameterNode, None)
            return None

    def onSceneClosed(self):
        self.runControl.close()
        self.logic.session.take(None)
        self._kept = None
        self.showSession()

    def forgetCase(self, parameterNode):
        """Another case is open: what was chosen for the former one must not be done to this one."""
        forgetEvaluation(parameterNode)

    def sessionChanged(self):
        """Keep what the session is now in the scene, and show it."""
        if self._parameterNode is not None:
            wasModifying = self._parameterNode.StartModify()  # its observers see all of it at once
            try:
                self._store(self._parameterNode, self.logic.session)
            finally:
                self._parameterNode.EndModify(wasModifying)
        self.showSession()

    def _store(self, node, session):
        document, former = session.document, pathlib.Path(node.caseFile)
        if former != NOT_SET and (document is None or document.path != former):
            self.forgetCase(node)
        storeDocument(node, document)
        self._kept = document
        if session.evaluated is not None:
            self._storedEvaluation.keep(node, session.evaluated.evaluation, document)

    def showSession(self):
        document = self.logic.session.document
        self._isShowing = True
        try:
            if self._parameterNode is not None:
                self.ui.stepsTabWidget.setCurrentIndex(self._parameterNode.step)
            if document is not None:
                self.ui.casePathLineEdit.currentPath = str(document.path)
            self.ui.caseStateLabel.text = self._caseState(document)
            self.ui.caseStateLabel.toolTip = asToolTip(document.why_incomplete if document else "")
            for panel in self.panels:
                panel.show()
        finally:
            self._isShowing = False
        self.updateButtons()

    @staticmethod
    def _caseState(document):
        if document is None:
            return _("No case is open.")
        state = _("saved") if document.is_saved else _("NOT SAVED")
        text = _("{title} – {file}, {state}").format(title=document.case.title, file=shortName(document.path), state=state)
        return f"{text}\n{_('Not complete:')} {document.why_incomplete}" if document.why_incomplete else text

    def updateButtons(self):
        CaseWidget.updateButtons(self)
        document = self.logic.session.document
        path = pathlib.Path(self.ui.casePathLineEdit.currentPath)
        whyNotOpen = self.whyBusy() or (_("Choose a case file first.") if path == NOT_SET else "")
        if not whyNotOpen and document is not None and not document.is_saved:
            whyNotOpen = _("Save the case that is open first.") if document.path != path else ""
        enableOrSayWhyNot(self.ui.openCaseButton, whyNotOpen, _("Open the case file, or read it again as it is now."))
        same = _("Nothing is changed.") if document is not None and document.is_saved else ""
        ready = _("Write the changes into the case file; everything else in it stays as it is.")
        enableOrSayWhyNot(self.ui.saveCaseButton, self.whyNoCase() or same, ready)
        for panel in self.panels:
            panel.updateButtons()

    def _addPages(self, uiWidget):
        tabs = slicer.util.findChild(uiWidget, "stepsTabWidget")
        for title, panelClass in zip(self.titles(), self.panelClasses, strict=True):
            tabs.addTab(StepPanel.page(self, panelClass), title)

    @staticmethod
    def titles():
        """The titles of the tabs."""
        return ()

    @staticmethod
    def howToGetCase():
        """What to do where no case is open."""
        return _("Open a case first.")
