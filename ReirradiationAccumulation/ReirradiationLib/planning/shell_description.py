"""What an optimization structure says about itself: the text in its ROIDescription, and remarks."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.planning_choice import OptimizationRequest
from .levels import OptimizationLevels, ShellLevel
from .planned_organ import PlannedOrgan


def description(
    planned: PlannedOrgan,
    request: OptimizationRequest,
    levels: OptimizationLevels,
    level: ShellLevel,
    cropped_from: Sequence[str],
) -> str:
    """Organ, isodoses, limit with its basis, α/β, fractions and source, and how the structure was cut, in one line.

    ``cropped_from`` names the targets that it stays away from; empty if it was not cropped.
    """
    upper = f" < {level.upper_eqd2_gy:.2f}" if level.upper_eqd2_gy is not None else ""
    parts = [
        f"{request.structure}: prior EQD2 >= {level.lower_eqd2_gy:.2f}{upper} Gy"
        f"{' (levels given)' if levels.are_given else ''}",
        f"new plan at most {level.limit_physical_gy:.2f} Gy in {levels.fractions} fx = {level.limit_eqd2_gy:.2f} Gy EQD2 "
        f"(alpha/beta {levels.alpha_beta_gy:g} Gy, {request.basis.value} sum, limit A {levels.limit_eqd2_gy:g} Gy EQD2: "
        f"{request.source})",
        f"P {levels.prior_eqd2_gy:.2f} Gy EQD2 ({planned.near.metric}, {planned.near.region}), "
        f"R {levels.new_eqd2_gy:.2f} Gy EQD2",
    ]
    if cropped_from:
        parts.append(f"cropped {request.crop_margin_mm:g} mm from {', '.join(cropped_from)}")
    if request.smoothing_mm > 0.0:
        parts.append(f"smoothed within {request.smoothing_mm:g} mm, into the cooler structure only")
    return "; ".join(parts)


def remarks(
    levels: OptimizationLevels,
    level: ShellLevel,
    prescription_gy: float,
    volumes_cc: tuple[float, float],
    cropped_mm: float | None,
) -> tuple[str, ...]:
    """What is special about one structure, in words; empty if nothing is.

    Parameters
    ----------
    levels : OptimizationLevels
    level : ShellLevel
    prescription_gy : float
        Physical.
    volumes_cc : (float, float)
        Of the structure, and of a voxel of the CT.
    cropped_mm : float or None
        How far it stays away from the targets; None if it was not cropped.
    """
    volume_cc, voxel_cc = volumes_cc
    found = []
    if level.is_above_prior:
        found.append(f"its level is not below P ({levels.prior_eqd2_gy:.2f} Gy EQD2); hotter tissue is in the next one")
    if levels.prior_eqd2_gy >= levels.limit_eqd2_gy and level.limit_eqd2_gy <= 0.0:
        found.append("P >= A: the tolerance is already used, the new plan may give nothing here")
    if not levels.are_given and levels.limit_eqd2_gy < levels.new_eqd2_gy and level.lower_eqd2_gy <= 0.0:
        found.append("A < R: the isodose would be negative and is clamped to 0, so the rest of the organ is in here")
    if level.limit_physical_gy > prescription_gy:
        found.append("the limit is above the prescription")
    if cropped_mm is not None:
        where = f"in the targets and within {cropped_mm:g} mm of them" if cropped_mm > 0.0 else "in the targets"
        found.append(f"cropped: the part of the organ {where} is not in here and has no limit from this structure")
    if volume_cc <= 0.0:
        found.append("empty: listed, not exported")
    elif volume_cc < voxel_cc:
        found.append(f"smaller than a voxel of the CT ({voxel_cc:.4f} cc)")
    return tuple(found)
