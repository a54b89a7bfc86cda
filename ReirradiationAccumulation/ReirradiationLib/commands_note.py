"""The command that writes notes into a case file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from .case_notes_file import write_notes
from .model.case import Case
from .model.case_file import read_case
from .model.case_notes import TASK_TITLES, TEXT_TITLES, Task, TaskSignature
from .model.errors import CaseError
from .report.task_key import KEY_DIGITS, is_key

FROM_FILE = "@"


def add_note_command(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``reirradiation note``."""
    parser.add_argument(
        "case", type=Path, metavar="CASE.json", help="the case file; the notes are put into it, all else in it stays"
    )
    for name, title in TEXT_TITLES.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, metavar="TEXT", help=f"{title}; @FILE reads it from a file, '' takes it out")
    parser.add_argument("--done", choices=[task.value for task in Task], help="a task that is finished")
    parser.add_argument("--who", metavar="NAME", help="who has finished the task")
    parser.add_argument("--when", metavar="YYYY-MM-DD", help="on which day")
    parser.add_argument("--key", metavar="KEY", default="", help="of what was looked at, as the report shows it")
    parser.add_argument("--comment", metavar="TEXT", default="", help="what is to be said about the task")
    parser.set_defaults(command=note)


def note(parsed: argparse.Namespace) -> int:
    """Write free texts and a signature into a case file."""
    given = {name: getattr(parsed, name) for name in TEXT_TITLES}
    texts = {name: _text(value) for name, value in given.items() if value is not None}
    signature = _signature(parsed)
    if not texts and signature is None:
        raise CaseError(str(parsed.case), "nothing to note", "Give a text, or a task that is done.")
    former = read_case(parsed.case)
    case = write_notes(parsed.case, texts, signature)
    for warning in _warnings(former, signature):
        print(f"reirradiation: {warning}", file=sys.stderr)
    _print_notes(case)
    return 0


def _warnings(former: Case, signature: TaskSignature | None) -> Iterator[str]:
    """What the user may not have meant."""
    if signature is None:
        return
    title = TASK_TITLES[signature.task]
    for one in former.tasks:
        if one.task is signature.task and one.who != signature.who:
            former_signature = f"{one.who}, {one.when.isoformat()}{_key(one)}"
            yield f"warning: '{title}' was signed by {former_signature}; that signature is replaced"
    if not signature.key:
        yield (
            f"warning: the signature of '{title}' names no key: it holds whatever the inputs and registrations are, "
            "also when they change later. Give the key that the report shows for the task (--key) to sign for what you saw"
        )


def _key(signature: TaskSignature) -> str:
    return f", key {signature.key}" if signature.key else ", no key"


def _print_notes(case: Case) -> None:
    print(f"{case.file}:")
    for name, title in TEXT_TITLES.items():
        print(f"  {title}: {getattr(case.texts, name) or '–'}")
    for one in case.tasks:
        comment = f" ({one.comment})" if one.comment else ""
        print(f"  {TASK_TITLES[one.task]}: done, {one.who}, {one.when.isoformat()}{_key(one)}{comment}")


def _text(value: str) -> str:
    if not value.startswith(FROM_FILE):
        return value
    path = Path(value.removeprefix(FROM_FILE))
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(str(path), f"cannot be read ({error})", "Name a text file in UTF-8.") from error


def _signature(parsed: argparse.Namespace) -> TaskSignature | None:
    if parsed.done is None:
        if parsed.who or parsed.when or parsed.comment or parsed.key:
            raise CaseError("--who, --when, --comment, --key", "without a task", "Name the task with --done.")
        return None
    if not parsed.who or not parsed.when:
        raise CaseError(f"--done {parsed.done}", "without --who or --when", "A signature needs a name and a day.")
    try:
        when = date.fromisoformat(parsed.when)
    except ValueError as error:
        raise CaseError("--when", parsed.when, "Correct it.", "a date that exists, as YYYY-MM-DD") from error
    if when > date.today():
        raise CaseError("--when", parsed.when, "Correct it.", f"a day not after today, {date.today().isoformat()}")
    if parsed.key and not is_key(parsed.key):
        expected = f"{KEY_DIGITS} hexadecimal digits in lower case"
        raise CaseError("--key", parsed.key, "Copy the key that the report shows for the task.", expected)
    return TaskSignature(Task(parsed.done), parsed.who, when, parsed.comment, parsed.key)
