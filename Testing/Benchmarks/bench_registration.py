"""Registration against named peers on the same pairs with known maps: time, memory, and how far off the map and a dose are.

Run by ``make bench``; prints Markdown. ``--quick`` takes one small pair; ``--pairs`` and ``--methods`` take some only, and
``--keep FOLDER`` keeps the pairs for the next run. Every registration runs alone, in a process of its own; peers in an
environment of their own (``.venv-peers-registration``), those that are not there are left out with a word.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TESTING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTING / "Python"))

import numpy as np  # noqa: E402
from registration_measures import Accuracy, accuracy, best_rigid  # noqa: E402
from registration_phantoms import PHANTOMS, with_neighbours, write_pair  # noqa: E402
from registration_sources import Source, abdomen_source, demo_source  # noqa: E402

HERE = Path(__file__).resolve().parent
PEERS_PYTHON = HERE.parent.parent / ".venv-peers-registration" / "bin" / "python"
LIMIT_S = 1200
FULL = ("equal", "contrast", "large")
PEERS = {
    "rigid": {
        "itk-elastix-rigid": "itk-elastix, default map",
        "ants-rigid": "antspyx Rigid",
        "plastimatch-rigid": "plastimatch rigid, mutual information",
        "simpleitk-textbook-rigid": "SimpleITK notebook 60",
    },
    "deformable": {
        "itk-elastix-bspline": "itk-elastix, default rigid and B-spline maps",
        "itk-elastix-bspline-16mm": "itk-elastix, the same without bending energy, 16 mm",
        "ants-synquick": "antspyx SyNQuick",
        "ants-syn": "antspyx SyN",
        "plastimatch-mi": "plastimatch B-spline, mutual information",
        "plastimatch-mse": "plastimatch B-spline, squares",
        "simpleitk-textbook-bspline": "SimpleITK notebooks 60 and 65 (B-spline)",
        "simpleitk-textbook-demons": "SimpleITK notebooks 60 and 66 (demons)",
    },
}
TOO_LONG_FOR_LARGE = ("ants-synquick", "ants-syn", "simpleitk-textbook-bspline", "simpleitk-textbook-demons")


@dataclass(frozen=True)
class Run:
    """What one process answered: its costs, and where it says the points go; or why there is nothing."""

    costs: dict[str, float | str]
    accuracy: Accuracy | None
    failure: str = ""


@dataclass(frozen=True, eq=False)
class Files:
    """A pair on disk and its truth."""

    folder: Path
    landmarks_mm: np.ndarray
    true_mm: np.ndarray


def main() -> None:
    options = arguments()
    print(f"# Registration on {os.cpu_count()} cores\n")
    print("TRE at 1500 random points of the body that both scans show: mean / 95th percentile / largest. Dose: one with a")
    print(
        "gradient of up to 1 Gy/mm carried over, mean / 99th percentile of |Δ|. Time: of the registration / of the process"
    )
    print("with imports and reading; the ratio is of the latter, to the fastest of ours. n = 1.")
    with tempfile.TemporaryDirectory() as temporary:
        for name in options.pairs or (("quick",) if options.quick else FULL):
            files = prepared(name, Path(options.keep or temporary) / name)
            print(f"\n## {PHANTOMS[name].title}")
            show_start(files)
            for kind in PEERS:
                report(name, kind, files, options.methods)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", nargs="*", choices=sorted(PHANTOMS), default=[])
    parser.add_argument("--methods", nargs="*", default=[], help="such as ants-syn, or elastix-deformable of ours")
    parser.add_argument("--keep", help="folder for the pairs, used again if it holds them")
    return parser.parse_args()


def prepared(name: str, folder: Path) -> Files:
    """The pair on disk, made unless it is there."""
    if not (folder / "truth.npy").exists():
        pair = PHANTOMS[name].pair(patient())
        write_pair(pair, folder)
        np.save(folder / "truth.npy", pair.landmarks_moving_mm)
    return Files(folder, np.load(folder / "points.npy")[0], np.load(folder / "truth.npy"))


def patient() -> Source:
    beside = TESTING.parents[1] / "shared" / "data"
    folder = Path(os.environ.get("REIRRADIATION_SHARED_DATA", beside)) / "10_totalseg_ct"
    if folder.exists():
        return abdomen_source(folder)
    print("\nTotalSegmentator's example CT is not here: the demo case's CT instead, which is half as long.")
    return demo_source()


def show_start(files: Files) -> None:
    rotation, shift = best_rigid(files.landmarks_mm, files.true_mm)
    points = with_neighbours(files.landmarks_mm)
    before, rigid = (accuracy(mapped, files.true_mm) for mapped in (points, points @ rotation.T + shift))
    print("\n| | TRE [mm] | folded [%] | dose [Gy] |\n|---|---|---|---|")
    print(f"| before | {before.cells()} |\n| best possible rigid | {rigid.cells()} |")


def report(pair: str, kind: str, files: Files, wanted: Iterable[str]) -> None:
    """One table: ours, then the peers; times as ratios to the fastest of ours."""
    own = {f"{name}-{kind}": f"ours, engine {name}" for name in our_engines()}
    peers = {} if not PEERS_PYTHON.exists() else PEERS[kind]
    chosen = {m: title for m, title in {**own, **peers}.items() if not wanted or m in wanted}
    if pair == "large":
        chosen = {m: title for m, title in chosen.items() if m not in TOO_LONG_FOR_LARGE}
    print(f"\n### {kind}\n")
    head = "wall s | ratio to ours | CPU s | peak MB | TRE mean / p95 / max [mm] | folded [%] | dose mean / P99 [Gy]"
    print(f"| | {head} |\n|---|" + "---|" * (head.count("|") + 1))
    runs = {}
    for method, title in chosen.items():
        runs[method] = run(method, method in own, files)
        fastest = min(
            (runs[m].costs["process_seconds"] for m in own if m in runs and runs[m].accuracy), default=float("nan")
        )
        print(line(title, runs[method], fastest), flush=True)
    if not PEERS_PYTHON.exists():
        print("| peers are not installed | | | | | | | |")


def line(title: str, run: Run, ours_s: float) -> str:
    if run.accuracy is None:
        return f"| {title} | {run.failure} | | | | | | |"
    c = run.costs
    seconds = f"{c['seconds']:.1f} / {c['process_seconds']:.1f}"
    cpu = f"{c['cpu_seconds']:.0f} / {c['process_cpu_seconds']:.0f}"
    ratio = f"{c['process_seconds'] / ours_s:.2f}" if np.isfinite(ours_s) else "–"
    return f"| {title} ({c['program']}) | {seconds} | {ratio} | {cpu} | {c['peak_mb']:.0f} | {run.accuracy.cells()} |"


def run(method: str, is_ours: bool, files: Files) -> Run:
    python, program = (sys.executable, "registration_ours.py") if is_ours else (str(PEERS_PYTHON), "registration_worker.py")
    command = [python, str(HERE / program), method, str(files.folder)]
    # A session of its own, so that what a method started ends with it.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        answer, said = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Run({}, None, f"stopped after {LIMIT_S} s")
    if process.returncode:
        last = (said.strip().splitlines() or ["nothing said"])[-1]
        return Run({}, None, f"failed with {process.returncode}: {last[:120].replace('|', '/')}")
    mapped = np.load(files.folder / f"{method}.npy").reshape(7, -1, 3)
    return Run(json.loads(answer.splitlines()[-1]), accuracy(mapped, files.true_mm))


def our_engines() -> list[str]:
    answer = subprocess.run(
        [sys.executable, str(HERE / "registration_ours.py"), "list"], capture_output=True, text=True, check=True
    )
    return json.loads(answer.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
