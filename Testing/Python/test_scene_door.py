"""The door between a session and the scene: nothing of a former state is shown as that of the case as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ReirradiationLib import scene_door
from ReirradiationLib.case_document import open_case
from ReirradiationLib.model.case_notes import Task
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.model.registration_picture import RegistrationPictureStyle
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.registration_views import restore_views
from ReirradiationLib.mrml.result_nodes import NodeKind, result_nodes
from ReirradiationLib.mrml.scene_content import add_content
from ReirradiationLib.mrml.slice_views import composite_nodes
from ReirradiationLib.scene_door import CUMULATIVE, SceneDoor
from ReirradiationLib.session import CaseSession, Evaluated
from ReirradiationLib.write_outputs import CUMULATIVE_EQD2
from scene_samples import content
from slice_view_pictures import add_view_nodes
from test_mrml_results_registration import POINT, make_view

OVERLAY = RegistrationPictureStyle.OVERLAY


class Door:
    """A door to a scene with views; what is computed is the sample's, and only its identity counts."""

    def __init__(self, scene: Any, case_file: Path) -> None:
        self.scene, self.session = scene, CaseSession()
        self.session.take(open_case(case_file))
        self.door = SceneDoor(self.session, scene)

    def evaluate(self) -> None:
        results: Any = SimpleNamespace()
        self.session.keep_evaluated(self.session.case, Evaluated(Task.SUM, results, SimpleNamespace()))  # type: ignore[arg-type]

    def change(self) -> None:
        """An edit that the doses depend on."""
        case = self.session.case
        first, *others = case.prior_courses
        self.session.edit(replace(case, prior_courses=(replace(first, delivered_fractions=9), *others)))

    def shown(self) -> set[tuple[str | None, str | None]]:
        """Names of background and foreground of the slice views."""
        ids = [(one.GetBackgroundVolumeID(), one.GetForegroundVolumeID()) for one in composite_nodes(self.scene)]
        return {tuple(self.scene.GetNodeByID(one).GetName() if one else None for one in pair) for pair in ids}  # type: ignore[misc]


@pytest.fixture
def opened(demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    sample = content()
    doses = (sample.doses[0], replace(sample.doses[1], name=CUMULATIVE_EQD2))
    organ = SimpleNamespace(choice=SimpleNamespace(name="Cord"))
    monkeypatch.setattr(scene_door, "scene_content", lambda results, evaluation: replace(sample, doses=doses))
    monkeypatch.setattr(scene_door, "registration_view", lambda found, course: make_view())
    monkeypatch.setattr(scene_door, "organs_of_concern", lambda found: [organ])
    monkeypatch.setattr(scene_door, "maximum_point_mm", lambda found, structure: POINT)
    levels = SimpleNamespace(maximum_gy=60.0, isodoses_gy=(20.0, 40.0))
    monkeypatch.setattr(scene_door, "dose_levels", lambda found, structure: levels)
    with HeadlessApplication() as application:
        add_view_nodes(application.scene)
        yield Door(application.scene, demo_folder / "case.json")


def test_results_that_were_prepared_before_the_case_was_changed_are_not_shown(opened: Door) -> None:
    opened.evaluate()
    prepared = opened.door.content()
    opened.change()
    with pytest.raises(CaseError, match="the case was changed meanwhile"):
        opened.door.show_results(prepared)
    assert result_nodes(opened.scene) == ()


def test_results_of_a_former_evaluation_of_the_same_case_are_not_shown(opened: Door) -> None:
    opened.evaluate()
    prepared = opened.door.content()
    opened.evaluate()
    with pytest.raises(CaseError, match="changed meanwhile"):
        opened.door.show_results(prepared)
    assert opened.door.show_results(opened.door.content()).doses


def test_a_registration_that_was_prepared_before_the_case_was_changed_is_not_shown(opened: Door) -> None:
    opened.evaluate()
    view = opened.door.registration_view("course1")
    assert opened.door.show_registration(view, OVERLAY) == 3
    opened.evaluate()
    with pytest.raises(CaseError, match="changed meanwhile"):
        opened.door.show_registration(view, OVERLAY)


def test_doses_that_are_shown_are_of_the_last_evaluation(opened: Door) -> None:
    opened.evaluate()
    opened.door.show_results(opened.door.content())
    assert opened.door.show_dose(CUMULATIVE, "Cord") == 3
    opened.evaluate()
    for show in (lambda: opened.door.show_dose(CUMULATIVE), lambda: opened.door.show_isodoses("course1", "Cord")):
        with pytest.raises(CaseError, match="the results are not in it"):
            show()


def test_a_dose_of_a_scene_file_that_was_added_is_not_taken_for_that_of_the_case(opened: Door) -> None:
    opened.evaluate()
    nodes = opened.door.show_results(opened.door.content())
    added = add_content(opened.scene, replace(content(), doses=opened.door.content().shown.doses, case="another"))
    opened.door.show_dose(CUMULATIVE)
    (composite, *_) = composite_nodes(opened.scene)
    assert composite.GetForegroundVolumeID() == nodes.doses[1].GetID() != added.doses[1].GetID()
    opened.scene.RemoveNode(nodes.doses[1])
    with pytest.raises(CaseError, match="not in the scene"):
        opened.door.show_dose(CUMULATIVE)


@pytest.mark.parametrize("how", ["results", "dose"])
def test_what_is_shown_after_a_registration_stays_when_that_is_hidden(opened: Door, how: str) -> None:
    opened.evaluate()
    opened.door.show_results(opened.door.content())
    opened.door.show_registration(opened.door.registration_view("course1"), OVERLAY)
    if how == "results":
        opened.door.show_results(opened.door.content())
    else:
        opened.door.show_dose(CUMULATIVE)
    after = opened.shown()
    assert after == {("planning CT", f"{CUMULATIVE_EQD2} [Gy EQD2]")}
    assert result_nodes(opened.scene, NodeKind.COMPARISON) == ()
    assert not restore_views(opened.scene)
    assert opened.shown() == after


def test_after_the_scene_was_closed_no_dose_of_it_is_shown(opened: Door) -> None:
    opened.evaluate()
    opened.door.show_results(opened.door.content())
    opened.scene.Clear(False)
    with pytest.raises(CaseError, match="the results are not in it"):
        opened.door.show_dose(CUMULATIVE)
    assert not opened.door.hide_registration()


def test_an_adoption_of_a_scene_that_was_changed_meanwhile_is_refused_and_leaves_no_file(
    opened: Door, tmp_path: Path
) -> None:
    from ReirradiationLib.mrml.loaded_nodes import loaded_nodes

    new, other = tmp_path / "new.dcm", tmp_path / "other.dcm"
    new.touch()
    other.touch()
    before = opened.session.document
    adoption: Any = SimpleNamespace(loaded=loaded_nodes(opened.scene), fresh=(new,))
    opened.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "added")
    with pytest.raises(CaseError, match="while it was taken over"):
        opened.door.keep_adoption(adoption)
    assert list(tmp_path.iterdir()) == [other]
    assert opened.session.document is before
