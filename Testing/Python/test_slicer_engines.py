"""Engines within Slicer: what they ask the programs, what becomes of the answers, and that nothing stays in the scene.

The programs are stand-ins; these tests show nothing about how well BRAINSFit or elastix register.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ReirradiationLib.model.errors import Cancelled, RegistrationError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.registration import EngineName, RegistrationKind
from ReirradiationLib.model.transform import Affine, DisplacementGrid
from ReirradiationLib.mrml.brainsfit_engine import BrainsFitEngine
from ReirradiationLib.mrml.ras import FLIP, geometry_from_ijk_to_ras, numpy_matrix, vtk_image, vtk_matrix
from ReirradiationLib.mrml.registration_volumes import working_volume
from ReirradiationLib.mrml.slicer_elastix_engine import SlicerElastixEngine
from ReirradiationLib.mrml.volume_nodes import volume_from_node
from ReirradiationLib.registration.engine import Box, Registered, RegistrationEngine, RegistrationSettings
from scipy.spatial.transform import Rotation
from slicer_standin import Application, lps_matrix, node_names, slicer_application

__all__ = ["slicer_application"]

TURNED = tuple(tuple(row) for row in Rotation.from_euler("z", 10, degrees=True).as_matrix().tolist())
GRID = Geometry((-45.0, -40.0, 100.0), (1.0, 1.0, 3.0), TURNED, (96, 90, 40))
PRIOR_GRID = Geometry((-60.0, -50.0, -300.0), (1.0, 1.0, 3.0), TURNED, (96, 90, 40))
PRIOR = np.eye(4)
PRIOR[:3, :3] = Rotation.from_euler("xyz", (4, -3, 6), degrees=True).as_matrix()
PRIOR[:3, 3] = (12.0, -8.0, -380.0)
RIGID = RegistrationSettings(RegistrationKind.RIGID)
DEFORMABLE = RegistrationSettings(RegistrationKind.DEFORMABLE, Affine(PRIOR))


def image(geometry: Geometry, frame: str, seed: int) -> Image:
    voxels = np.random.default_rng(seed).normal(0, 900, geometry.shape).astype(np.float32)
    voxels[:, :, :3] = -3024.0
    return Image(voxels, geometry, frame, "1", "2", (), (), Patient("P", "N", "", ""), "", "")


FIXED, MOVING = image(GRID, "1.1", 0), image(PRIOR_GRID, "1.2", 1)


def wave(points: np.ndarray) -> np.ndarray:
    """A smooth deformation of the current anatomy."""
    return points + 6.0 * np.sin(points[:, [1, 2, 0]] / 40.0)


def truth(points: np.ndarray, kind: RegistrationKind) -> np.ndarray:
    return Affine(PRIOR).apply(wave(points) if kind is RegistrationKind.DEFORMABLE else points)


def answer_matrix(asked: dict[str, Any], node: Any) -> None:
    node.SetMatrixTransformFromParent(vtk_matrix(FLIP @ PRIOR @ FLIP))


def answer_field(kind: RegistrationKind) -> Callable[[dict[str, Any], Any], None]:
    """As transformix writes it: the displacement on the grid of the fixed volume, read by Slicer as cubic."""

    def answer(asked: dict[str, Any], node: Any) -> None:
        import slicer
        import vtk

        volume = asked["fixedVolume"]
        matrix = vtk.vtkMatrix4x4()
        volume.GetIJKToRASMatrix(matrix)
        geometry = geometry_from_ijk_to_ras(numpy_matrix(matrix), volume.GetImageData().GetDimensions())
        points = np.concatenate([geometry.plane_points(k) for k in range(geometry.size[2])])
        vectors = (truth(points, kind) - points) * (-1, -1, 1)
        field = vtk_image(vectors.reshape(*geometry.shape, 3))
        field.SetOrigin(volume.GetOrigin())
        field.SetSpacing(volume.GetSpacing())
        direction = np.eye(4)
        direction[:3, :3] = numpy_matrix(matrix)[:3, :3] / np.array(volume.GetSpacing())
        grid = slicer.vtkOrientedGridTransform()
        grid.SetDisplacementGridData(field)
        grid.SetGridDirectionMatrix(vtk_matrix(direction))
        grid.SetInterpolationModeToCubic()
        node.SetAndObserveTransformFromParent(grid)

    return answer


def answer_brainsfit(asked: dict[str, Any], node: Any) -> None:
    """A matrix for the rigid run; for the other a chain like BRAINSFit's: something nonlinear and the start."""
    if "linearTransform" in asked:
        answer_matrix(asked, node)
    else:
        answer_field(RegistrationKind.DEFORMABLE)(asked, node)


