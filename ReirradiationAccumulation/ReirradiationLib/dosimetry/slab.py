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

from ..model.arrays import Float32Array, FloatArray
from .plane_field import FAR_MM, PixelGrid

_FieldChange: TypeAlias = Callable[[Float32Array], Float32Array]


@dataclass(frozen=True, eq=False)
class Blend:
    """What continues from the lower plane to the upper.

    Parameters
    ----------
    lower, upper : arrays, shape (nv, nu)
        F on the two planes, mm².
    lower_radius_mm, upper_radius_mm : arrays, shape (nv, nu) or ()
        R on the two planes.
    bend : array, shape (nv, nu), or None
        Half the second difference of F times the squared distance of the planes; None for linear interpolation.
    """

    lower: Float32Array
    upper: Float32Array
    lower_radius_mm: Float32Array
    upper_radius_mm: Float32Array
    bend: Float32Array | None

    def depth_mm(self, share: Float32Array) -> Float32Array:
        """In-plane depth, positive inside, at shares (0 … 1) of the way from the lower plane to the upper."""
        level = self.lower + share * (self.upper - self.lower)
        if self.bend is not None:
            level += share * (share - np.float32(1.0)) * self.bend
        radius = self.lower_radius_mm + share * (self.upper_radius_mm - self.lower_radius_mm)
        # Solves F = d (2 R − d) for the smaller d.
        return np.asarray(level / (radius + np.sqrt(np.maximum(radius * radius - level, np.float32(0.0)))))


@dataclass(frozen=True, eq=False)
class Cap:
    """What ends beyond a plane: parts of the body, or holes in it.

    Parameters
    ----------
    depth : array, shape (nv, nu)
        Depth in the parts or holes on their plane, mm.
    radius : array, shape (nv, nu) or ()
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

    def depth_mm(self, share: Float32Array) -> Float32Array:
        """Depth in the cap at shares (0 … 1) of the way from the lower plane to the upper."""
        beyond = (np.float32(1.0) - share if self.from_upper else share) / np.float32(self.reach)
        depth = self.depth - beyond * self.radius if self.is_tapered else self.depth
        return np.where(beyond < 1.0, depth, np.float32(-FAR_MM))


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
    inward : tuple of two arrays, each (2, nv, nu)
        Directions towards the inside on the lower and the upper plane.
    window : (rows, columns)
        Slices of the grid outside of which nothing lies.
    """

    bottom_mm: float
    top_mm: float
    blend: Blend | None
    caps: tuple[Cap, ...]
    inward: tuple[Float32Array, Float32Array]
    window: tuple[slice, slice]

    @property
    def height_mm(self) -> float:
        """From bottom to top."""
        return self.top_mm - self.bottom_mm

    def depth_mm(self, share: Float32Array) -> Float32Array:
        """In-plane depth, positive inside, at shares (0 … 1) of the height; broadcasts against the fields."""
        depth = self.blend.depth_mm(share) if self.blend is not None else np.float32(-FAR_MM)
        for cap in self.caps:
            ending = cap.depth_mm(share)
            depth = np.minimum(depth, -ending) if cap.is_hole else np.maximum(depth, ending)
        return np.asarray(depth)

    def cropped(self, rows: slice, columns: slice) -> Slab:
        """The same with its fields on a part of the grid."""
        return self._mapped(lambda field: field[..., rows, columns] if field.ndim >= 2 else field)

    def at(self, grid: PixelGrid, points: FloatArray) -> Slab:
        """The same with fields at points (u, v), shape (m, 2), interpolated bilinearly: fields of shape (…, m)."""
        from scipy.ndimage import map_coordinates

        where = ((points - grid.first) / grid.steps_mm)[:, ::-1].T

        def gathered(field: Float32Array) -> Float32Array:
            if field.ndim < 2:
                return field
            if field.ndim == 3:
                return np.stack([gathered(component) for component in field])
            return np.asarray(map_coordinates(field, where, order=1, mode="nearest"))

        return self._mapped(gathered)

    def _mapped(self, change: _FieldChange) -> Slab:
        blend = self.blend
        if blend is not None:
            bend = None if blend.bend is None else change(blend.bend)
            planes = change(blend.lower), change(blend.upper)
            blend = Blend(*planes, change(blend.lower_radius_mm), change(blend.upper_radius_mm), bend)
        caps = tuple(replace(cap, depth=change(cap.depth), radius=change(cap.radius)) for cap in self.caps)
        return replace(self, blend=blend, caps=caps, inward=(change(self.inward[0]), change(self.inward[1])))
