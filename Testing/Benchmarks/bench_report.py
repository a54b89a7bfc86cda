"""The report of the demo case: what each form costs, beside named peers where there are any; ratios count.

Prints Markdown. Dose pictures are drawn by matplotlib too (same slices, same levels, without outlines), pages are printed by
Chromium too. Beside the times stand sizes, and whether the numbers on the printed pages are those of ``evaluation.json``.
"""

from __future__ import annotations

import importlib.util
import io
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.scene import Orientation, PictureRequest
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.csv_tables import csv_tables
from ReirradiationLib.report.evaluation import Evaluation, evaluation_json
from ReirradiationLib.report.html import report_html
from ReirradiationLib.report.pdf import report_pdf
from ReirradiationLib.report.pictures import draw_pictures
from ReirradiationLib.report.registration_pictures import draw_registration_pictures
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.workflow import compute
from ReirradiationLib.write_outputs import scene_content

DEMO = Path(__file__).resolve().parent.parent / "Data" / "demo_case" / "case.json"
ROUNDS = 3
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--no-pdf-header-footer",
)


@dataclass(frozen=True)
class Row:
    what: str
    seconds: float
    size: str
    peer: str


def best(work: Callable[[], object]) -> float:
    """The best of some rounds: machines are shared."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


class Recorder:
    """Draws, and keeps what was asked for."""

    def __init__(self) -> None:
        self.maker = OffscreenPictureMaker()
        self.requests: list[PictureRequest] = []

    def unavailable_because(self) -> str | None:
        return self.maker.unavailable_because()

    def draw_all(self, requests, width: int, height: int) -> tuple[bytes, ...]:
        self.requests += requests
        return self.maker.draw_all(requests, width, height)


def by_matplotlib(request: PictureRequest, pixels: int = 480) -> bytes:
    """CT, dose wash and isodoses of the same slice, as a physicist with a notebook draws them."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from scipy.ndimage import map_coordinates

    across = {Orientation.AXIAL: (0, 1), Orientation.SAGITTAL: (1, 2), Orientation.CORONAL: (0, 2)}[request.orientation]
    ramp = (np.arange(pixels) - pixels / 2) * (150.0 / pixels)
    points = np.tile(np.asarray(request.point_mm), (pixels, pixels, 1))
    points[..., across[0]] += ramp[None, :]
    points[..., across[1]] += ramp[:, None]
    planes = []
    for volume, geometry in (
        (request.image.voxels_hu, request.image.geometry),
        (request.dose.voxels_gy, request.dose.geometry),
    ):
        index = geometry.to_index(points.reshape(-1, 3))[:, ::-1].T
        planes.append(map_coordinates(volume, index, order=1, cval=float(volume.min())).reshape(pixels, pixels))
    figure = pyplot.figure(figsize=(4.8, 4.8), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(planes[0], cmap="gray", vmin=-160, vmax=240)
    axes.imshow(
        np.ma.masked_less(planes[1], 0.1 * request.maximum_gy), cmap="inferno", alpha=0.4, vmin=0, vmax=request.maximum_gy
    )
    axes.contour(planes[1], levels=[level for level in request.isodoses_gy if level < planes[1].max()] or [0.0])
    stream = io.BytesIO()
    figure.savefig(stream, format="jpeg")
    pyplot.close(figure)
    return stream.getvalue()


def printed_by_chromium(html: str) -> float | None:
    """Seconds, or None where it is not installed."""
    program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        page.write_text(html, encoding="utf-8")
        command = [
            program,
            *QUIET,
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={folder}/report.pdf",
            page.as_uri(),
        ]
        return best(lambda: subprocess.run(command, capture_output=True, check=True, timeout=120))


def kilobytes(size: int) -> str:
    return f"{size / 1000:.0f} kB"


def scorecard_on_paper(evaluation: Evaluation, pdf: bytes) -> str:
    """How many values of the scorecard are on the printed pages, to two decimals."""
    if importlib.util.find_spec("pypdfium2") is None:
        return "not read back (pypdfium2 is not installed)"
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    numbers = set(re.findall(r"-?\d+\.\d\d(?!\d)", text))
    values = [v for s in evaluation.scorecard for v in (s.prior, s.new, s.cumulative, s.margin) if v is not None]
    found = sum(f"{value:.2f}" in numbers for value in values)
    return f"{len(document)} pages; {found} of {len(values)} values of the scorecard are on them"


def rows(results: CaseResults) -> list[Row]:
    evaluation = assemble(results)
    content, recorder = scene_content(results), Recorder()
    drawn = draw_pictures(results, content, recorder, lambda text: None)
    registrations = draw_registration_pictures(results, recorder.maker, lambda text: None)
    requests = list(recorder.requests)
    html = report_html(evaluation, drawn, registrations)
    pdf = report_pdf(html)
    doses = best(lambda: draw_pictures(results, content, recorder.maker, lambda text: None))
    peer = "matplotlib is not installed"
    if importlib.util.find_spec("matplotlib"):
        seconds = best(lambda: [by_matplotlib(request) for request in requests])
        peer = f"matplotlib {seconds:.2f} s: {seconds / doses:.1f}×"
    printed = best(lambda: report_pdf(html)) if pdf.pdf else float("nan")
    browser = printed_by_chromium(html)
    page = f"Chromium {browser:.2f} s: {browser / printed:.1f}×" if browser else "Chromium is not installed"
    size = sum(len(picture.data) for picture in drawn.pictures)
    text = evaluation_json(evaluation)
    return [
        Row("assemble, hashes of all inputs", best(lambda: assemble(results)), f"{len(evaluation.inputs)} files", "–"),
        Row(f"{len(drawn.pictures)} dose pictures", doses, kilobytes(size), peer),
        Row(
            "registration pictures",
            best(lambda: draw_registration_pictures(results, recorder.maker, lambda text: None)),
            f"{sum(len(organ.pictures) for organ in registrations.organs)} pictures",
            "–",
        ),
        Row("report.html", best(lambda: report_html(evaluation, drawn, registrations)), kilobytes(len(html)), "–"),
        Row("report.pdf", printed, kilobytes(len(pdf.pdf or b"")), page),
        Row("evaluation.json", best(lambda: evaluation_json(evaluation)), kilobytes(len(text.encode())), "–"),
        Row("tables", best(lambda: csv_tables(evaluation)), f"{len(csv_tables(evaluation))} tables", "–"),
        Row("(printed pages)", 0.0, scorecard_on_paper(evaluation, pdf.pdf) if pdf.pdf else pdf.missing, "–"),
    ]


def main() -> None:
    start = time.perf_counter()
    results = compute(read_case(DEMO), Monitor())
    computed = time.perf_counter() - start
    table = rows(results)
    total = sum(row.seconds for row in table)
    print(f"## The report of the demo case on {os.cpu_count()} cores\n")
    print(f"Computing the case: {computed:.1f} s. The report: {total:.1f} s (best of {ROUNDS} rounds).\n")
    print("| form | s | size | peer |\n|---|---|---|---|")
    for row in table:
        print(f"| {row.what} | {row.seconds:.2f} | {row.size} | {row.peer} |")


if __name__ == "__main__":
    main()
