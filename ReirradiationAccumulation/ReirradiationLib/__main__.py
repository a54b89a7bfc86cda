"""The command line: ``reirradiation records``, ``run``, ``register``, ``validate`` and more."""

from __future__ import annotations

import argparse
import io
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, commands, commands_protocol, commands_verify, commands_worksheet
from .commands import EXIT_REFUSED
from .commands_note import add_note_command
from .model.case_notes import Task
from .model.errors import Cancelled, ReirradiationError
from .report.evaluation import INTENDED_USE

EXIT_CANCELLED = 130


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
        if former is not None:  # within an application that handles it outside of Python
            signal.signal(signal.SIGTERM, former)


def _interrupt(number: int, frame: object) -> None:
    """Let a request to terminate end like Ctrl-C, so that nothing half-written stays."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reirradiation", description=f"Dose accumulation for reirradiation. {INTENDED_USE}"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    added = parser.add_subparsers(required=True, metavar="COMMAND")

    records = added.add_parser("records", help="list the courses in folders of DICOM files, and what is wrong with them")
    records.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="searched with everything below")
    records.add_argument("--json", action="store_true", help="print JSON instead of text, see docs/records.md")
    records.add_argument("--headers-only", action="store_true", help="read neither dose pixels nor contours")
    records.add_argument("--draft", type=Path, metavar="CASE.json", help="also write a draft of a case file to complete")
    records.add_argument(
        "--new-course", type=int, metavar="N", help="number of the new course, for --draft; else the latest"
    )
    records.set_defaults(command=commands.records)

    run = added.add_parser("run", help="run a case file: map, sum, evaluate, write")
    run.add_argument("case", type=Path, metavar="CASE.json", help="the case file, see docs/case-file.md")
    run.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make; appears when complete")
    run.add_argument("--replace", action="store_true", help="replace a former output of this program in DIR")
    run.add_argument(
        "--stage",
        choices=[task.value for task in Task],
        default=Task.SUM.value,
        help="the last task to do; as far as it goes",
    )
    run.add_argument(
        "--anonymous", action="store_true", help="write the report alone, without identifiers, to be given away"
    )
    run.set_defaults(command=commands.run)

    note = added.add_parser("note", help="write free texts of the report, or who finished a task, into a case file")
    add_note_command(note)

    register = added.add_parser("register", help="register and judge the courses of a case, and draw what must be looked at")
    register.add_argument("case", type=Path, metavar="CASE.json", help="the case file; registrations need no sign-off here")
    register.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make; appears when complete")
    register.add_argument("--replace", action="store_true", help="replace a former output of this command in DIR")
    register.set_defaults(command=commands.register)

    engines = added.add_parser("engines", help="list the registration engines that can be used here, and why others cannot")
    engines.set_defaults(command=commands.engines)

    validate = added.add_parser("validate", help="check an RTSTRUCT, RTDOSE or REG against what planning systems take")
    validate.add_argument("file", type=Path, metavar="FILE", help="the DICOM file, of any origin")
    validate.add_argument("--ct", type=Path, metavar="FOLDER", help="the planning CT that it should belong to")
    validate.add_argument("--against", type=Path, metavar="FILE", help="another RTSTRUCT: the set before or after an import")
    validate.set_defaults(command=commands.validate)

    worksheet = added.add_parser("worksheet", help="what is left for organs, from a table of doses; no DICOM is needed")
    worksheet.add_argument("table", type=Path, metavar="TABLE.csv", help="one row per organ and prior course")
    worksheet.add_argument("--fractions", type=int, required=True, metavar="N", help="of the new course")
    worksheet.add_argument("--prescription", type=float, metavar="GY", help="physical dose of the new course")
    worksheet.add_argument("--date", metavar="YYYY-MM-DD", help="day of the new course, to which intervals are counted")
    worksheet.add_argument("--output", type=Path, metavar="OUT.csv", help="write the table with results; a new file")
    worksheet.set_defaults(command=commands_worksheet.worksheet)

    verify = added.add_parser("verify", help="make a former output again from its inputs, and name what is not the same")
    verify.add_argument("folder", type=Path, metavar="DIR", help="an output of 'run'; it is not changed")
    verify.add_argument("--case", type=Path, metavar="CASE.json", help="where the case is, if elsewhere than then")
    verify.set_defaults(command=commands_verify.verify)

    schema = added.add_parser("schema", help="print the JSON Schema of evaluation.json")
    schema.set_defaults(command=commands_verify.schema)

    interlocks = added.add_parser("interlocks", help="print the catalogue of everything that is noticed, as Markdown")
    interlocks.set_defaults(command=commands.interlocks)

    protocol = added.add_parser("protocol", help="check the protocol tables of a folder and print them")
    protocol.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="the tables; if left out the shipped ones")
    protocol.set_defaults(command=commands_protocol.protocol)

    names = added.add_parser("names", help="show what the names in an RTSTRUCT propose: tissue, organ, side, and why")
    names.add_argument("file", type=Path, metavar="FILE", help="the RTSTRUCT")
    names.add_argument("--protocol", type=Path, metavar="FOLDER", help="tables of your own; if left out the shipped ones")
    names.set_defaults(command=commands_protocol.names)

    everything = (records, run, note, register, engines, validate, worksheet, verify, schema, interlocks, protocol, names)
    for command in everything:
        command.add_argument("--verbose", action="store_true", help="log details")
    return parser


if __name__ == "__main__":
    sys.exit(main())
