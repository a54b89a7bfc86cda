"""The session of a case and the open scene: what is loaded there is adopted, what was computed is shown there.

For the doors within Slicer and on slicer-core alike. What only computes may run in a thread; what touches the scene is for
the main thread, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from .adoption.new_files import take_back
from .case_document import create_case
from .dicom.scan.draft_structures import load_naming_tables
from .model.errors import CaseError
from .model.geometry import Geometry, Vector3
from .model.loaded import NodeReader
from .model.protocol_tables import default_protocol_folder
from .model.registration_picture import RegistrationPictureStyle
from .model.registration_view import RegistrationView
from .model.scene import SceneContent
from .mrml.loaded_nodes import loaded_nodes
from .mrml.node_reader import MrmlNodeReader
from .mrml.registration_views import restore_views, show_registration
from .mrml.result_nodes import NodeKind, result_nodes
from .mrml.scene_content import SceneNodes, replace_results
from .mrml.slice_views import composite_nodes, hide_isodoses, jump_to, show_chart, show_dose_wash, show_isodoses
from .report.dose_choices import CUMULATIVE, PRIOR
from .report.registration_pictures import organs_of_concern
from .report.results import CaseRecords, Transfer
from .scene_adoption import Adoption, FileOfInstance, adopt_scene
from .scene_views import dose_levels, maximum_point_mm, registration_view
from .session import CaseSession, Evaluated
from .write_outputs import CUMULATIVE_EQD2, PRIOR_EQD2, anatomy_content, scene_content

Shown = TypeVar("Shown")

SUM_NAMES = {PRIOR: PRIOR_EQD2, CUMULATIVE: CUMULATIVE_EQD2}


class Adopt(Protocol):
    """Adopts what was loaded when it was asked for."""

    def __call__(
        self, reader: NodeReader, file_of_instance: FileOfInstance, is_cancelled: Callable[[], bool] = ...
    ) -> Adoption:
        """See :func:`~ReirradiationLib.scene_adoption.adopt_scene`."""
        ...


@dataclass(frozen=True, eq=False)
class Prepared(Generic[Shown]):
    """Something that was computed to be shown.

    Parameters
    ----------
    shown : SceneContent or RegistrationView
    of : CaseRecords, Transfer or Evaluated
        What of the session it was computed of: once the session holds another, it is not to be shown any more.
    """

    shown: Shown
    of: CaseRecords | Evaluated


class SceneDoor:
    """What a door does with a scene.

    Parameters
    ----------
    session : CaseSession
    scene : vtkMRMLScene
    """

    def __init__(self, session: CaseSession, scene: Any) -> None:
        self._session = session
        self._scene = scene
        self._nodes: SceneNodes | None = None
        self._nodes_of: CaseRecords | Evaluated | None = None

    # What is loaded

    def why_not_adopt(self) -> str:
        """Why no case can be made of what the scene holds, or an empty text; for the main thread."""
        loaded = loaded_nodes(self._scene)
        if not loaded.doses:
            return "The scene holds no dose that was loaded from DICOM: load the courses with SlicerRT, or load folders."
        if not loaded.structures:
            return "The scene holds no structure set that was loaded from DICOM: load it with SlicerRT, or load folders."
        return ""

    def node_reader(self) -> NodeReader:
        """What reads the nodes of the scene; its methods are for the main thread."""
        return MrmlNodeReader(self._scene)

    def adoption(self, case_file: Path, new_course: int | None = None) -> Adopt:
        """The adoption of what is loaded now; itself for the main thread.

        Parameters
        ----------
        case_file : Path
            A new file.
        new_course : int or None
            Number of the new course in the listing, from 1; None for the latest.

        Returns
        -------
        callable
            Of what reads the nodes (:meth:`node_reader`), finds files, and may ask to stop; may be called in a thread if the
            methods of the first two are brought to the main one. Raises as
            :func:`~ReirradiationLib.scene_adoption.adopt_scene`.

        Raises
        ------
        CaseError
            If there is a file of that name.
        """
        loaded = loaded_nodes(self._scene)
        if case_file.exists():
            raise CaseError(str(case_file), "there is such a file", "Name a new one.")

        def adopt(
            reader: NodeReader, file_of_instance: FileOfInstance, is_cancelled: Callable[[], bool] = lambda: False
        ) -> Adoption:
            naming = load_naming_tables(default_protocol_folder())
            return adopt_scene(loaded, reader, file_of_instance, case_file.resolve(), naming, new_course, is_cancelled)

        return adopt

    def keep_adoption(self, adoption: Adoption) -> None:
        """Write the draft of an adoption as a case file and open it; for the main thread.

        Raises
        ------
        CaseError
            If the scene does not hold any more what was adopted.
        OutputError
            If there is such a file, or none can be written. Whatever the error, no new file is left.
        """
        try:
            if loaded_nodes(self._scene) != adoption.loaded:
                found = "nodes were added, removed or moved while it was taken over"
                raise CaseError("The scene", found, "Take it over again.", "the same nodes")
            document = create_case(adoption.draft.case)
        except BaseException:
            take_back(adoption.fresh)
            raise
        self._session.take(document)

    # Registrations

    def registration_view(self, course: str) -> Prepared[RegistrationView]:
        """A prior CT as the registration puts it; may be called in a thread.

        Raises
        ------
        CaseError
            If the courses are not registered, or there is no such course with a CT.
        """
        found = self._require_transfer()
        return Prepared(registration_view(found, course), found)

    def show_registration(self, view: Prepared[RegistrationView], style: RegistrationPictureStyle) -> int:
        """Show it in the slice views, through the organ of concern; returns how many show it. For the main thread.

        Raises
        ------
        CaseError
            If the session holds another registration meanwhile, or the case evaluates no structure.
        """
        found = self._require_transfer()
        self._require_current(view)
        organs = organs_of_concern(found)
        if not organs:
            raise CaseError("Registration", "the case evaluates no structure", "Choose structures in the step Biology.")
        return show_registration(self._scene, view.shown, style, maximum_point_mm(found, organs[0].choice.name))

    def hide_registration(self) -> bool:
        """Show again what the views showed before; returns whether a registration was shown. For the main thread."""
        return restore_views(self._scene)

    # Results

    def anatomy(self) -> Prepared[SceneContent]:
        """The current CT and the structures of the case, before anything was evaluated; may be called in a thread.

        Raises
        ------
        CaseError
            If the records were not read as the case stands.
        """
        found = self._session.records
        if found is None:
            raise CaseError("Records", "not read as the case stands", "Read the records first.")
        return Prepared(anatomy_content(found), found)

    def content(self) -> Prepared[SceneContent]:
        """All results as what the scene will hold; may be called in a thread.

        Raises
        ------
        CaseError
            If the case was not evaluated as it stands.
        """
        evaluated = self._require_evaluated()
        return Prepared(scene_content(evaluated.results, evaluated.evaluation), evaluated)

    def show_results(self, content: Prepared[SceneContent]) -> SceneNodes:
        """Put results into the scene in the place of former ones, and the CT with its last dose into the slice views.

        For the main thread. Nodes of others stay as they are.

        Raises
        ------
        CaseError
            If the session holds other results meanwhile; then nothing is changed.
        """
        self._require_current(content)
        restore_views(self._scene)
        self._nodes = nodes = replace_results(self._scene, content.shown)
        self._nodes_of = content.of
        dose = nodes.doses[-1] if nodes.doses else None
        was_shown = any(one.GetBackgroundVolumeID() == nodes.image.GetID() for one in composite_nodes(self._scene))
        show_dose_wash(self._scene, nodes.image, dose, maximum_gy=self._wash_end_gy() if dose is not None else None)
        if not was_shown:  # the slices may lie anywhere
            self.jump_to(_centre_mm(content.shown.image.geometry))
        if nodes.plots.charts:
            show_chart(self._scene, nodes.plots.charts[0])
        return nodes

    def show_dose(self, which: str | None, structure: str | None = None) -> int:
        """Show a dose over the CT; for the main thread.

        Parameters
        ----------
        which : str or None
            A course by its identifier (physical dose), :data:`PRIOR` or :data:`CUMULATIVE` (EQD2); None for no dose.
        structure : str or None
            Whose maximum ends the colours of an EQD2 sum.

        Returns
        -------
        int
            How many views show it.
        """
        evaluated = self._require_evaluated()
        nodes = self._require_nodes()
        dose = self._dose(which) if which else None
        is_sum = which in SUM_NAMES
        levels = dose_levels(evaluated.results, structure) if structure and is_sum else None
        restore_views(self._scene)
        return show_dose_wash(self._scene, nodes.image, dose, maximum_gy=levels.maximum_gy if levels else None)

    def show_isodoses(self, which: str | None, structure: str) -> int:
        """Show isodose lines of a dose, round levels up to the maximum of a structure; None hides them.

        Returns
        -------
        int
            How many levels are shown. For the main thread.
        """
        if which is None:
            hide_isodoses(self._scene)
            return 0
        levels = dose_levels(self._require_evaluated().results, structure)
        return len(show_isodoses(self._scene, self._dose(which), levels.isodoses_gy, levels.maximum_gy))

    def jump_to_maximum(self, structure: str) -> int:
        """Let all slices go through the largest raw sum in a structure; returns how many do. For the main thread."""
        return self.jump_to(maximum_point_mm(self._require_transfer(), structure))

    def jump_to(self, point_mm: Vector3) -> int:
        """Let all slices go through a point (LPS, mm); returns how many do. For the main thread."""
        return jump_to(self._scene, point_mm)

    def _wash_end_gy(self) -> float | None:
        """Where the colours of the sum end: at the maximum of the organ of concern, not at that of the target."""
        evaluated = self._session.evaluated
        organs = organs_of_concern(evaluated.results) if evaluated is not None else ()
        return dose_levels(evaluated.results, organs[0].choice.name).maximum_gy if evaluated is not None and organs else None

    def _require_transfer(self) -> Transfer:
        found = self._session.transfer
        if found is None:
            raise CaseError("Registration", "none of the case as it stands", "Register the courses first.")
        return found

    def _require_evaluated(self) -> Evaluated:
        evaluated = self._session.evaluated
        if evaluated is None:
            raise CaseError("Results", "none of the case as it stands", "Evaluate the case first.")
        return evaluated

    def _require_current(self, prepared: Prepared[Any]) -> None:
        """Refuse to show what was computed of something that the session does not hold any more."""
        session = self._session
        if not any(prepared.of is held for held in (session.records, session.transfer, session.evaluated)):
            raise CaseError("What was prepared for the views", "the case was changed meanwhile", "Ask for it again.")

    def _require_nodes(self) -> SceneNodes:
        """The nodes of the evaluation of the case as it stands."""
        nodes = self._nodes
        if nodes is None or not self._scene.IsNodePresent(nodes.image) or self._nodes_of is not self._require_evaluated():
            raise CaseError("Scene", "the results are not in it", "Show the results again.")
        return nodes

    def _dose(self, which: str) -> Any:
        """The node of a course's physical dose or of a sum; never one of another scene file, or of a former evaluation.

        Raises
        ------
        CaseError
            If the scene holds no such dose.
        """
        course, key = ("", SUM_NAMES[which]) if which in SUM_NAMES else (which, None)
        made = self._require_nodes().doses
        for node in result_nodes(self._scene, NodeKind.DOSE, course, key):
            if any(node is one for one in made):
                return node
        raise CaseError(f"Dose '{which}'", "not in the scene", "Show the results again, with the new plan for its sum.")


def _centre_mm(geometry: Geometry) -> Vector3:
    x, y, z = (float(value) for value in geometry.to_lps((np.array([geometry.size]) - 1) / 2)[0])
    return (x, y, z)
