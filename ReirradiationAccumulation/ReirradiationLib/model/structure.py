"""Structures as planar contours, the form in which planning systems store them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from .arrays import FloatArray
from .errors import CaseError
from .image import Patient
from .interlock import Interlock


class InterpretedType(str, Enum):
    """RTROIInterpretedType (3006,00A4), the values the library itself writes; others are kept as text."""

    CONTROL = "CONTROL"
    AVOIDANCE = "AVOIDANCE"
    ORGAN = "ORGAN"


class Holes(str, Enum):
    """How a hole is written; both enclose the same area by even–odd. See docs/decisions/0005."""

    KEYHOLE = "keyhole"
    XOR = "xor"


class EndCaps(str, Enum):
    """How far a structure reaches beyond its first and last contour. See docs/decisions/0011."""

    HALF_SLICE = "half-slice"
    TAPERED = "tapered"
    NONE = "none"


@dataclass(frozen=True, eq=False)
class Structure:
    """One region of interest.

    Parameters
    ----------
    name : str
        ROIName (3006,0026).
    number : int
        ROINumber (3006,0022).
    contours_mm : tuple of arrays, each (n, 3)
        Closed planar polygons in LPS mm. Several on one plane combine by even–odd (holes as XOR or keyhole).
    colour : (red, green, blue)
        0 … 255.
    interpreted_type : str
        RTROIInterpretedType, empty if unknown.
    description : str
        ROIDescription (3006,0028).
    open_mm : tuple of arrays, each (n, 3)
        Points and open lines in LPS mm; they enclose nothing.
    damage : str
        Why the contours cannot be used; empty if they can. Then there are none.
    """

    name: str
    number: int
    contours_mm: tuple[FloatArray, ...]
    colour: tuple[int, int, int] = (255, 255, 0)
    interpreted_type: str = ""
    description: str = ""
    open_mm: tuple[FloatArray, ...] = ()
    damage: str = ""


@dataclass(frozen=True, eq=False)
class StructureSet:
    """The structures of one RTSTRUCT.

    Parameters
    ----------
    label : str
        StructureSetLabel.
    structures : tuple of Structure
    frame_uid, sop_instance_uid : str
    referenced_slice_uids : frozenset of str
        SOPInstanceUIDs of the CT slices that the set refers to.
    patient : Patient
    file : Path
    """

    label: str
    structures: tuple[Structure, ...]
    frame_uid: str
    sop_instance_uid: str
    referenced_slice_uids: frozenset[str]
    patient: Patient
    file: Path

    def names(self) -> tuple[str, ...]:
        """Names of all structures, in file order."""
        return tuple(structure.name for structure in self.structures)

    def find(self, name: str) -> Structure:
        """The structure of exactly that name.

        Raises
        ------
        CaseError
            If no structure, or more than one, has the name, or it has no contours.
        """
        found = [structure for structure in self.structures if structure.name == name]
        if len(found) != 1:
            raise CaseError(
                f"Structure '{name}'",
                f"{len(found) or 'no'} structures of that name in {self.file}",
                f"Use one of the names there: {_listed(self.names())}.",
                "exactly one",
            )
        if found[0].damage:
            raise CaseError(
                f"Structure '{name}'",
                f"{found[0].damage} in {self.file}",
                "Correct it in the planning system, or leave it out of the case.",
                interlock=Interlock.STRUCTURES_CONTOUR,
            )
        if not found[0].contours_mm:
            raise CaseError(
                f"Structure '{name}'",
                f"it has no contours in {self.file}",
                "Contour it in the planning system or leave it out of the case.",
            )
        return found[0]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "(none)"
