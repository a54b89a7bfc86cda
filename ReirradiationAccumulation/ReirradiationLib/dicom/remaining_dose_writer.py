"""Writing the remaining physical dose as RTDOSE, so that nobody can take it for a dose that was or will be given.

DoseType is EFFECTIVE: it went through a model of biological effect (PS3.3 C.8.8.3 and DICOM correction proposal 2379), and
no reader may add an EFFECTIVE dose to physical ones; see docs/decisions/0013-remaining-dose.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..model.arrays import Float32Array
from ..model.errors import OutputError
from ..model.geometry import Geometry
from ..model.image import Image
from ..model.interlock import Interlock
from .dose_writer import BITS, ContributingDose, Derivation, PlanReference, add_derivation, dose_object
from .writing import limited, save_object

REMAINING_SERIES_NUMBER = 904
DERIVATION_LENGTH = 1024
"""Characters of DerivationDescription (ST)."""

COMMENTS_LENGTH = 10240
"""Characters of ImageComments (LT)."""

WHERE_LIMITS_ARE = "All limits: see Image Comments (0020,4000)."

_SPELT_OUT = {"α/β": "alpha/beta", "≥": ">=", "≤": "<=", "–": "-", "−": "-", "…": "..."}


def write_remaining_dose(
    path: Path,
    voxels_gy: Float32Array,
    geometry: Geometry,
    reference: Image,
    plans: Sequence[PlanReference],
    contributions: Sequence[ContributingDose],
    new: tuple[int, float],
    rule: str,
    limits: Sequence[str],
    bits: int = BITS,
) -> str:
    """Write the remaining physical dose in the frame of reference of the current CT.

    What it means stands in the file: SeriesDescription and DoseComment in short, DerivationDescription the rule, and
    ImageComments the rule with every limit. A text that does not fit is refused, not cut: a limit without its basis, α/β
    and source must not leave the house.

    Parameters
    ----------
    path : Path
        A new file.
    voxels_gy : array, shape (nk, nj, ni)
        Physical dose in Gy of all fractions of the new course.
    geometry : Geometry
        LPS grid of the voxels, parallel to the CT's.
    reference : Image
        The original current CT.
    plans : sequence of PlanReference
        Those of the prior courses.
    contributions : sequence of ContributingDose
        Their doses.
    new : tuple of (int, float)
        Fractions of the new course, and the ceiling in Gy.
    rule : str
        What the voxels mean.
    limits : sequence of str
        One line per limit: structure, limit, basis, α/β, metric and source.
    bits : int
        32, or 16 for a copy that validators can read.

    Returns
    -------
    str
        SOPInstanceUID.

    Raises
    ------
    OutputError
        If no plan is there to refer to, nothing is left anywhere, a text does not fit, or it cannot be written.
    """
    fractions, ceiling_gy = new
    if not voxels_gy.any():
        found = "no dose is left anywhere on the grid"
        raise OutputError(path.name, found, "Leave the remaining dose out.", interlock=Interlock.EXPORT_DOSE_GRID)
    description = f"REMAINING dose, {fractions} fx: allowed, NOT delivered"
    comment = f"NOT DELIVERED: Gy allowed in {fractions} fx; unknown = 0; cap {ceiling_gy:g}"
    dataset = dose_object(path, voxels_gy, reference, geometry, plans, (description, comment), REMAINING_SERIES_NUMBER, bits)
    dataset.DoseType = "EFFECTIVE"
    dataset.DoseSummationType = "MULTI_PLAN" if len(plans) > 1 else "PLAN"
    dataset.DerivationDescription = _fitting(path, f"{rule} {WHERE_LIMITS_ARE}", DERIVATION_LENGTH)
    dataset.ImageComments = _fitting(path, "\r\n".join([rule, *limits]), COMMENTS_LENGTH)
    add_derivation(dataset, contributions, [Derivation.PRIOR, Derivation.RADIOBIOLOGY])
    return save_object(dataset, path)


def _fitting(path: Path, text: str, length: int) -> str:
    for letters, spelt in _SPELT_OUT.items():
        text = text.replace(letters, spelt)
    if len(text) > length:
        found = f"a text of {len(text)} characters, where {length} fit"
        raise OutputError(path.name, found, "Shorten the sources of the limits, or leave the remaining dose out.")
    return limited(text, length)
