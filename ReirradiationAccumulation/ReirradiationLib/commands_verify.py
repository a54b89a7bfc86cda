"""The commands ``verify``, which makes a former output again and compares, and ``schema``, of what is compared."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import nullcontext

from .commands import EXIT_DONE, EXIT_REFUSED, print_progress, quiet_pydicom
from .model.errors import ReirradiationError
from .monitor import Monitor
from .report.json_schema import schema_json
from .verify import Comparison, InputState, StoredOutput, read_stored, recompute

KEPT_REGISTRATIONS = "Registrations that are kept in the case folder (.reirradiation) may be used."
CHANGED_SINCE = "files of the output were changed since they were written"
NOT_CHECKED = "whether the inputs are the same was not checked"


def verify(parsed: argparse.Namespace) -> int:
    """Hold a former output against its inputs, then against what the same case gives now."""
    with nullcontext() if parsed.verbose else quiet_pydicom():
        stored = read_stored(parsed.folder, parsed.case)
        _print_stored(stored)
        print(f"\nThe case is run again, as then (stage {stored.record.stage}). {KEPT_REGISTRATIONS}")
        try:
            comparison = recompute(stored, Monitor(print_progress))
        except ReirradiationError:
            if stored.has_changed_inputs:
                print("\nINPUTS CHANGED, and the case cannot be run with them:")
            raise
    if stored.record.is_anonymous and stored.record.inputs_sha256:
        print(f"\nInputs, by one hash over all: {_of_all_inputs(comparison.inputs)}")
    _print_comparison(comparison)
    print(f"\n{_verdict(stored, comparison)}")
    is_same = comparison.inputs is InputState.SAME and not stored.changed_files and comparison.is_same
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
    if not record.is_anonymous:
        _print_list("Inputs", [str(one) for one in stored.inputs], "all there, with the same content")
    elif record.inputs_sha256:
        print("Inputs: this anonymous output names none; it holds one hash over all, which is compared after the run")
    else:
        print("Inputs: this anonymous output names none and holds no hash over all; they cannot be checked")


def _of_all_inputs(state: InputState) -> str:
    return "all the same" if state is InputState.SAME else "not the same; it does not tell which"


def _print_comparison(comparison: Comparison) -> None:
    different = comparison.different_parts
    count = f"{_counted(comparison.differences)} in {', '.join(part.part for part in different)}"
    print(f"\nevaluation.json: {count if different else 'every value is the same'}")
    for part in different:
        first = "" if len(part.differences) == 1 else f"{len(part.differences)}, the first: "
        print(f"  {first}{part.differences[0]}")
    if different:
        print(f"  the same: {', '.join(part.part for part in comparison.parts if not part.differences)}")
    files = [str(file) for file in comparison.files]
    otherwise = "the others" if different and not files else str(len(comparison.compared))
    _print_list("Files compared byte by byte", files, f"{otherwise}, all the same")
    if comparison.not_compared:
        print(f"Not compared (pictures, scene, or the version of their writer): {', '.join(comparison.not_compared)}")


def _counted(found: Sequence[object]) -> str:
    return "1 difference" if len(found) == 1 else f"{len(found)} differences"


def _print_list(title: str, lines: Sequence[str], otherwise: str) -> None:
    print(f"{title}: {otherwise}" if not lines else "\n".join([f"{title}:", *(f"  {line}" for line in lines)]))


def _verdict(stored: StoredOutput, comparison: Comparison) -> str:
    if comparison.inputs is InputState.CHANGED:
        since = f" And {CHANGED_SINCE}." if stored.changed_files else ""
        return f"INPUTS CHANGED; {_with_changed_inputs(comparison)}.{since}"
    if comparison.is_same and stored.changed_files:
        unchecked = f"; {NOT_CHECKED}" if comparison.inputs is InputState.UNKNOWN else ""
        return f"DIFFERENT: {CHANGED_SINCE}; made again it is as it was{unchecked}."
    if comparison.inputs is InputState.UNKNOWN:
        return f"{'SAME NUMBERS' if comparison.is_same else 'DIFFERENT'}; {NOT_CHECKED}."
    if comparison.is_same:
        return "SAME: the output can be made again from its inputs."
    return "DIFFERENT: the same inputs do not give this output."


def _with_changed_inputs(comparison: Comparison) -> str:
    if comparison.is_result_same:
        differ = "" if comparison.is_same else ", signatures and hashes differ"
        return f"every dose, score and structure is the same{differ}"
    places = [part.part for part in comparison.different_parts] or [file.name for file in comparison.files]
    return f"what comes of them is different: {', '.join(places)}"
