"""One registration by a peer, in whatever environment has it; imports nothing of the library.

``python registration_worker.py METHOD FOLDER`` reads ``fixed.nrrd``, ``moving.nrrd`` and ``points.npy`` (fixed LPS mm) of
the folder, writes where the points go to ``METHOD.npy`` and prints JSON. Every method is used as its documentation shows
it: default parameters, no tuning to the phantom.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from registration_clock import Clock


def elastix(*maps: str, bending: bool = True, spacing_mm: float = 10.0) -> Callable[[Path, Clock], object]:
    """itk-elastix with its default parameter maps; the one of B-splines has bending energy and 10 mm between knots."""

    def run(folder: Path, clock: Clock) -> object:
        import itk
        import numpy as np

        fixed, moving = (itk.imread(str(folder / f"{name}.nrrd"), itk.F) for name in ("fixed", "moving"))
        parameters = itk.ParameterObject.New()
        for name in maps:
            chosen = parameters.GetDefaultParameterMap(name, 4, spacing_mm)
            if name == "bspline" and not bending:
                chosen["Registration"], chosen["Metric"] = (
                    ["MultiResolutionRegistration"],
                    ["AdvancedMattesMutualInformation"],
                )
            parameters.AddParameterMap(chosen)
        clock.start(f"itk-elastix {version('itk-elastix')}")
        _, found = itk.elastix_registration_method(fixed, moving, parameter_object=parameters, log_to_console=False)
        clock.stop()
        points = np.load(folder / "points.npy").reshape(-1, 3)
        table = folder / "elastix_points.txt"
        lines = "\n".join(" ".join(f"{v:.9g}" for v in point) for point in points)
        table.write_text(f"point\n{len(points)}\n{lines}\n")
        itk.transformix_pointset(moving, found, fixed_point_set_file_name=str(table), output_directory=str(folder))
        answers = (folder / "outputpoints.txt").read_text().splitlines()
        return np.array([[float(v) for v in line.split("OutputPoint = [")[1].split("]")[0].split()] for line in answers])

    return run


def ants(kind: str) -> Callable[[Path, Clock], object]:
    """antspyx, ``ants.registration`` with a named transform."""

    def run(folder: Path, clock: Clock) -> object:
        import ants
        import numpy as np
        import pandas as pd

        fixed, moving = (ants.image_read(str(folder / f"{name}.nrrd")) for name in ("fixed", "moving"))
        clock.start(f"antspyx {version('antspyx')}")
        found = ants.registration(fixed, moving, type_of_transform=kind)
        clock.stop()
        points = pd.DataFrame(np.load(folder / "points.npy").reshape(-1, 3), columns=["x", "y", "z"])
        # The transforms that pull the moving image back are those that take fixed points to moving ones.
        mapped = ants.apply_transforms_to_points(3, points, found["fwdtransforms"])
        return mapped[["x", "y", "z"]].to_numpy()

    return run


def plastimatch(*stages: str) -> Callable[[Path, Clock], object]:
    """``plastimatch register``: the vector field that it writes, in LPS, from fixed to moving."""

    def run(folder: Path, clock: Clock) -> object:
        import shutil
        import subprocess

        program = shutil.which("plastimatch", path=str(Path(sys.executable).parent)) or "plastimatch"
        files = f"[GLOBAL]\nfixed={folder}/fixed.nrrd\nmoving={folder}/moving.nrrd\nvf_out={folder}/plastimatch.mha\n"
        (folder / "plastimatch.txt").write_text("\n".join([files, *stages]))
        clock.start(f"plastimatch {version('plastimatch')}")
        subprocess.run([program, "register", str(folder / "plastimatch.txt")], check=True, stdout=subprocess.DEVNULL)
        clock.stop()
        import SimpleITK as sitk

        return through_field(sitk.ReadImage(str(folder / "plastimatch.mha"), sitk.sitkVectorFloat64), folder)

    return run


def simpleitk(then: str = "") -> Callable[[Path, Clock], object]:
    """Rigid by mutual information as in SimpleITK's notebook 60, then B-splines (65) or demons (66) as they show it."""

    def run(folder: Path, clock: Clock) -> object:
        import registration_textbook
        import SimpleITK as sitk

        fixed, moving = (sitk.ReadImage(str(folder / f"{name}.nrrd"), sitk.sitkFloat32) for name in ("fixed", "moving"))
        clock.start(f"SimpleITK {version('SimpleITK')}")
        rigid = registration_textbook.rigid(fixed, moving)
        steps = [rigid]
        if then:
            aligned = sitk.Resample(moving, fixed, rigid, sitk.sitkLinear, -1000.0)
            steps.append(getattr(registration_textbook, then)(fixed, aligned))
        clock.stop()
        return through(sitk.CompositeTransform(steps), folder)

    return run


def through(transform: object, folder: Path) -> object:
    import numpy as np

    points = np.load(folder / "points.npy").reshape(-1, 3)
    return np.array([transform.TransformPoint(point.tolist()) for point in points])


def through_field(field: object, folder: Path) -> object:
    import SimpleITK as sitk

    return through(sitk.DisplacementFieldTransform(field), folder)


def version(package: str) -> str:
    from importlib.metadata import version as installed

    return installed(package)


RIGID_STAGE = """[STAGE]
xform=align_center

[STAGE]
xform=rigid
optim=versor
metric=mi
max_its=300
max_step=0.02
min_step=0.0005
res=4 4 2
"""
"""With its own largest step the first one turns by 40°, 'too few samples' ends the stage, and the program carries on."""


def spline_stages(metric: str) -> list[str]:
    """Grids of 40 and 20 mm, 50 iterations each, on every second voxel.

    With more stages or finer sampling the field runs off (to 1e9 mm and more) in slices that leave the moving scan: its
    metrics only count voxels that stay inside.
    """
    stage = f"[STAGE]\nxform=bspline\noptim=lbfgsb\nimpl=plastimatch\nmetric={metric}\nmax_its=50\nres=2 2 2\n"
    return [f"{stage}grid_spac={mm} {mm} {mm}\n" for mm in (40, 20)]


METHODS: Mapping[str, Callable[[Path, Clock], object]] = {
    "itk-elastix-rigid": elastix("rigid"),
    "itk-elastix-bspline": elastix("rigid", "bspline"),
    "itk-elastix-bspline-16mm": elastix("rigid", "bspline", bending=False, spacing_mm=16.0),
    "ants-rigid": ants("Rigid"),
    "ants-synquick": ants("antsRegistrationSyNQuick[s]"),
    "ants-syn": ants("SyN"),
    "plastimatch-rigid": plastimatch(RIGID_STAGE),
    "plastimatch-mi": plastimatch(RIGID_STAGE, *spline_stages("mi")),
    "plastimatch-mse": plastimatch(RIGID_STAGE, *spline_stages("mse")),
    "simpleitk-textbook-rigid": simpleitk(),
    "simpleitk-textbook-bspline": simpleitk("bspline"),
    "simpleitk-textbook-demons": simpleitk("demons"),
}


def main() -> None:
    import numpy as np

    method, folder = sys.argv[1], Path(sys.argv[2])
    clock = Clock()
    mapped = METHODS[method](folder, clock)
    np.save(folder / f"{method}.npy", mapped)
    print(json.dumps(clock.report()))


if __name__ == "__main__":
    main()
