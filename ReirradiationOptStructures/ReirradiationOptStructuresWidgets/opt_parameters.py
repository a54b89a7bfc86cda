"""What the window of the optimization structures keeps in the scene."""

import pathlib

from slicer import vtkMRMLTextNode
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class ReirradiationOptStructuresParameterNode:
    """What the user chose and did; stored with the scene, so that a saved one reopens where it was."""

    caseFile: pathlib.Path
    caseText: str  # the case as it stands in the window, saved or not
    savedCaseText: str  # as its file was when it was read or written last
    step: int = 0  # the tab
    evaluation: vtkMRMLTextNode  # evaluation.json of the last evaluation
    evaluatedCaseText: str  # the case that it is of
    evaluationDigest: str  # of its text: one that somebody has changed is none
    exportFolder: pathlib.Path  # appears when everything is written
