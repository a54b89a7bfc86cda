"""Names for the array types that the rooms hand to each other."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
"""Double precision: points, matrices, samples, sums."""

Float32Array: TypeAlias = NDArray[np.float32]
"""Single precision: stored voxels."""

BoolArray: TypeAlias = NDArray[np.bool_]
"""Masks."""
