"""One registration by one of our engines, through the common Protocol.

``python registration_ours.py ENGINE-KIND FOLDER``, files and answer as in registration_worker.py; KIND is ``rigid`` or
``deformable``. ``python registration_ours.py list`` prints the engines that are there as JSON.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

TESTING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTING / "Python"))

import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402
from registration_clock import Clock  # noqa: E402
from registration_pairs import FIXED_FRAME, MOVING_FRAME, image  # noqa: E402
from ReirradiationLib.model.geometry import Geometry  # noqa: E402
from ReirradiationLib.model.image import Image  # noqa: E402
from ReirradiationLib.model.registration import EngineName, RegistrationKind  # noqa: E402
from ReirradiationLib.registration.engine import RegistrationEngine, RegistrationSettings  # noqa: E402


def engines() -> tuple[RegistrationEngine, ...]:
    """Those that can be used here."""
    if importlib.util.find_spec("ReirradiationLib.registration.engines") is None:
        return ()
    from ReirradiationLib.registration.engines import available_engines

    return tuple(available_engines())


def read(folder: Path, name: str, frame: str) -> Image:
    stored = sitk.ReadImage(str(folder / f"{name}.nrrd"), sitk.sitkFloat32)
    direction = tuple(tuple(row) for row in np.reshape(stored.GetDirection(), (3, 3)).tolist())
    grid = Geometry(stored.GetOrigin(), stored.GetSpacing(), direction, stored.GetSize())
    return image(sitk.GetArrayFromImage(stored), grid, frame, "phantom")


def run(method: str, folder: Path, clock: Clock) -> np.ndarray:
    name, kind = method.rsplit("-", 1)
    engine = next(each for each in engines() if each.name is EngineName(name))
    fixed, moving = read(folder, "fixed", FIXED_FRAME), read(folder, "moving", MOVING_FRAME)
    points = np.load(folder / "points.npy").reshape(-1, 3)
    settings = RegistrationSettings(RegistrationKind(kind))
    clock.start(engine.version())
    found = engine.register(fixed, moving, settings, lambda _: None, lambda: False)
    clock.stop()
    return found.transform.apply(points)


def main() -> None:
    if sys.argv[1] == "list":
        print(json.dumps([engine.name.value for engine in engines()]))
        return
    method, folder = sys.argv[1], Path(sys.argv[2])
    clock = Clock()
    np.save(folder / f"{method}.npy", run(method, folder, clock))
    print(json.dumps(clock.report()))


if __name__ == "__main__":
    main()
