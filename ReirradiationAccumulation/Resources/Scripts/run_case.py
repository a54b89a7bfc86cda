"""Run a case file without a window: within 3D Slicer, with its registration programs, or in PythonSlicer.

    Slicer --no-splash --no-main-window --python-script .../run_case.py CASE.json --output DIR
    PythonSlicer .../run_case.py CASE.json --output DIR

Options, messages, outputs and exit codes are those of "reirradiation run" (docs/slicer.md). This file holds ASCII only:
Slicer reads it in the encoding of the machine.
"""

import pathlib
import sys

DONE, FAILED, WRONG_USAGE = 0, 1, 2


def runCase(arguments):
    """Run "reirradiation run" with these arguments; returns the exit code."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))  # the library that this file came with
    from ReirradiationLib.__main__ import main

    try:
        return main(["run", *arguments])
    except SystemExit as leaving:  # of argparse, which has shown the usage
        return WRONG_USAGE if leaving.code else DONE


def runAndExit(arguments):
    """The same, then end the application, or this Python where there is none, with that exit code."""
    if getattr(sys.modules.get("slicer"), "app", None) is None:
        sys.exit(runCase(arguments))
    import slicer.util

    status = FAILED
    try:
        status = runCase(arguments)
    finally:  # after an unexpected error too: nobody sits before a window and closes it
        slicer.util.exit(status)


if __name__ == "__main__":
    runAndExit(sys.argv[1:])
