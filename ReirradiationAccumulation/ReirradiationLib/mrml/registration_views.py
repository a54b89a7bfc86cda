"""How a registration lies, shown in the slice views of the open application, and the views as they were before.

What the views showed is kept on their composite nodes, so that a scene that was saved in between can be put back too.
"""

from __future__ import annotations

from typing import Any

from ..model.dose_colours import Colour
from ..model.errors import OutputError
from ..model.geometry import Vector3
from ..model.registration_picture import RegistrationPictureStyle
from ..model.registration_view import RegistrationView
from .comparison import LARGEST_DIFFERENCE_HU
from .comparison_volumes import checkerboard, compared_node, current_part, soft_tissue_limits, tinted_node
from .dose_display import refresh_legends
from .palette import DIVERGING
from .result_nodes import NodeKind, ResultMark, remove_results, result_nodes, results_made
from .slice_views import composite_nodes, jump_to
from .volume_nodes import image_in_scene, image_node
from .warped_grid_nodes import warped_grid_nodes

COMPARING_ATTRIBUTE = "SlicerReirradiation.Comparing"
"""Of a composite node: the opacity of the foreground before."""

BACKGROUND_ROLE = "SlicerReirradiation.BackgroundBefore"
FOREGROUND_ROLE = "SlicerReirradiation.ForegroundBefore"
OVERLAY_OPACITY = 0.5
BLACK: Colour = (0.0, 0.0, 0.0)
CURRENT_TINT: Colour = (1.00, 0.65, 0.30)
PRIOR_TINT: Colour = (0.30, 0.65, 1.00)
"""The colours of both CTs in pictures, lighter: views mix them half and half and do not add them. Still grey together."""

OVERLAY_HU = (-160.0, 160.0)
"""Brighter than the usual window, for the same reason."""


def show_registration(scene: Any, view: RegistrationView, style: RegistrationPictureStyle, point_mm: Vector3) -> int:
    """Show the current CT and a prior one, as the registration puts it there, in the three slice views through a point.

    * overlay: the current CT in orange, over it the prior one in blue at 50 %; grey where they agree, plain orange where the
      prior CT is not known;
    * checkerboard: cubes of 16 mm of both, hatched where the prior CT is not known; eight of them meet in the point;
    * difference: current less prior, up to ±300 HU, on the current CT, which is plain where the prior one is not known;
    * warped grid: the current CT under a grid after the deformation, the rigid part removed.

    The prior CT is what the view holds, interpolated once by the functions that map doses; nothing is resampled here.

    Parameters
    ----------
    scene : vtkMRMLScene
    view : RegistrationView
    style : RegistrationPictureStyle
    point_mm : (x, y, z)
        LPS.

    Returns
    -------
    int
        How many views show it; 0 if the scene has no slice views, and then nothing was done.

    Raises
    ------
    OutputError
        If a warped grid is asked for without displacements.
    GeometryError
        If the prior CT is on another grid than the current one's, or a part of it.
    """
    composites = composite_nodes(scene)
    if not composites:
        return 0
    if style is RegistrationPictureStyle.GRID and view.displacement_mm is None:
        raise OutputError(
            "Warped grid", "a registration that is not defined on this CT", "Choose another way to look at it."
        )
    former = result_nodes(scene, NodeKind.COMPARISON)
    with results_made(scene, ResultMark(NodeKind.COMPARISON, course=view.course, key=style.value)):
        background, foreground, opacity = _layers(scene, view, style, point_mm)
        if style is RegistrationPictureStyle.GRID:
            warped_grid_nodes(scene, view, point_mm)
    for composite in composites:
        _remember(composite)
        composite.SetBackgroundVolumeID(background.GetID())
        composite.SetForegroundVolumeID(foreground.GetID() if foreground is not None else None)
        composite.SetForegroundOpacity(opacity)
    remove_results(scene, [node for node in former if node is not background])
    refresh_legends(scene)
    jump_to(scene, point_mm)
    return len(composites)


def restore_views(scene: Any) -> bool:
    """Show again what the slice views showed before, and take the nodes of the comparison out of the scene.

    Returns
    -------
    bool
        Whether a registration was shown.
    """
    compared = [node for node in composite_nodes(scene) if node.GetAttribute(COMPARING_ATTRIBUTE)]
    for node in compared:
        node.SetBackgroundVolumeID(node.GetNodeReferenceID(BACKGROUND_ROLE))
        node.SetForegroundVolumeID(node.GetNodeReferenceID(FOREGROUND_ROLE))
        node.SetForegroundOpacity(float(node.GetAttribute(COMPARING_ATTRIBUTE)))
        for role in (BACKGROUND_ROLE, FOREGROUND_ROLE):
            node.SetNodeReferenceID(role, None)
        node.RemoveAttribute(COMPARING_ATTRIBUTE)
    nodes = result_nodes(scene, NodeKind.COMPARISON)
    remove_results(scene, nodes)
    refresh_legends(scene)
    return bool(compared or nodes)


def _layers(
    scene: Any, view: RegistrationView, style: RegistrationPictureStyle, point_mm: Vector3
) -> tuple[Any, Any, float]:
    """Background, foreground or None, and the opacity of the foreground."""
    geometry, prior_name = view.warped.geometry, f"{view.label}, prior CT as registered"
    current = image_in_scene(scene, view.image) or image_node(scene, view.image)
    if style is RegistrationPictureStyle.OVERLAY:
        tinted = tinted_node(scene, "Current CT, overlay", current, (BLACK, CURRENT_TINT), OVERLAY_HU)
        prior = compared_node(scene, prior_name, view.warped.voxels_hu, geometry, (BLACK, PRIOR_TINT), OVERLAY_HU)
        return tinted, prior, OVERLAY_OPACITY
    if style is RegistrationPictureStyle.CHECKERBOARD:
        voxels = checkerboard(current_part(view.image, view.warped), view.warped.voxels_hu, geometry, point_mm)
        return compared_node(scene, f"{view.label}, checkerboard", voxels, geometry, (), soft_tissue_limits()), None, 0.0
    if style is RegistrationPictureStyle.DIFFERENCE:
        voxels = current_part(view.image, view.warped) - view.warped.voxels_hu
        limits = (-LARGEST_DIFFERENCE_HU, LARGEST_DIFFERENCE_HU)
        return current, compared_node(scene, f"{view.label}, current less prior", voxels, geometry, DIVERGING, limits), 1.0
    return current, None, 0.0


def _remember(composite: Any) -> None:
    """Keep what a view shows, unless that is a comparison already."""
    if composite.GetAttribute(COMPARING_ATTRIBUTE):
        return
    composite.SetNodeReferenceID(BACKGROUND_ROLE, composite.GetBackgroundVolumeID())
    composite.SetNodeReferenceID(FOREGROUND_ROLE, composite.GetForegroundVolumeID())
    composite.SetAttribute(COMPARING_ATTRIBUTE, repr(float(composite.GetForegroundOpacity())))
