"""The dose pictures of the report: which slices, which levels."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..model.arrays import FloatArray
from ..model.geometry import Vector3
from ..model.protocol import Basis
from ..model.scene import DoseQuantity, Orientation, PictureMaker, PictureRequest, SceneContent
from .figure_style import round_step
from .results import CaseResults, StructureResult

WIDTH, HEIGHT = 760, 620
NEAR_MM = 240.0
"""Field of view of the sagittal and coronal pictures; the axial one shows the whole CT."""

MOST_ISODOSES = 6


@dataclass(frozen=True)
class ReportPicture:
    """A picture of the report as PNG, and what it shows."""

    caption: str
    png: bytes

    def data_uri(self) -> str:
        """The picture as text that an HTML page can hold."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode('ascii')}"


@dataclass(frozen=True)
class PictureSet:
    """All pictures, or why there are none."""

    pictures: tuple[ReportPicture, ...]
    missing: str


NO_DOSE_PICTURES = PictureSet((), "nothing is mapped yet")


def draw_pictures(
    results: CaseResults, content: SceneContent, maker: PictureMaker | None, check: Callable[[str], None]
) -> PictureSet:
    """Draw three planes of the summed EQD2 through the maximum of the organ of most concern.

    Parameters
    ----------
    results : CaseResults
    content : SceneContent
        The last EQD2 volume in it is shown.
    maker : PictureMaker or None
        None if the caller has no way to draw.
    check : callable
        Called with a word before each picture; raises if the user cancelled.
    """
    reason = "this way of running draws no pictures" if maker is None else maker.unavailable_because()
    organ = _organ_of_concern(results)
    doses = [dose for dose in content.doses if dose.quantity is DoseQuantity.EQD2]
    if maker is None or reason or organ is None or not doses:
        return PictureSet((), reason or "the case evaluates no structure, or no course has a dose distribution")
    dose = doses[-1]
    point = _hottest_point(organ)
    maximum = float(dose.voxels_gy.max())
    named = {organ.choice.name, *(request.target for request in results.case.optimization)}
    shown = tuple(structure for structure in content.structures if structure.name in named)
    pictures = []
    for orientation in Orientation:
        check(f"{orientation.value} picture")
        request = PictureRequest(
            image=content.image,
            dose=dose,
            structures=(*shown, *content.optimization_structures),
            orientation=orientation,
            point_mm=point,
            isodoses_gy=_isodoses(maximum),
            maximum_gy=maximum,
            field_of_view_mm=None if orientation is Orientation.AXIAL else NEAR_MM,
        )
        where = f"through the maximum of {organ.choice.name} at LPS ({point[0]:.0f}, {point[1]:.0f}, {point[2]:.0f}) mm"
        caption = f"{dose.name} (composite, for display), {orientation.value}, {where}"
        pictures.append(ReportPicture(caption, maker.draw(request, WIDTH, HEIGHT)))
    return PictureSet(tuple(pictures), "")


def _isodoses(maximum_gy: float) -> tuple[float, ...]:
    """Round levels up to the maximum, at most six."""
    step = round_step(maximum_gy, MOST_ISODOSES + 1)
    return tuple(step * n for n in range(1, int(maximum_gy / step) + 1))


def _organ_of_concern(results: CaseResults) -> StructureResult | None:
    """The first organ with optimization structures, else with a constraint, else the first structure."""
    wanted = [request.structure for request in results.case.optimization]
    wanted += [constraint.structure for constraint in results.case.constraints]
    by_name = {structure.choice.name: structure for structure in results.structures}
    return next((by_name[name] for name in wanted), next(iter(results.structures), None))


def _hottest_point(organ: StructureResult) -> Vector3:
    sum_gy: FloatArray = organ.final.eqd2_gy(organ.alpha_beta_gy, Basis.RAW)
    x, y, z = (float(value) for value in organ.final.samples.points_mm[int(np.argmax(sum_gy))])
    return (x, y, z)
