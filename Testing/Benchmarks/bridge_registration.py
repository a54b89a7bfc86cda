"""What the Transfer step waits for: the prior CT as registered, and the comparison in the slice views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk
from bridge_case import BridgeCase, deformation, header, medians, row, seconds
from bridge_slicer import ijk_to_ras, slicer_util
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.registration_picture import RegistrationPictureStyle, WarpedCt
from ReirradiationLib.model.registration_view import RegistrationView
from ReirradiationLib.model.transform import Affine, SpatialTransform
from ReirradiationLib.mrml.application import HeadlessApplication
from ReirradiationLib.mrml.registration_views import show_registration
from ReirradiationLib.mrml.volume_nodes import image_node
from ReirradiationLib.registration.warped_image import warped_image
from ReirradiationLib.scene_views import registration_view
from slice_view_pictures import add_view_nodes

OUTSIDE_HU = -1024.0


def report(case: BridgeCase) -> None:
    found = case.results
    (course,), (record,) = found.prior_courses, found.records.prior
    assert record.ct is not None
    ct = found.records.ct
    grid, transform, prior = ct.geometry, course.transform, record.ct
    view = registration_view(found, course.identifier)
    warping(
        "The demo's prior CT through its deformable REG",
        lambda: registration_view(found, course.identifier).warped.voxels_hu,
        lambda: resampled(prior, transform, grid),
        rounds=5,
    )
    large = case.clinical.image
    field = deformation(large.frame_uid)
    warped = warping(
        "A CT of 512 × 512 × 200 through a displacement field of 5 mm",
        lambda: warped_image(large, field, large.geometry),
        lambda: resampled(large, field, large.geometry),
        rounds=2,
    )
    showing("The demo in the slice views", view, rounds=5)
    of_itself = RegistrationView("course1", "Course 1", large, WarpedCt(warped, large.geometry))
    showing("A CT of 512 × 512 × 200 in the slice views", of_itself, rounds=3)


def warping(title: str, ours: Callable[[], Any], peer: Callable[[], Any], rounds: int) -> Any:
    """Both ways, and how far they are apart; returns ours."""
    kept: dict[str, Any] = {}

    def run(name: str, work: Callable[[], Any]) -> Callable[[], float]:
        return lambda: seconds(lambda: kept.update({name: work()}))

    found = medians({"ours": run("ours", ours), "peer": run("peer", peer)}, rounds)
    known = np.isfinite(kept["ours"])
    far = np.abs(kept["ours"][known] - kept["peer"][known])
    header(title, "difference where the prior CT is known, mean / largest [HU] | not known [%]", rounds)
    row("ours", found["ours"], found["ours"], f"– | {100.0 * (1.0 - known.mean()):.1f}, told as such")
    peers = f"{far.mean():.1e} / {far.max():.1e} | shown as {OUTSIDE_HU:.0f} HU or undeformed"
    row("SimpleITK Resample", found["peer"], found["ours"], peers)
    return kept["ours"]


def resampled(moving: Image, transform: SpatialTransform, grid: Geometry) -> np.ndarray:
    """The same by SimpleITK, from array to array."""
    volume = sitk.GetImageFromArray(moving.voxels_hu)
    place(volume, moving.geometry)
    reference = sitk.Image(*grid.size, sitk.sitkUInt8)
    place(reference, grid)
    return sitk.GetArrayFromImage(
        sitk.Resample(volume, reference, of_simpleitk(transform), sitk.sitkLinear, OUTSIDE_HU, sitk.sitkFloat32)
    )


def of_simpleitk(transform: SpatialTransform) -> sitk.Transform:
    """The steps, the last one first: a composite applies what was added last first."""
    composite = sitk.CompositeTransform(3)
    for step in reversed(transform.steps):
        if isinstance(step, Affine):
            affine = sitk.AffineTransform(3)
            affine.SetMatrix(step.matrix[:3, :3].ravel().tolist())
            affine.SetTranslation(step.matrix[:3, 3].tolist())
            composite.AddTransform(affine)
        else:
            field = sitk.GetImageFromArray(np.nan_to_num(step.vectors_mm).astype(np.float64), isVector=True)
            place(field, step.geometry)
            composite.AddTransform(sitk.DisplacementFieldTransform(field))
    return composite


def place(image: sitk.Image, grid: Geometry) -> None:
    image.SetOrigin(grid.origin_mm)
    image.SetSpacing(grid.spacing_mm)
    image.SetDirection(np.asarray(grid.direction).ravel().tolist())


def showing(title: str, view: RegistrationView, rounds: int) -> None:
    """Main thread: nodes of the comparison, and what the views point at; drawing itself is not in it."""
    grid = view.image.geometry
    centre = tuple(float(value) for value in grid.to_lps((np.array([grid.size]) - 1.0) / 2.0)[0])
    prior = np.nan_to_num(view.warped.voxels_hu, nan=OUTSIDE_HU)
    with HeadlessApplication() as application:
        scene = application.scene
        add_view_nodes(scene)
        image_node(scene, view.image)

        def ours(style: RegistrationPictureStyle) -> Callable[[], float]:
            return lambda: seconds(lambda: show_registration(scene, view, style, centre))

        def peer(voxels: Callable[[], np.ndarray]) -> Callable[[], float]:
            def measured() -> float:
                with slicer_util(application) as util:
                    made: list[Any] = []
                    value = seconds(lambda: made.append(util.addVolumeFromArray(voxels(), ijk_to_ras(grid), "comparison")))
                    scene.RemoveNode(made[0])
                return value

            return measured

        def squares() -> np.ndarray:
            both = sitk.GetImageFromArray(view.image.voxels_hu), sitk.GetImageFromArray(prior)
            pattern = [max(1, round(n * step / 16.0)) for n, step in zip(grid.size, grid.spacing_mm, strict=True)]
            return sitk.GetArrayFromImage(sitk.CheckerBoard(*both, pattern))

        ways = {
            "ours, overlay": ours(RegistrationPictureStyle.OVERLAY),
            "slicer.util, the prior CT as a volume": peer(lambda: prior),
            "ours, checkerboard": ours(RegistrationPictureStyle.CHECKERBOARD),
            "SimpleITK CheckerBoard and slicer.util": peer(squares),
            "ours, difference": ours(RegistrationPictureStyle.DIFFERENCE),
        }
        found = medians(ways, rounds)
    header(f"{title}, main thread", "unknown regions told apart", rounds)
    for name, value in found.items():
        base = "ours, checkerboard" if "CheckerBoard" in name else name if name.startswith("ours") else "ours, overlay"
        row(name, value, found[base], "yes" if name.startswith("ours") else "no")
