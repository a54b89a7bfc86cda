"""The commands ``verify``, which makes a former output again and compares, and ``schema``, of what is compared."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import nullcontext

from .commands import EXIT_DONE, EXIT_REFUSED, print_progress, quiet_pydicom
from .model.errors import ReirradiationError
from .monitor import Monitor
from .report.json_schema import schema_json
from .verify import Comparison, StoredOutput, read_stored, recompute

KEPT_REGISTRATIONS = "Registrations that are kept in the case folder (.reirradiation) may be used."


def verify(parsed: argparse.Namespace) -> int:
    """Hold a former output against its inputs, then against what the same case gives now."""
    with nullcontext() if parsed.verbose else quiet_pydicom():
        stored = read_stored(parsed.folder, parsed.case)
        _print_stored(stored)
        print(f"\nThe case is run again, as then (stage {stored.record.stage}). {KEPT_REGISTRATIONS}")
        try:
            comparison = recompute(stored, Monitor(print_progress))
        except ReirradiationError:
            if not stored.are_inputs_same:
                print("\nINPUTS CHANGED, and the case cannot be run with them:")
            raise
    _print_comparison(comparison)
    is_same = stored.are_inputs_same and not stored.changed_files and comparison.is_same
    print(f"\n{_verdict(stored, comparison, is_same)}")
    return EXIT_DONE if is_same else EXIT_REFUSED


def schema(parsed: argparse.Namespace) -> int:
    """Print the JSON Schema of ``evaluation.json``."""
    print(schema_json(), end="")
    return EXIT_DONE


def _print_stored(stored: StoredOutput) -> None:
    record = stored.record
    print(f"Output {stored.folder}, written by {record.door}; case {stored.case_file}")
    _print_list("Software", stored.changed_versions, "the same versions as then")
    _print_list("Files of the output", stored.changed_files, "as they were written")
    if record.is_anonymous:
        print("Inputs: an anonymous output does not name them; their hashes are compared with the rest")
    else:
        _print_list("Inputs", [str(one) for one in stored.inputs], "all there, with the same content")


def _print_comparison(comparison: Comparison) -> None:
    found = comparison.differences
    print("\nevaluation.json: " + (f"{_counted(found)}; the first:" if found else "every value is the same"))
    if found:
        print(f"  {found[0]}")
    _print_list("Files compared byte by byte", comparison.files, f"{len(comparison.compared)}, all the same")
    if comparison.not_compared:
        print(f"Not compared (pictures, scene, or the version of their writer): {', '.join(comparison.not_compared)}")


def _counted(found: Sequence[object]) -> str:
    return "1 difference" if len(found) == 1 else f"{len(found)} differences"


def _print_list(title: str, lines: Sequence[str], otherwise: str) -> None:
    print(f"{title}: {otherwise}" if not lines else "\n".join([f"{title}:", *(f"  {line}" for line in lines)]))


def _verdict(stored: StoredOutput, comparison: Comparison, is_same: bool) -> str:
    if is_same:
        return "SAME: the output can be made again from its inputs."
    if not stored.are_inputs_same:
        is_result_same = all(one.path.startswith("inputs[") for one in comparison.differences)
        return f"INPUTS CHANGED; what is computed of them is {'the same' if is_result_same else 'different'}."
    if comparison.is_same:
        return "DIFFERENT: files of the output were changed since they were written; made again it is as it was."
    return "DIFFERENT: the same inputs do not give this output."
