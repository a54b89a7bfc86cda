"""EQD2 volumes for display: single precision, in place, block by block; and what the composite volume means, in words.

No metric is taken from them: structures are evaluated by their own samples (:mod:`.accumulation`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..model.arrays import BoolArray, Float32Array, FloatArray
from ..model.dose_response import EQD2_BY_LQ
from ..model.errors import DosimetryError
from .mapping import MappedDose
from .radiobiology import ResponseCurve, response_curve

Scalar = TypeVar("Scalar", np.float32, np.bool_)

BLOCK = 1 << 18
"""Voxels that are worked on at a time: a block of each dose and of the sum stay in the processor's cache."""

SPAN = 2 * BLOCK
"""Voxels that a thread takes at a time."""

WORTH_A_THREAD = 1 << 22
"""Voxels for which starting a thread pays."""

MOST_THREADS = 4
"""More do not help: the memory is the limit."""

LARGEST_ERROR_GY = 1e-4
"""What the arithmetic may change an EQD2 by. Above 1600 Gy EQD2 the rounding of single precision itself is more."""

SINGLE_ROUNDING = 2.0**-24
"""Largest relative error of one rounding to single precision."""

COMMENT_LENGTH = 64
"""Letters that a DICOM comment (LO) holds."""


def composite_rule(alpha_betas_gy: Iterable[float], default_alpha_beta_gy: float) -> str:
    """What the voxels of a composite volume are, with the α/β that were used."""
    used = _listed(alpha_betas_gy, ", ")
    return (
        "Composite EQD2 volume, for display only: raw sum; per voxel the highest EQD2 of the structures that hold it"
        f"{f' (α/β {used} Gy)' if used else ''}; tissue in no structure with α/β {default_alpha_beta_gy:g} Gy; "
        "a course counts as 0 Gy where its dose is not known. No metric is taken from it."
    )


def composite_comment(alpha_betas_gy: Iterable[float], default_alpha_beta_gy: float) -> str:
    """The same in the 64 ASCII letters of a DICOM comment; the list of α/β is left out where it does not fit."""
    used = _listed(alpha_betas_gy, "/")
    listed = f"EQD2 raw, display only; max over a/b {used}; else {default_alpha_beta_gy:g} Gy"
    if used and len(listed) <= COMMENT_LENGTH:
        return listed
    return f"EQD2 raw, display only; max over organs' own a/b; else {default_alpha_beta_gy:g}"


def eqd2_volume(doses: Sequence[MappedDose], fractions: Sequence[int], alpha_beta_gy: float) -> Float32Array:
    """Voxelwise raw sum of EQD2 with one α/β.

    Single precision where its error is proven to stay below :data:`LARGEST_ERROR_GY`, double precision in blocks of higher
    dose.

    Parameters
    ----------
    doses, fractions : sequences, one entry per course
    alpha_beta_gy : float

    Returns
    -------
    array, shape (nk, nj, ni)

    Raises
    ------
    DosimetryError
        If the doses are on different grids.
    """
    total = np.empty(doses[0].voxels_gy.shape, dtype=np.float32)
    curves = _curves(fractions, alpha_beta_gy)
    voxels = _flattened([dose.voxels_gy for dose in doses], doses)
    flat = total.reshape(-1)

    def fill(first: int, last: int) -> None:
        scratch = np.empty(BLOCK if len(voxels) > 1 else 0, dtype=np.float32)
        for start in range(first, last, BLOCK):
            span = slice(start, min(start + BLOCK, last))
            _fill(flat[span], [course[span] for course in voxels], curves, scratch)

    _in_parallel(fill, flat.size)
    return total


def composite_volume(
    doses: Sequence[MappedDose],
    fractions: Sequence[int],
    masks: Mapping[float, BoolArray],
    default_alpha_beta_gy: float,
) -> Float32Array:
    """Raw EQD2 sum for display, never for metrics; :func:`composite_rule` says what it holds.

    Parameters
    ----------
    doses, fractions : sequences, one entry per course
    masks : mapping of α/β to array of bool, shape (nk, nj, ni)
        Union of the structures that have this α/β.
    default_alpha_beta_gy : float

    Returns
    -------
    array, shape (nk, nj, ni)

    Raises
    ------
    DosimetryError
        If the doses or masks are on different grids.
    """
    total = eqd2_volume(doses, fractions, default_alpha_beta_gy)
    voxels = _flattened([dose.voxels_gy for dose in doses], doses)
    held = _flattened(list(masks.values()), doses)
    flat = total.reshape(-1)
    for mask in held:
        np.copyto(flat, 0.0, where=mask)
    for alpha_beta_gy, mask in zip(masks, held, strict=True):
        _raise_within(flat, mask, voxels, _curves(fractions, alpha_beta_gy))
    return total


