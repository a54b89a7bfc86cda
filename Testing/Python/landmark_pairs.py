"""Landmark pairs for tests."""

from __future__ import annotations

import numpy as np
from ReirradiationLib.registration.landmark_table import LandmarkPairs


def pairs_of(current_mm: np.ndarray, prior_mm: np.ndarray) -> LandmarkPairs:
    return LandmarkPairs(tuple(f"P{n}" for n in range(len(current_mm))), current_mm, prior_mm, "points.csv")
