"""The command line: ``reirradiation run CASE.json --output DIR`` and ``reirradiation records FOLDER…``."""

from __future__ import annotations

import argparse
import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from . import __version__
from .dicom.scan import scan
from .dicom.scan_json import scan_json
from .dicom.scan_text import scan_text
from .model.case_file import read_case
from .model.errors import Cancelled, ReirradiationError
from .mrml.pictures import OffscreenPictureMaker
from .mrml.scene_writer import MrbSceneWriter
from .report.evaluation import INTENDED_USE, Evaluation
from .workflow import Monitor, Progress, Services, run_case

EXIT_REFUSED = 1
EXIT_CANCELLED = 130
LONG_SCAN = 1000
"""Files after which progress is told."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 refused, 2 wrong usage, 130 cancelled."""
    parsed = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console of another code page must not fail a finished case
    logging.basicConfig(level=logging.INFO if parsed.verbose else logging.WARNING, format="%(levelname)s %(message)s")
    former = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(parsed.command(parsed))
    except ReirradiationError as error:
        print(f"reirradiation: {error}", file=sys.stderr)
        return EXIT_REFUSED
    except (Cancelled, KeyboardInterrupt):
        print("reirradiation: cancelled; nothing was written", file=sys.stderr)
        return EXIT_CANCELLED
    except BrokenPipeError:
        # Whoever read our output went away (as in "| head"); what is left in the buffer must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_CANCELLED
    finally:
        signal.signal(signal.SIGTERM, former)


def _run(parsed: argparse.Namespace) -> int:
    case = read_case(parsed.case)
    services = Services(OffscreenPictureMaker(), MrbSceneWriter())
    evaluation = run_case(case, parsed.output, services, Monitor(_print_progress), may_replace=parsed.replace)
    print(_summary(evaluation))
    print(f"\nWritten to {parsed.output}: open report.html in a browser, case.mrb in 3D Slicer.\n{INTENDED_USE}")
    return 0


def _records(parsed: argparse.Namespace) -> int:
    with nullcontext() if parsed.verbose else _quiet_pydicom():
        found = scan(parsed.folders, _print_scanned, headers_only=parsed.headers_only)
    print(scan_json(found) if parsed.json else scan_text(found), end="")
    return 0 if found.counts.used else EXIT_REFUSED


@contextmanager
def _quiet_pydicom() -> Iterator[None]:
    """Without pydicom's warnings of every odd value; the findings say what matters."""
    logger = logging.getLogger("pydicom")
    former = logger.propagate
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pydicom")
            yield
    finally:
        logger.propagate = former


def _interrupt(number: int, frame: object) -> None:
    """Let a request to terminate end like Ctrl-C, so that nothing half-written stays."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reirradiation", description=f"Dose accumulation for reirradiation. {INTENDED_USE}"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a case file: map, sum, evaluate, write")
    run.add_argument("case", type=Path, metavar="CASE.json", help="the case file, see docs/case-file.md")
    run.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make; appears when complete")
    run.add_argument("--replace", action="store_true", help="replace a former output of this program in DIR")
    run.add_argument("--verbose", action="store_true", help="log details")
    run.set_defaults(command=_run)
    records = commands.add_parser("records", help="list the courses in folders of DICOM files, and what is wrong with them")
    records.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="searched with everything below")
    records.add_argument("--json", action="store_true", help="print JSON instead of text, see docs/records.md")
    records.add_argument("--headers-only", action="store_true", help="read neither dose pixels nor contours")
    records.add_argument("--verbose", action="store_true", help="log details")
    records.set_defaults(command=_records)
    return parser


def _print_progress(progress: Progress) -> None:
    print(f"[{progress.step}/{progress.steps}] {progress.title}: {progress.detail}", flush=True)


def _print_scanned(done: int, total: int) -> None:
    """A word now and then on long scans, on stderr so that the listing can be piped."""
    if total > LONG_SCAN and done % LONG_SCAN == 0:
        print(f"{done} of {total} files", file=sys.stderr, flush=True)


def _summary(evaluation: Evaluation) -> str:
    lines = [
        "",
        f"{evaluation.case.title} – {evaluation.case.stage}",
        "",
        "Scorecard (EQD2; each limit on its own sum and α/β)",
    ]
    lines += _aligned(
        [["structure", "metric", "limit", "sum", "α/β [Gy]", "prior", "cumulative", "state"]]
        + [
            [
                *(s.structure, s.metric, f"{'≤' if s.sense == 'at_most' else '≥'} {s.limit:g}", s.basis),
                *(f"{s.alpha_beta_gy:g}", _number(s.prior), _number(s.cumulative)),
                f"{s.state}; {s.remark}" if s.remark else s.state,
            ]
            for s in evaluation.scorecard
        ]
    )
    findings = [f"  {f.subject}: {f.found} [{f.identifier}] {f.decision}".rstrip() for f in evaluation.findings]
    lines += ["", "Findings", *findings] if findings else []
    for organ in evaluation.optimization:
        lines += [
            "",
            f"Optimization structures of {organ.structure}: P {organ.prior_eqd2_gy:.2f}, R {organ.new_eqd2_gy:.2f}, "
            f"A {organ.limit_eqd2_gy:.2f} Gy EQD2 (α/β {organ.alpha_beta_gy:g} Gy, {organ.basis} sum); {organ.state}",
        ]
        header = ["name", "prior EQD2 from [Gy]", "limit EQD2 [Gy]", f"limit physical [Gy in {organ.fractions} fx]", "[cc]"]
        rows = [
            [
                *(shell.name, f"{shell.lower_eqd2_gy:.2f}", f"{shell.limit_eqd2_gy:.2f}"),
                *(f"{shell.limit_physical_gy:.2f}", f"{shell.volume_cc:.2f}"),
            ]
            for shell in organ.shells
        ]
        lines += _aligned([header, *rows]) if rows else []
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


if __name__ == "__main__":
    sys.exit(main())
