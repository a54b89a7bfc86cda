"""What a scene holds that was loaded from DICOM: nodes by their identifiers, before anything of them is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from .arrays import Float32Array
from .geometry import Geometry
from .segment import AnyStructure
from .transform import SpatialTransform


@dataclass(frozen=True)
class LoadedNode:
    """A node and what it, or its item in the subject hierarchy, says about the DICOM objects behind it.

    Parameters
    ----------
    node_id, name : str
        Of the MRML node.
    series_uid, study_uid, patient_id : str
        Empty where neither the node nor the hierarchy tells.
    instance_uids : tuple of str
        SOPInstanceUIDs; of a CT in the order of its slices where the node tells it.
    referenced_uids : tuple of str
        SOPInstanceUIDs of the objects that it refers to, as the import kept them.
    transform_id : str
        The transform node that it stands under; empty if none.
    is_hidden : bool
        Whether editors do not show it.
    """

    node_id: str
    name: str
    series_uid: str = ""
    study_uid: str = ""
    patient_id: str = ""
    instance_uids: tuple[str, ...] = ()
    referenced_uids: tuple[str, ...] = ()
    transform_id: str = ""
    is_hidden: bool = False

    def __str__(self) -> str:
        return f"node '{self.name}'"


@dataclass(frozen=True)
class LoadedCt(LoadedNode):
    """A CT volume."""


@dataclass(frozen=True)
class LoadedDose(LoadedNode):
    """A volume that SlicerRT marked as a dose."""


@dataclass(frozen=True)
class LoadedStructures(LoadedNode):
    """A segmentation: a structure set, or without ``instance_uids`` one that somebody drew.

    ``referenced_series_uid`` is the CT that SlicerRT says it belongs to, ``drawn_on_id`` the volume node whose grid it has;
    either may be empty.
    """

    referenced_series_uid: str = ""
    drawn_on_id: str = ""


@dataclass(frozen=True)
class LoadedPlan(LoadedNode):
    """A plan of SlicerRT."""


@dataclass(frozen=True)
class LoadedRegistration(LoadedNode):
    """A transform; one without ``instance_uids`` is not from DICOM."""


@dataclass(frozen=True)
class LeftOut:
    """A node that is not adopted, and why."""

    node_id: str
    name: str
    reason: str


@dataclass(frozen=True)
class LoadedNodes:
    """Everything in a scene that can be adopted, in the order of the scene, and what was left out.

    Our own results, and nodes that have nothing to do with radiotherapy, are in none of the lists.
    """

    cts: tuple[LoadedCt, ...] = ()
    doses: tuple[LoadedDose, ...] = ()
    structures: tuple[LoadedStructures, ...] = ()
    plans: tuple[LoadedPlan, ...] = ()
    registrations: tuple[LoadedRegistration, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to adopt."""
        return not (self.cts or self.doses or self.structures or self.plans)


class Relation(Enum):
    """How the coordinates of one node lie in those of another."""

    SAME = "the same"
    LINEAR = "linear"
    NONLINEAR = "not linear"


@dataclass(frozen=True, eq=False)
class NodeVolume:
    """Voxels of a volume node, shape (nk, nj, ni), and its LPS grid in its own coordinates, parents left out."""

    voxels: Float32Array
    geometry: Geometry


class NodeReader(Protocol):
    """Reads nodes without changing them. All coordinates are LPS.

    Coordinates of a node are those that its data are stored in, before any transform that it stands under. An empty node ID
    stands for the world.
    """

    def geometry(self, node_id: str) -> Geometry:
        """Grid of a volume in its own coordinates.

        Raises
        ------
        GeometryError
            If it has no voxels or its axes are sheared.
        """
        ...

    def volume(self, node_id: str) -> NodeVolume:
        """Voxels and grid of a volume in its own coordinates; raises as :meth:`geometry`."""
        ...

    def structures(self, node_id: str, seen_from: str) -> tuple[AnyStructure, ...]:
        """All segments in which something was drawn, as it was drawn, in the coordinates of another node.

        Raises
        ------
        GeometryError
            If the two nodes are not linearly related, a labelmap would be sheared, or a segment is of another kind.
        """
        ...

    def blank_segments(self, node_id: str) -> tuple[str, ...]:
        """Names of the segments in which nothing was drawn."""
        ...

    def name(self, node_id: str) -> str:
        """Name of a node."""
        ...

    def relation(self, node_id: str, other_id: str) -> Relation:
        """How the coordinates of two nodes are related by the transforms that they stand under.

        Raises
        ------
        GeometryError
            If a matrix on the way cannot be inverted.
        """
        ...

    def parents_apart(self, node_id: str, other_id: str) -> tuple[str, ...]:
        """IDs of the transforms that only one of two nodes stands under: those of the first, then those of the other."""
        ...

    def transform(
        self, fixed_id: str, moving_id: str, fixed_frame_uid: str, moving_frame_uid: str, on: Geometry
    ) -> SpatialTransform:
        """What takes points of one node to another by the transforms that they stand under.

        Parameters
        ----------
        fixed_id, moving_id : str
            The current CT, and the prior CT or dose.
        fixed_frame_uid, moving_frame_uid : str
        on : Geometry
            Grid of the current CT, for what must be sampled.

        Raises
        ------
        GeometryError, RegistrationError
            If it is of a kind that cannot be used, or is defined nowhere on the current CT.
        """
        ...
