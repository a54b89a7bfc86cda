"""What the windows of both modules share."""

import sys

import slicer
import vtk
from ReirradiationLib.report.evaluation import INTENDED_USE
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from .run_control import RunControl


class CaseWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """What the windows of both modules share: a ui, one run at a time, and the parameter node that remembers.

    A window names its ``uiFile`` and the packages that "Reload" drops, and provides ``onParameterNodeSet``,
    ``onParametersChanged``, ``onSceneClosed`` and ``updateButtons``.
    """

    uiFile = ""
    reloaded = ("ReirradiationLib", "ReirradiationAccumulationWidgets")

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.ui = self.runControl = None
        self._parameterNode = self._parameterNodeGuiTag = None

    def setupCase(self, logic, addPages=None):
        """Make the ui; ``addPages(uiWidget)`` may put more into it before its widgets are looked up."""
        uiWidget = slicer.util.loadUI(self.resourcePath(self.uiFile))
        self.layout.addWidget(uiWidget)
        if addPages is not None:
            addPages(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui.intendedUseLabel.text = INTENDED_USE
        self.logic = logic
        self.runControl = RunControl(self.ui, self.updateButtons)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)

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
        self.onSceneClosed()

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneEndImport(self, caller, event):
        """A scene that was read may hold another state of this window."""
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
            self.onParameterNodeSet()
            self.onParametersChanged()

    @property
    def parameterNode(self):
        return self._parameterNode

    def onParameterNodeSet(self):
        """Another node, or the same one after the scene has changed: take over what it remembers."""

    def onSceneClosed(self):
        """Forget what belonged to the scene."""

    def onParametersChanged(self, caller=None, event=None):
        self.updateButtons()

    def updateButtons(self):
        self.runControl.updateButtons()
