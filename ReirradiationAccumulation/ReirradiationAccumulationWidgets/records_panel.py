"""The step "Records": the case, its courses, and what was noticed in their files."""

from .panel_parts import PartedPanel
from .records_courses import CoursesPart
from .records_findings import FindingsPart
from .records_new_case import NewCasePart
from .records_new_course import NewCoursePart
from .records_points import RecordCoursePart


class RecordsPanel(PartedPanel):
    """See the parts."""

    uiFile = "AccumulationRecords.ui"
    partClasses = (NewCasePart, CoursesPart, NewCoursePart, RecordCoursePart, FindingsPart)
