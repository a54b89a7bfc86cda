"""The courses of a drafted case, and the nodes of each: held against their files, and where the scene shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..dicom.scan.course_groups import CourseGroup
from ..dicom.scan.ct_series import CtSeries
from ..dicom.scan.draft import DraftedAnatomy
from ..dicom.scan.headers import DoseHeader, PlanHeader
from ..dicom.scan.scan import Scan
from ..model.case import NEW_COURSE_ID, CurrentAnatomy, PriorCourse
from ..model.errors import CaseError
from ..model.loaded import LoadedCt, LoadedDose, LoadedNodes, NodeReader, Relation
from ..model.registration import RegistrationChoice, RegistrationMethod
from .comparison import changed_ct_remark, require_ct_of_series, require_dose_of_file, series_geometry
from .ct_folder import series_in_folder
from .placed_course import Anchor, placed_course


@dataclass(frozen=True)
class AdoptedCourse:
    """The nodes of a course of the case.

    Parameters
    ----------
    identifier : str
        Of the prior course; :data:`~ReirradiationLib.model.case.NEW_COURSE_ID` for the current anatomy and the new plan.
    ct_id, structures_id, plan_id, transform_id : str
        Node IDs; empty where the scene holds none. ``transform_id`` is the transform node that the registration was taken
        from, or that was loaded from the REG object that the case names.
    dose_ids : tuple of str
    """

    identifier: str
    ct_id: str = ""
    dose_ids: tuple[str, ...] = ()
    structures_id: str = ""
    plan_id: str = ""
    transform_id: str = ""


@dataclass(frozen=True)
class NewNodes:
    """The nodes of the new course, and what there is to say about them."""

    nodes: AdoptedCourse
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class PlacedNodes:
    """A prior course as the scene shows it, its nodes, remarks, and the transform file if one was written."""

    case: PriorCourse
    nodes: AdoptedCourse
    remarks: tuple[str, ...]
    written: Path | None


@dataclass(frozen=True)
class SceneCourses:
    """What is needed to look at one course after the other.

    Parameters
    ----------
    loaded : LoadedNodes
    reader : NodeReader
    scan : Scan
    anatomy : DraftedAnatomy
    series : CtSeries
        The current CT.
    anchor : Anchor
    folder : Path
        Of the case.
    """

    loaded: LoadedNodes
    reader: NodeReader
    scan: Scan
    anatomy: DraftedAnatomy
    series: CtSeries
    anchor: Anchor
    folder: Path

    @staticmethod
    def of(loaded: LoadedNodes, reader: NodeReader, scan: Scan, anatomy: DraftedAnatomy, folder: Path) -> SceneCourses:
        """With the current CT of a case that could be drafted, its node held against its files.

        Raises
        ------
        CaseError, DicomError
            If it is not what its files say, or the slices make no CT.
        """
        series = anatomy.ct
        assert series is not None, "a draft has a current CT"
        ct = ct_node(series, loaded, reader)
        if ct is not None:
            require_ct_of_series(ct, reader, series)
        anchor = Anchor(ct.node_id if ct else "", series.origin.frame_uid, series_geometry(series))
        return SceneCourses(loaded, reader, scan, anatomy, series, anchor, folder)

    def current(self, drafted: CurrentAnatomy) -> CurrentAnatomy:
        """The current anatomy, its CT named so that a run reads the very series.

        Raises
        ------
        CaseError
            See :func:`.ct_folder.series_in_folder`.
        """
        return replace(drafted, ct_series=series_in_folder(self.series, "The current CT"))

    def new_course(self, structures_ids: Sequence[str]) -> NewNodes:
        """The nodes of the current anatomy and the new plan.

        Raises
        ------
        CaseError
            If a dose is not what its file says, or does not lie as the current CT does.
        """
        plan = self.anatomy.plan
        doses = self._dose_nodes(self.anatomy.group.doses_of(plan.origin.uid)) if plan else {}
        remarks = [require_dose_of_file(node, self.reader, dose.origin.file.path) for node, dose in doses.items()]
        for node in doses:
            if self.reader.relation(self.anchor.node_id, node.node_id) is not Relation.SAME:
                found = (
                    "it does not lie as the current CT does: one of them stands under a transform that the other does not"
                )
                remedy = "Take both out of their transforms, or put both under the same one."
                raise CaseError(f"The {node}", found, remedy, "the place of its CT")
        if self.anchor.node_id:
            (ct,) = [node for node in self.loaded.cts if node.node_id == self.anchor.node_id]
            remarks.append(changed_ct_remark(ct, self.reader, self.series))
        nodes = AdoptedCourse(
            NEW_COURSE_ID,
            self.anchor.node_id,
            tuple(node.node_id for node in doses),
            next(iter(structures_ids), ""),
            self._plan_id(plan),
        )
        return NewNodes(nodes, tuple(remark for remark in remarks if remark))

    def prior_course(self, course: PriorCourse) -> PlacedNodes:
        """A prior course with the registration that the scene shows.

        Raises
        ------
        CaseError, DicomError
            If a node is not what its file says, or the nodes of the course do not belong together.
        GeometryError, RegistrationError, OutputError
            See :func:`.placed_course.placed_course`.
        """
        group, plan = self._plan_of(course)
        doses = self._dose_nodes(group.doses_of(plan.origin.uid))
        remarks = [require_dose_of_file(node, self.reader, dose.origin.file.path) for node, dose in doses.items()]
        structures = group.structures_of(plan)
        series = (group.planning_ct(structures) if structures else None) or next(iter(group.ct_series), None)
        ct = ct_node(series, self.loaded, self.reader) if series else None
        if series is not None and ct is not None:
            require_ct_of_series(ct, self.reader, series)
        frame = next((dose.origin.frame_uid for dose in group.doses_of(plan.origin.uid)), plan.origin.frame_uid)
        drafted = course.registration or RegistrationChoice(RegistrationMethod.SAME_FRAME)
        placed = placed_course(
            course.identifier,
            drafted,
            next(iter(self._object_uids(drafted)), ""),
            frame,
            [*([ct] if ct else []), *doses],
            self.loaded.registrations,
            self.anchor,
            self.reader,
            self.folder,
        )
        is_named = series is not None and course.ct == series.origin.file.path.parent
        ct_series = series_in_folder(series, f"The CT of course '{course.identifier}'") if series and is_named else ""
        nodes = AdoptedCourse(
            course.identifier,
            ct.node_id if ct else "",
            tuple(node.node_id for node in doses),
            self._structures_id(group),
            self._plan_id(plan),
            placed.transform_id or self._registration_id(placed.registration),
        )
        case = replace(course, registration=placed.registration, ct_series=ct_series or course.ct_series)
        if ct is not None and series is not None and is_named:
            remarks.append(changed_ct_remark(ct, self.reader, series))
        told = (*(remark for remark in remarks if remark), *placed.remarks)
        return PlacedNodes(case, nodes, told, placed.written)

    def unused_remarks(self, courses: Sequence[AdoptedCourse], structures_ids: Sequence[str]) -> tuple[str, ...]:
        """What is said of nodes that lie where nothing of the case puts them."""
        used = [node_id for one in courses for node_id in (one.ct_id, *one.dose_ids) if node_id]
        known = {*used, *structures_ids}
        others = [
            node for node in (*self.loaded.cts, *self.loaded.doses, *self.loaded.structures) if node.node_id not in known
        ]
        return tuple(
            f"{node} stands under a transform that is not used: nothing of the case lies where it is shown"
            for node in others
            if all(self.reader.relation(one, node.node_id) is not Relation.SAME for one in (self.anchor.node_id, *used))
        )

    def _plan_of(self, course: PriorCourse) -> tuple[CourseGroup, PlanHeader]:
        groups = [course.group for course in self.scan.courses]
        return next((group, plan) for group in groups for plan in group.plans if plan.origin.file.path == course.plan)

    def _dose_nodes(self, doses: Sequence[DoseHeader]) -> dict[LoadedDose, DoseHeader]:
        by_uid = {dose.origin.uid: dose for dose in doses}
        return {node: by_uid[uid] for node in self.loaded.doses for uid in node.instance_uids if uid in by_uid}

    def _plan_id(self, plan: PlanHeader | None) -> str:
        uid = plan.origin.uid if plan else ""
        return next((node.node_id for node in self.loaded.plans if uid in node.instance_uids), "")

    def _structures_id(self, group: CourseGroup) -> str:
        uids = {one.origin.uid for one in group.structures}
        return next((node.node_id for node in self.loaded.structures if uids & set(node.instance_uids)), "")

    def _registration_id(self, choice: RegistrationChoice) -> str:
        """The transform node that was loaded from the registration object of a course."""
        uids = self._object_uids(choice)
        return next((node.node_id for node in self.loaded.registrations if uids & set(node.instance_uids)), "")

    def _object_uids(self, choice: RegistrationChoice) -> set[str]:
        """SOPInstanceUID of the registration object that a case names."""
        return {one.origin.uid for one in self.scan.registrations if one.origin.file.path == choice.file}


def ct_node(series: CtSeries, loaded: LoadedNodes, reader: NodeReader) -> LoadedCt | None:
    """The CT node that holds a series; of several at the same place the first.

    Raises
    ------
    CaseError
        If several nodes show the series at different places.
    """
    nodes = [node for node in loaded.cts if series.slice_uids & set(node.instance_uids)]
    for node in nodes[1:]:
        if reader.relation(nodes[0].node_id, node.node_id) is not Relation.SAME:
            found = f"it shows the same slices as {nodes[0]}, at another place"
            raise CaseError(f"The {node}", found, "Keep one of the two nodes in the scene.", "one node of a CT")
    return next(iter(nodes), None)
