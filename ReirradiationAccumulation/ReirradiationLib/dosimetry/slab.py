"""The body between two contour planes, or beyond the last one: shape-based interpolation and end caps.

Between planes the signed distance *d* to the contours is interpolated (Raya SP, Udupa JK, IEEE Trans Med Imaging 9:32
(1990); Herman GT et al., IEEE CG&A 12:69 (1992)), not as it is but as ``F = d (2 R − d)`` with the radius *R* of the
largest circle in the part of the plane. For a circle that is ``R² − ρ²`` with the distance ρ from its centre: a quadratic
function of the slice position in spheres, ellipsoids of revolution, cones and cylinders, which so come back exactly. The
quadratic term is taken where neighbouring planes agree on it (the smaller of their second differences if the signs are
equal, else none; Harten A et al., J Comput Phys 71:231 (1987)), so that nothing overshoots where shapes change abruptly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from ..model.arrays import Float32Array
from .plane_field import FAR_MM

FieldChange: TypeAlias = Callable[[Float32Array], Float32Array]


@dataclass(frozen=True, eq=False)
class Blend:
    """What continues from the lower plane to the upper.

    Parameters
    ----------
    lower, upper : arrays, shape (nv, nu)
        F on the two planes, mm².
    lower_radius_mm, upper_radius_mm : arrays, shape (nv, nu) or (1, 1)
        R on the two planes.
    bend : array, shape (nv, nu), or None
        Half the second difference of F times the squared distance of the planes; None for linear interpolation.
    """

    lower: Float32Array
    upper: Float32Array
    lower_radius_mm: Float32Array
    upper_radius_mm: Float32Array
    bend: Float32Array | None

    def depth_mm(self, share: Float32Array | np.float32) -> Float32Array:
        """In-plane depth, positive inside, at shares (0 … 1) of the way from the lower plane to the upper."""
        level = self.lower + share * (self.upper - self.lower)
        if self.bend is not None:
            level += share * (share - np.float32(1.0)) * self.bend
        radius = self.lower_radius_mm + share * (self.upper_radius_mm - self.lower_radius_mm)
        # Solves F = d (2 R − d) for the smaller d.
        return np.asarray(level / (radius + np.sqrt(np.maximum(radius * radius - level, np.float32(0.0)))))

    def at(self, gathered: FieldChange) -> Blend:
        """The same with every field replaced by its values at points."""
        return Blend(
            gathered(self.lower),
            gathered(self.upper),
            gathered(self.lower_radius_mm),
            gathered(self.upper_radius_mm),
            None if self.bend is None else gathered(self.bend),
        )


@dataclass(frozen=True, eq=False)
class Cap:
    """What ends beyond a plane: parts of the body, or holes in it.

    Parameters
    ----------
    depth : array, shape (nv, nu)
        Depth in the parts or holes on their plane, mm.
    radius : array, shape (nv, nu) or (1, 1)
        Depth of their deepest points, mm.
    from_upper : bool
        Whether the plane is the upper one of the slab.
    reach : float
        Share of the slab's height that the cap reaches.
    is_tapered : bool
        Whether it shrinks to nothing over the reach, as a cone.
    is_hole : bool
    """

    depth: Float32Array
    radius: Float32Array
    from_upper: bool
    reach: float
    is_tapered: bool
    is_hole: bool

    def depth_mm(self, share: Float32Array | np.float32) -> Float32Array:
        """Depth in the cap at shares (0 … 1) of the way from the lower plane to the upper."""
        beyond = (np.float32(1.0) - share if self.from_upper else share) / np.float32(self.reach)
        depth = self.depth - beyond * self.radius if self.is_tapered else self.depth
        return np.where(beyond <= 1.0, depth, np.float32(-FAR_MM))


@dataclass(frozen=True, eq=False)
class Slab:
    """A piece of a structure between two positions along the slice normal.

    Parameters
    ----------
    bottom_mm, top_mm : float
    blend : Blend or None
        What runs through from the plane at the bottom to the one at the top.
    caps : tuple of Cap
        What ends on the way.
    planes : (lower, upper)
        Numbers of the planes at the bottom and the top; the same one twice beyond the last plane.
    """

    bottom_mm: float
    top_mm: float
    blend: Blend | None
    caps: tuple[Cap, ...]
    planes: tuple[int, int]

    @property
    def height_mm(self) -> float:
        """From bottom to top."""
        return self.top_mm - self.bottom_mm

    def depth_mm(self, share: Float32Array | np.float32) -> Float32Array:
        """In-plane depth, positive inside, at shares (0 … 1) of the height; broadcasts against the fields."""
        depth = self.blend.depth_mm(share) if self.blend is not None else np.float32(-FAR_MM)
        for cap in self.caps:
            ending = cap.depth_mm(share)
            depth = np.minimum(depth, -ending) if cap.is_hole else np.maximum(depth, ending)
        return np.broadcast_to(depth, np.broadcast_shapes(np.shape(depth), np.shape(share)))

    def at(self, gathered: FieldChange) -> Slab:
        """The same with every field replaced by its values at points."""
        blend = self.blend
        return replace(
            self,
            blend=None if blend is None else blend.at(gathered),
            caps=tuple(replace(cap, depth=gathered(cap.depth), radius=gathered(cap.radius)) for cap in self.caps),
        )
