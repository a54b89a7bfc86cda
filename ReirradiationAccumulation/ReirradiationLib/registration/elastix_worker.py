"""The elastix run, in a process of its own: ``python elastix_worker.py FOLDER``.

It reads ``pair.npz`` of the folder and writes ``field.npz``. A process of its own can be stopped, gives its memory back,
and takes nothing with it if it crashes (itk-elastix 0.25 does with some parameters). It imports nothing of this package.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

PAIR_FILE = "pair.npz"
FIELD_FILE = "field.npz"
IMAGES = ("fixed", "moving", "fixed_mask", "moving_mask")


def main(folder: Path) -> None:
    """Register the pair of a folder and write the displacement field, in mm on the grid of the fixed image."""
    import itk

    pair = np.load(folder / PAIR_FILE)
    fixed, moving, fixed_mask, moving_mask = (_image(itk, pair[name], pair) for name in IMAGES)
    parameters = itk.ParameterObject.New()
    names = [str(name) for name in pair["names"]]
    values = [str(value).split() for value in pair["values"]]
    parameters.AddParameterMap(dict(zip(names, values, strict=True)))
    method = itk.ElastixRegistrationMethod.New(fixed, moving)
    method.SetFixedMask(fixed_mask)
    method.SetMovingMask(moving_mask)
    method.SetParameterObject(parameters)
    method.SetLogToConsole(False)
    method.UpdateLargestPossibleRegion()
    warp = itk.TransformixFilter.New(moving)
    warp.SetTransformParameterObject(method.GetTransformParameterObject())
    warp.SetComputeDeformationField(True)
    warp.SetOutputDirectory(str(folder))  # it writes the field as a file, too
    warp.UpdateLargestPossibleRegion()
    field = itk.array_from_image(warp.GetOutputDeformationField())
    np.savez(folder / FIELD_FILE, field=field.astype(np.float32))


def _image(itk: Any, voxels: Any, pair: Any) -> Any:
    image = itk.image_from_array(np.ascontiguousarray(voxels))
    image.SetOrigin(pair["origin"])
    image.SetSpacing(pair["spacing"])
    image.SetDirection(pair["direction"])
    return image


if __name__ == "__main__":
    main(Path(sys.argv[1]))