def texts(kind: RegistrationKind) -> tuple[str, ...]:
    return ("(rigid)",) if kind is RegistrationKind.RIGID else ("(b-spline)", "(finer µ)")


def elastix_answer(asked: dict[str, Any], node: Any) -> None:
    answer_field(RegistrationKind.RIGID if asked["texts"] == ["(rigid)"] else RegistrationKind.DEFORMABLE)(asked, node)


ENGINES: dict[str, tuple[Callable[[], RegistrationEngine], Callable[[dict[str, Any], Any], None]]] = {
    "BRAINSFit": (BrainsFitEngine, answer_brainsfit),
    "elastix": (lambda: SlicerElastixEngine(texts), elastix_answer),
}


def run(engine: RegistrationEngine, settings: RegistrationSettings, is_cancelled=lambda: False, progress=None) -> Registered:
    return engine.register(FIXED, MOVING, settings, progress or (lambda line: None), is_cancelled)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, slicer_application: Application) -> RegistrationEngine:
    make, slicer_application.answer = ENGINES[request.param]
    return make()


def points(seed: int = 0) -> np.ndarray:
    return GRID.to_lps(np.random.default_rng(seed).uniform(4, np.array(GRID.size) - 5, (500, 3)))


def test_a_rigid_result_is_one_matrix_from_current_to_prior(engine: RegistrationEngine) -> None:
    registered = run(engine, RIGID)
    (step,) = registered.transform.steps
    assert isinstance(step, Affine)
    np.testing.assert_allclose(step.matrix, PRIOR, atol=1e-4)
    assert (registered.transform.fixed_frame_uid, registered.transform.moving_frame_uid) == ("1.1", "1.2")
    assert engine.version() in registered.transform.source
    assert len(registered.log) == 1


def test_a_deformable_result_is_a_grid_on_the_anatomy_and_the_start(engine: RegistrationEngine) -> None:
    registered = run(engine, DEFORMABLE)
    grid, rigid = registered.transform.steps
    assert isinstance(grid, DisplacementGrid)
    np.testing.assert_array_equal(rigid.matrix, PRIOR)
    assert np.nanmax(np.abs(grid.vectors_mm)) < 7.0, "the shift between the frames is in the matrix"
    error = np.linalg.norm(registered.transform.apply(points()) - truth(points(), RegistrationKind.DEFORMABLE), axis=1)
    assert error.max() < 0.02


def test_without_a_start_the_engine_registers_rigidly_first(
    engine: RegistrationEngine, slicer_application: Application
) -> None:
    registered = run(engine, RegistrationSettings(RegistrationKind.DEFORMABLE))
    assert len(slicer_application.asked) == 2
    first, second = slicer_application.asked
    assert "initialTransform" not in first
    assert first.get("initialTransformNode") is None
    np.testing.assert_allclose(registered.transform.steps[1].matrix, PRIOR, atol=1e-4)
    assert len(registered.log) == 3
    assert second.get("initialTransform", second.get("initialTransformNode")) is not None


def test_the_program_gets_the_start_and_both_cts_where_they_are(
    engine: RegistrationEngine, slicer_application: Application
) -> None:
    inner = slicer_application.answer
    seen: list[str] = []

    def look(asked: dict[str, Any], node: Any) -> None:
        start = asked.get("initialTransform", asked.get("initialTransformNode"))
        np.testing.assert_allclose(lps_matrix(start), PRIOR, atol=1e-12)
        for name, ct in (("fixedVolume", FIXED), ("movingVolume", MOVING)):
            voxels, geometry = volume_from_node(asked[name])
            np.testing.assert_allclose(voxels, working_volume(ct)[0], atol=1e-4)
            np.testing.assert_allclose(geometry.index_to_lps(), working_volume(ct)[1].index_to_lps(), atol=1e-9)
            assert asked[name].GetHideFromEditors()
            seen.append(name)
        inner(asked, node)

    slicer_application.answer = look
    run(engine, DEFORMABLE)
    assert seen == ["fixedVolume", "movingVolume"]


