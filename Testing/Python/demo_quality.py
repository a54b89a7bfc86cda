"""The demo case as a registration to be checked: its organs, and its exact map to measure errors by."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.bodies import body_of
from ReirradiationLib.dosimetry.occupancy import body_samples
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.structure import EndCaps
from ReirradiationLib.registration.contour_agreement import ContourPair
from ReirradiationLib.registration.course_check import OrganRegion
from ReirradiationLib.registration.engine import Box

SAMPLES = 3000


@lru_cache(maxsize=2)
def _parameters(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "truth" / "truth_params.npz") as stored:
        return dict(stored)


def to_current(folder: Path, prior_mm: np.ndarray) -> np.ndarray:
    """The exact map of the demo case, prior to current LPS mm."""
    truth = _parameters(folder)
    turned = (prior_mm - truth["c"] - truth["OFF"]) @ truth["A"].T + truth["c"]
    moved = turned.copy()
    for bump in truth["bumps"]:
        squared = np.sum((turned - bump[:3]) ** 2, axis=1)
        moved += bump[3:6] * np.exp(-0.5 * squared / bump[6] ** 2)[:, None]
    return moved


def to_prior(folder: Path, current_mm: np.ndarray) -> np.ndarray:
    """Its inverse, by fixed-point iteration to a micrometre."""
    turn = _parameters(folder)["A"]
    found = current_mm.copy()
    for _ in range(200):
        miss = current_mm - to_current(folder, found)
        found = found + miss @ turn
        if np.abs(miss).max() < 1e-6:
            return found
    raise AssertionError("the map of the demo case was not inverted")


def organs_of(folder: Path, current: Image, prior: Image, with_contours: bool = False) -> tuple[OrganRegion, ...]:
    """Every organ contoured on the current CT, with the prior contours of the same name if asked for."""
    earlier = {structure.name: structure for structure in read_structures(folder / "course1" / "RS.dcm").structures}
    organs = []
    for structure in read_structures(folder / "course2" / "RS.dcm").structures:
        if not structure.contours_mm:
            continue
        body = body_of(structure, current.geometry, EndCaps.HALF_SLICE, SAMPLES)
        pair = None
        if with_contours and structure.name in earlier:
            there = body_of(earlier[structure.name], prior.geometry, EndCaps.HALF_SLICE, SAMPLES)
            corners = body.corners_mm()
            pair = ContourPair(body.contains, there.contains, Box(tuple(corners.min(axis=0)), tuple(corners.max(axis=0))))
        organs.append(OrganRegion(structure.name, body_samples(body).points_mm, pair))
    return tuple(organs)
