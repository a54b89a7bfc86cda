"""What the windows of both modules share."""

import pathlib
import sys

import slicer
import vtk
from ReirradiationLib.report.evaluation import INTENDED_USE
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from .controls import NOT_SET
from .run_control import RunControl


class CaseWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """What the windows of both modules share: a ui with paths and a run, and the parameter node that remembers them.

    A window names its ``uiFile``, its ``pathEdits`` (member of the parameter node, line edit of the ui), its ``logic``,
    the packages that "Reload" drops, and provides ``whyNotRun``, ``onStart``, ``showResult`` and ``updateButtons``.
    """

    uiFile = ""
    pathEdits = ()
    reloaded = ("ReirradiationLib", "ReirradiationAccumulationWidgets")
    readyText = ""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.runControl = None
        self._parameterNode = None

    def setupCase(self, logic):
        uiWidget = slicer.util.loadUI(self.resourcePath(self.uiFile))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui.intendedUseLabel.text = INTENDED_USE
        self.logic = logic
        run = (self.whyNotRun, self.onStart, self.showResult, self.updateButtons)
        self.runControl = RunControl(self.ui, self.readyText, *run)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        # By hand: the wrapper's own connection shows a path that is not set as "."
        for _member, name in self.pathEdits:
            getattr(self.ui, name).connect("currentPathChanged(QString)", self.onPathChanged)

    def cleanup(self):
        if self.runControl is not None:
            self.runControl.close()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self):
        self.initializeParameterNode()

    def onReload(self):
        """Reload library and widgets too: drop them, so that the module file imports all of them anew, in order."""
        for name in [name for name in sys.modules if name.split(".")[0] in self.reloaded]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller, event):
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode):
        if self._parameterNode is not None:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        self._parameterNode = parameterNode
        if self._parameterNode is not None:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
            self.onParametersChanged()

    def onParametersChanged(self, caller=None, event=None):
        for member, name in self.pathEdits:
            lineEdit, path = getattr(self.ui, name), getattr(self._parameterNode, member)
            if pathlib.Path(lineEdit.currentPath) != path:
                lineEdit.currentPath = "" if path == NOT_SET else str(path)
        self.updateButtons()

    def onPathChanged(self, path=""):
        if self._parameterNode is not None:
            paths = {member: getattr(self.ui, name).currentPath for member, name in self.pathEdits}
            for member, text in paths.items():
                setattr(self._parameterNode, member, pathlib.Path(text))

    def updateButtons(self):
        self.runControl.updateButtons()