def test_a_region_limits_what_is_registered_and_defined(engine: RegistrationEngine, slicer_application: Application) -> None:
    centre = GRID.to_lps((np.array(GRID.size)[None] - 1) / 2)[0]
    box = Box(tuple((centre - 15).tolist()), tuple((centre + 15).tolist()))
    registered = run(engine, RegistrationSettings(RegistrationKind.DEFORMABLE, Affine(PRIOR), box))
    inside = centre + np.random.default_rng(1).uniform(-14, 14, (200, 3))
    error = np.linalg.norm(registered.transform.apply(inside) - truth(inside, RegistrationKind.DEFORMABLE), axis=1)
    assert error.max() < 0.06
    edge = GRID.to_lps(np.array([[1.0, 1.0, 1.0]]))
    assert np.isnan(registered.transform.apply(edge)).all()


def test_the_scene_of_the_user_is_left_alone(engine: RegistrationEngine, slicer_application: Application) -> None:
    scene = slicer_application.scene
    theirs = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT of the user")
    before, changed = node_names(scene), theirs.GetMTime()
    run(engine, DEFORMABLE)
    slicer_application.error = "bad day"
    with pytest.raises(RegistrationError):
        run(engine, DEFORMABLE)
    assert node_names(scene) == before
    assert theirs.GetMTime() == changed
    scene.RemoveNode(theirs)


def test_a_failing_program_is_told_with_its_words(engine: RegistrationEngine, slicer_application: Application) -> None:
    slicer_application.error = "itk::ERROR: all samples map outside moving image buffer"
    with pytest.raises(RegistrationError, match="all samples map outside"):
        run(engine, RIGID)


@pytest.mark.parametrize("settings", [RIGID, DEFORMABLE])
def test_a_program_that_leaves_no_result_is_an_error_and_no_identity(
    engine: RegistrationEngine, slicer_application: Application, settings: RegistrationSettings
) -> None:
    slicer_application.answer = lambda asked, node: None
    with pytest.raises(RegistrationError, match=r"no transform|defined nowhere"):
        run(engine, settings)


def test_a_result_that_lost_its_start_is_refused(engine: RegistrationEngine, slicer_application: Application) -> None:
    settings = RegistrationSettings(RegistrationKind.DEFORMABLE, Affine(np.linalg.inv(PRIOR)))
    with pytest.raises(RegistrationError, match="beyond the rigid registration"):
        run(engine, settings)


def test_a_rigid_result_that_is_not_rigid_is_refused(engine: RegistrationEngine, slicer_application: Application) -> None:
    slicer_application.answer = lambda asked, node: answer_field(RegistrationKind.DEFORMABLE)(asked, node)
    if engine.name is EngineName.BRAINSFIT:
        scaled = np.diag([1.01, 1.0, 1.0, 1.0])
        slicer_application.answer = lambda asked, node: node.SetMatrixTransformFromParent(vtk_matrix(scaled))
    with pytest.raises(RegistrationError, match="differs from a rigid one by"):
        run(engine, RIGID)


def test_cancelling_stops_the_program(engine: RegistrationEngine, slicer_application: Application) -> None:
    answers = iter([False, False, True])
    slicer_application.polls = 10**6
    slicer_application.lines = ("line",) * 10
    with pytest.raises(Cancelled):
        run(engine, DEFORMABLE, lambda: next(answers, True))
    if engine.name is EngineName.ELASTIX or slicer_application.logic is not None:
        assert slicer_application.logic.cancelRequested
    else:
        assert slicer_application.clis[0].GetStatus() == slicer_application.clis[0].Cancelled


def test_a_progress_that_raises_cancelled_stops_elastix_too(slicer_application: Application) -> None:
    slicer_application.answer = elastix_answer

    def progress(line: str) -> None:
        if line.startswith("elastix:"):
            raise Cancelled

    with pytest.raises(Cancelled):
        run(SlicerElastixEngine(texts), DEFORMABLE, progress=progress)
    assert slicer_application.logic.cancelRequested


