"""What the window of the accumulation keeps in the scene."""

import enum
import pathlib

from ReirradiationLib.model.case_notes import Task
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLTextNode, vtkMRMLTransformNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper, parameterPack


class UpTo(enum.Enum):
    """Up to which task outputs are written, as the window words it; scenes hold the names of the members."""

    RECORDS = Task.RECORDS
    TRANSFER = Task.TRANSFER
    SUM = Task.SUM

    def label(self):
        return {
            UpTo.RECORDS: _("records only"),
            UpTo.TRANSFER: _("dose transfer, without the new plan"),
            UpTo.SUM: _("dose sum, as far as the case goes"),
        }[self]


@parameterPack
class CourseNodes:
    """A course by its identifier and the nodes of it that were adopted; "new" stands for the new one on the current CT."""

    identifier: str
    ct: vtkMRMLScalarVolumeNode
    dose: vtkMRMLScalarVolumeNode
    structures: vtkMRMLSegmentationNode
    registration: vtkMRMLTransformNode


def courseNodes(scene, course):
    """The nodes of a ReirradiationLib.scene_adoption.AdoptedCourse; of several doses the first."""
    dose = course.dose_ids[0] if course.dose_ids else ""
    ids = (course.ct_id, dose, course.structures_id, course.transform_id)
    return CourseNodes(course.identifier, *(scene.GetNodeByID(nodeId) if nodeId else None for nodeId in ids))


@parameterNodeWrapper
class ReirradiationAccumulationParameterNode:
    """What the user chose and did; stored with the scene, so that a saved one reopens where it was."""

    caseFile: pathlib.Path
    caseText: str  # the case as it stands in the window, saved or not
    savedCaseText: str  # as its file was when it was read or written last
    step: int = 0  # the tab
    courses: list[CourseNodes]
    evaluation: vtkMRMLTextNode  # evaluation.json of the last evaluation
    evaluatedCaseText: str  # the case that it is of
    evaluationDigest: str  # of its text: one that somebody has changed is none
    outputFolder: pathlib.Path  # appears when everything is written
    replaceFormerOutput: bool = False
    stage: UpTo = UpTo.SUM
    anonymous: bool = False
