"""Closed loop, picture (pyRadPlan's environment, which has matplotlib): both doses with target, organ and shells."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib
import numpy as np
from independent import DoseGrid, Lattice, contours, read_dose, read_lattice, read_points

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

LEVELS_GY = (10.0, 15.0, 20.0, 25.0, 28.5)
SHELL_COLOURS = ("red", "orange", "yellow")
ORGAN_COLOUR, ORGAN_WIDTH, WIDTH = "white", 4.0, 1.8
"""The organ is drawn first and wide, since its shells cover it."""
AROUND_MM = 55.0
DOTS_PER_INCH = 80


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("name", nargs="?", default="standard")
    parsed = arguments.parse_args()
    task = json.loads((parsed.folder / "task.json").read_text())
    lattice, drawn = read_lattice(Path(task["ct"])), structures(task)
    middle_mm = middle(drawn[next(iter(task["limits_gy"]))], drawn[task["target"]])
    figure, axes = plt.subplots(2, 2, figsize=(10.5, 9.5), constrained_layout=True)
    for column, plan in enumerate(("without", "with")):
        dose = read_dose(parsed.folder / parsed.name / plan / "RTDOSE.dcm")
        shown = axial(axes[0, column], dose, middle_mm, drawn)
        sagittal(axes[1, column], dose, middle_mm, drawn, lattice)
        axes[0, column].set_title(f"{plan} the exported structures, axial")
        axes[1, column].set_title(f"{plan}, sagittal through the cord")
    figure.colorbar(shown, ax=axes, label=f"new plan, Gy in {task['fractions']} fractions", shrink=0.6)
    labels = {name: f"{name} ≤ {task['limits_gy'][name]:.2f} Gy" for name in task["limits_gy"]}
    lines = [Line2D([], [], color=colour, lw=2, label=labels.get(name, name)) for name, (*_, colour) in drawn.items()]
    figure.legend(handles=lines, loc="outside lower center", ncols=5, fontsize=9, facecolor="lightgrey")
    figure.savefig(parsed.folder / parsed.name / "closed_loop.png", dpi=DOTS_PER_INCH)


def middle(shell: tuple[Path, str, str], target: tuple[Path, str, str]) -> np.ndarray:
    """Of the plane to show: the middle one of those that both have, and there of the shell."""
    of_shell, of_target = (contours(*one[:2]) for one in (shell, target))
    heights_mm = sorted({float(one[0, 2]) for one in of_shell} & {float(one[0, 2]) for one in of_target})
    height_mm = heights_mm[len(heights_mm) // 2]
    return np.concatenate([one for one in of_shell if abs(one[0, 2] - height_mm) < 0.1]).mean(axis=0)


def structures(task: dict) -> dict[str, tuple[Path, str, str]]:
    """File, name and colour of what is drawn."""
    planned, exported = Path(task["structures"]), Path(task["optimization_structures"])
    drawn = {task["target"]: (planned, task["target"], "magenta"), task["organ"]: (planned, task["organ"], ORGAN_COLOUR)}
    shells = zip(task["limits_gy"], SHELL_COLOURS, strict=False)
    return drawn | {name: (exported, name, colour) for name, colour in shells}


def axial(axes: Axes, dose: DoseGrid, middle_mm: np.ndarray, drawn: dict):
    """Dose in the plane, with the contours as they stand in the files."""
    x, y = (middle_mm[n] + np.arange(-AROUND_MM, AROUND_MM, 0.5) for n in (0, 1))
    grid = np.stack([*np.meshgrid(x, y), np.full((len(y), len(x)), middle_mm[2])], axis=-1)
    shown = wash(axes, x, y, dose.at(grid.reshape(-1, 3)).reshape(grid.shape[:2]))
    for path, name, colour in drawn.values():
        for contour in contours(path, name):
            if abs(contour[0, 2] - middle_mm[2]) < 0.1:
                axes.fill(contour[:, 0], contour[:, 1], fill=False, ec=colour, lw=width(colour))
    axes.set_ylim(y[-1], y[0])
    return shown


def sagittal(axes: Axes, dose: DoseGrid, middle_mm: np.ndarray, drawn: dict, lattice: Lattice) -> None:
    """Dose in the plane, with outlines of the structures' voxels there."""
    y, z = (middle_mm[n] + np.arange(-AROUND_MM, AROUND_MM, 0.5) for n in (1, 2))
    grid = np.stack([np.full((len(z), len(y)), middle_mm[0]), *np.meshgrid(y, z)], axis=-1)
    wash(axes, y, z, dose.at(grid.reshape(-1, 3)).reshape(grid.shape[:2]))
    for path, name, colour in drawn.values():
        points_mm = read_points(path, name, lattice).at_mm
        cut = points_mm[np.abs(points_mm[:, 0] - middle_mm[0]) <= lattice.pixel_mm / 12.0]
        edges = [np.append(axis - 0.25, axis[-1] + 0.25)[::2] for axis in (z, y)]
        inside = np.histogram2d(cut[:, 2], cut[:, 1], bins=edges)[0] > 0
        centres = [(edge[1:] + edge[:-1]) / 2.0 for edge in edges]
        axes.contour(centres[1], centres[0], inside, levels=[0.5], colors=colour, linewidths=width(colour))


def width(colour: str) -> float:
    return ORGAN_WIDTH if colour == ORGAN_COLOUR else WIDTH


def wash(axes: Axes, across_mm: np.ndarray, along_mm: np.ndarray, dose_gy: np.ndarray):
    """Colours and isodose lines."""
    shown = axes.contourf(across_mm, along_mm, dose_gy, levels=np.arange(0.0, 35.0), cmap="viridis", extend="max")
    lines = axes.contour(across_mm, along_mm, dose_gy, levels=LEVELS_GY, colors="black", linewidths=0.7)
    axes.clabel(lines, fontsize=7, fmt="%g")
    axes.set_aspect("equal")
    axes.set_axis_off()
    return shown


if __name__ == "__main__":
    main()