def test_brainsfit_gets_one_output_and_one_start(slicer_application: Application) -> None:
    slicer_application.answer = answer_brainsfit
    run(BrainsFitEngine(), RegistrationSettings(RegistrationKind.DEFORMABLE))
    rigid, spline = slicer_application.asked
    assert rigid["initializeTransformMode"] == "useMomentsAlign"
    assert rigid["useRigid"] and "useBSpline" not in rigid and "bsplineTransform" not in rigid
    assert spline["initializeTransformMode"] == "Off"
    assert spline["useBSpline"] and "useRigid" not in spline and "linearTransform" not in spline
    assert spline["splineGridSize"] == "4,4,4"
    for asked in (rigid, spline):
        assert (asked["costMetric"], asked["samplingPercentage"], asked["backgroundFillValue"]) == ("MMI", 0.05, -1000.0)


def test_elastix_gets_the_parameter_texts_of_the_kind(slicer_application: Application) -> None:
    slicer_application.answer = elastix_answer
    heard: list[str] = []
    run(SlicerElastixEngine(texts), RegistrationSettings(RegistrationKind.DEFORMABLE), progress=heard.append)
    assert [asked["texts"] for asked in slicer_application.asked] == [["(rigid)"], ["(b-spline)", "(finer µ)"]]
    assert all(asked["forceDisplacementFieldOutputTransform"] for asked in slicer_application.asked)
    assert slicer_application.logic.deleteTemporaryFiles
    assert "elastix: 0: iteration" in heard


def test_the_version_of_elastix_changes_with_the_parameters(slicer_application: Application) -> None:
    first = SlicerElastixEngine(texts).version()
    assert first.startswith("SlicerElastix in 3D Slicer 5.99, parameters ")
    assert SlicerElastixEngine(lambda kind: ("(other)",)).version() != first
    assert BrainsFitEngine().version() == "BRAINSFit of 3D Slicer 5.99"


def test_engines_of_the_main_thread_refuse_another(engine: RegistrationEngine) -> None:
    outcome: list[BaseException] = []

    def work() -> None:
        try:
            run(engine, RIGID)
        except RegistrationError as error:
            outcome.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "main thread" in str(outcome[0])


@pytest.mark.parametrize("make", [BrainsFitEngine, lambda: SlicerElastixEngine(texts)])
def test_outside_of_slicer_they_are_listed_as_unavailable_with_the_reason(make: Callable[[], RegistrationEngine]) -> None:
    assert "only within the 3D Slicer application" in (make().unavailable_because() or "")
    with pytest.raises(RegistrationError, match="only within the 3D Slicer application"):
        run(make(), RIGID)


def test_a_missing_module_is_named(slicer_application: Application) -> None:
    assert BrainsFitEngine().unavailable_because() is None
    assert SlicerElastixEngine(texts).unavailable_because() is None
    del slicer_application.slicer.modules.brainsfit
    del slicer_application.slicer.modules.elastix
    assert "General Registration (BRAINS)" in (BrainsFitEngine().unavailable_because() or "")
    assert "Extensions Manager" in (SlicerElastixEngine(texts).unavailable_because() or "")


def test_working_volumes_are_block_means_where_the_blocks_are() -> None:
    voxels, geometry = working_volume(FIXED)
    assert geometry.size == (48, 45, 40)
    assert geometry.spacing_mm == (2.0, 2.0, 3.0)
    block = np.clip(FIXED.voxels_hu[7, 10:12, 20:22], -1000.0, 2000.0)
    assert voxels[7, 5, 10] == pytest.approx(block.mean(), abs=1e-3)
    expected = GRID.to_lps(np.array([[20.5, 10.5, 7.0]]))
    np.testing.assert_allclose(geometry.to_lps(np.array([[10.0, 5.0, 7.0]])), expected, atol=1e-9)
    assert voxels.min() >= -1000.0


def test_a_box_beside_the_ct_leaves_nothing_to_register() -> None:
    with pytest.raises(RegistrationError, match="voxels of about 2 mm to register"):
        working_volume(FIXED, (900.0, 900.0, 900.0), (950.0, 950.0, 950.0))
