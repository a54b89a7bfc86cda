"""Optimization structures and isodose lines in the open scene, to be looked at before they are exported."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from .model.errors import DosimetryError
from .model.inner_point import inner_point_mm
from .model.scene import SceneContent
from .mrml.result_nodes import NodeKind, remove_results, result_nodes
from .mrml.scene_content import ISODOSES, SHELLS, add_content, replace_structures
from .mrml.slice_views import jump_to, show_dose_wash, show_segments
from .mrml.volume_nodes import image_in_scene
from .report.results import CaseResults
from .write_outputs import scene_content


class ShellPreview:
    """What the scene shows of them; it holds nothing but the scene.

    Parameters
    ----------
    scene : vtkMRMLScene
    """

    def __init__(self, scene: Any) -> None:
        self._scene = scene

    def show(self, results: CaseResults) -> tuple[Any, ...]:
        """Put the structures, in colours of their limits, in the place of those shown before, and the CT if it is missing.

        Returns
        -------
        tuple of vtkMRMLSegmentationNode
        """
        content = scene_content(results)
        self._show_image(content)
        named = ((SHELLS, content.optimization_structures), (ISODOSES, content.isodoses))
        for name, structures in named:
            if not structures:
                remove_results(self._scene, result_nodes(self._scene, NodeKind.STRUCTURES, key=name))
        return tuple(
            replace_structures(self._scene, content.image, structures, name, content.case)
            for name, structures in named
            if structures
        )

    def hide(self) -> None:
        """Take them out of the scene; the CT stays."""
        remove_results(self._scene, self._nodes())

    @property
    def is_shown(self) -> bool:
        """Whether the scene has any."""
        return bool(self._nodes())

    def shown(self) -> dict[str, bool]:
        """The structures in the scene by name, and whether each is visible."""
        return {name: visible for node in self._nodes() for name, visible in _segments(node)}

    def show_only(self, names: Collection[str]) -> None:
        """Let only these structures be visible."""
        for node in self._nodes():
            show_segments(node, names)

    def jump_to(self, results: CaseResults, name: str) -> int:
        """Let the slices go through a structure; how many views show it.

        Raises
        ------
        DosimetryError
            If there is no such structure, or it is empty.
        """
        content = scene_content(results)
        found = [one for one in (*content.optimization_structures, *content.isodoses) if one.name == name]
        point_mm = inner_point_mm(found[0]) if found else None
        if point_mm is None:
            raise DosimetryError(f"Structure '{name}'", "empty, or not among those generated", "Choose another one.")
        return jump_to(self._scene, point_mm)

    def _show_image(self, content: SceneContent) -> None:
        if image_in_scene(self._scene, content.image) is None:
            bare = replace(
                content,
                doses=(),
                structures=(),
                optimization_structures=(),
                registrations=(),
                isodoses=(),
                tables=(),
                charts=(),
            )
            show_dose_wash(self._scene, add_content(self._scene, bare).image, None)

    def _nodes(self) -> list[Any]:
        return [node for key in (SHELLS, ISODOSES) for node in result_nodes(self._scene, NodeKind.STRUCTURES, key=key)]


def _segments(node: Any) -> Iterator[tuple[str, bool]]:
    segmentation, display = node.GetSegmentation(), node.GetDisplayNode()
    for n in range(segmentation.GetNumberOfSegments()):
        segment_id = segmentation.GetNthSegmentID(n)
        is_visible = bool(display.GetVisibility() and display.GetSegmentVisibility(segment_id))
        yield segmentation.GetSegment(segment_id).GetName(), is_visible