def _raise_within(
    total: Float32Array, mask: BoolArray, voxels: Sequence[Float32Array], curves: Sequence[ResponseCurve]
) -> None:
    """Raise the total to the EQD2 of one α/β where the mask holds; nothing is computed elsewhere."""

    def fill(first: int, last: int) -> None:
        for start in range(first, last, BLOCK):
            inside = np.flatnonzero(mask[start : min(start + BLOCK, last)])
            if inside.size:
                inside += start
                eqd2_gy = _sum([course[inside] for course in voxels], curves).astype(np.float32)
                total[inside] = np.maximum(total[inside], eqd2_gy)

    _in_parallel(fill, total.size)


def _in_parallel(fill: Callable[[int, int], None], size: int) -> None:
    """Fill spans in threads, for numpy works outside the interpreter's lock; the spans are the same on every machine."""
    threads = min(MOST_THREADS, os.cpu_count() or 1, size // WORTH_A_THREAD)
    if threads < 2:
        fill(0, size)
        return
    starts = range(0, size, SPAN)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, starts, (min(start + SPAN, size) for start in starts)))


def _flattened(arrays: Sequence[NDArray[Scalar]], doses: Sequence[MappedDose]) -> list[NDArray[Scalar]]:
    """Arrays on the grid of the doses as rows of voxels; on another grid they would meet the wrong voxels."""
    shape = doses[0].voxels_gy.shape
    for array in arrays:
        if array.shape != shape:
            found = f"voxels of shape {array.shape} beside {shape}"
            raise DosimetryError("EQD2 volume", found, "Map all doses and masks onto one grid.", "one grid")
    return [array.reshape(-1) for array in arrays]


def _curves(fractions: Sequence[int], alpha_beta_gy: float) -> list[ResponseCurve]:
    return [response_curve(EQD2_BY_LQ, count, alpha_beta_gy) for count in fractions]


def _sum(parts: Sequence[Float32Array], curves: Sequence[ResponseCurve]) -> FloatArray:
    """Sum in double precision, shape (n,)."""
    total = np.zeros(parts[0].size)
    for part, curve in zip(parts, curves, strict=True):
        curve.add_to(total, part)
    return total


def _fill(
    block: Float32Array, parts: Sequence[Float32Array], curves: Sequence[ResponseCurve], scratch: Float32Array
) -> None:
    """EQD2 of one block of voxels: none, in single precision, or in double precision where that is needed."""
    highest_gy = [float(np.maximum.reduce(part)) for part in parts]
    if all(dose <= 0.0 for dose in highest_gy):
        block[:] = 0.0
    elif _single_precision_error_gy(curves, highest_gy) > LARGEST_ERROR_GY:
        block[:] = _sum(parts, curves)
    else:
        for n, (part, curve) in enumerate(zip(parts, curves, strict=True)):
            response = block if n == 0 else scratch[: block.size]
            np.multiply(part, curve.quadratic_per_gy, response)
            np.add(response, curve.linear, response)
            np.multiply(response, part, response)
            if n > 0:
                np.add(block, response, block)


def _single_precision_error_gy(curves: Sequence[ResponseCurve], highest_gy: Sequence[float]) -> float:
    """Bound on the error of a block summed in single precision, given the highest dose of each course in it.

    A course's EQD2 is rounded four times at most (constants, product, sum, product), and once more with each course that
    is added; all terms are positive, so relative errors do not grow in sums. The 1 % covers products of errors.
    """
    parabolas = zip(curves, highest_gy, strict=True)
    eqd2_gy = sum(dose * (curve.linear + curve.quadratic_per_gy * dose) for curve, dose in parabolas)
    return 1.01 * (3 + len(curves)) * SINGLE_ROUNDING * eqd2_gy


def _listed(alpha_betas_gy: Iterable[float], separator: str) -> str:
    return separator.join(f"{value:g}" for value in sorted(set(alpha_betas_gy)))
