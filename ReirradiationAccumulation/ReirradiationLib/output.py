"""An output folder that appears only when it is complete."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from .model.errors import OutputError


class OutputFolder:
    """Collects files in a temporary sibling folder and renames it when all is written.

    Parameters
    ----------
    final : Path
        The folder to appear.
    may_replace : callable or None
        Tells whether a folder that is there may be replaced; None if nothing may.
    """

    def __init__(self, final: Path, may_replace: Callable[[Path], bool] | None = None) -> None:
        self.final = final.resolve()
        self._may_replace = may_replace
        self._temporary: Path | None = None

    def __enter__(self) -> OutputFolder:
        self.require_free()
        try:
            self.final.parent.mkdir(parents=True, exist_ok=True)
            self._temporary = Path(tempfile.mkdtemp(prefix=f".{self.final.name}.partial-", dir=self.final.parent))
            self._temporary.chmod(0o755)
        except OSError as error:
            raise self._cannot("be made", error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def require_free(self) -> None:
        """Refuse a place where something of the user's is.

        Raises
        ------
        OutputError
            If the folder holds anything that may not be replaced, or cannot be looked into.
        """
        try:
            if not self.final.exists():
                return
            if not self.final.is_dir():
                raise OutputError(str(self.final), "a file of that name is there", "Choose another folder.")
            first = next(iter(sorted(self.final.iterdir())), None)
        except OSError as error:
            raise self._cannot("be looked into", error) from error
        if first is None or (self._may_replace is not None and self._may_replace(self.final)):
            return
        if self._may_replace is not None:
            raise OutputError(
                str(self.final),
                "the folder is not empty, and holds something else than a former output of this program",
                "Choose a new folder; nothing was replaced.",
            )
        remedy = "Choose a new folder, or replace a former output of this program (--replace)."
        raise OutputError(str(self.final), f"the folder is not empty: it holds {first.name}", remedy)

    def path(self, name: str) -> Path:
        """Where to write a file of this output until :meth:`finish`."""
        if self._temporary is None:
            raise OutputError(str(self.final), "not open for writing", "Report this.")
        return self._temporary / name

    def write_text(self, name: str, text: str, encoding: str = "utf-8") -> None:
        """Write a text file of this output, its line ends as they are; raises as :meth:`write_bytes`."""
        self.write_bytes(name, text.encode(encoding))

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file of this output.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        try:
            self.path(name).write_bytes(content)
        except OSError as error:
            raise self._cannot(f"take {name}", error) from error

    def finish(self) -> None:
        """Let the folder appear under its name.

        Raises
        ------
        OutputError
            If something of the user's has come to its place, or it cannot be renamed.
        """
        self.require_free()
        written = self.path("")
        retired = written.with_name(f".{self.final.name}.former-{written.name[-8:]}")
        try:
            if self.final.exists():
                self.final.rename(retired)
            written.rename(self.final)
        except OSError as error:
            if retired.exists() and not self.final.exists():
                retired.rename(self.final)
            raise self._cannot("be written", error) from error
        self._temporary = None
        shutil.rmtree(retired, ignore_errors=True)

    def _cannot(self, what: str, error: OSError) -> OutputError:
        return OutputError(str(self.final), f"cannot {what} ({error.strerror or error})", "Check folder, disk and rights.")


def require_outside(output: Path, inputs: Sequence[Path]) -> None:
    """Refuse to write among the inputs, where the output would be read as one of them next time.

    Raises
    ------
    OutputError
        If the output folder lies within one of the input folders.
    """
    for folder in inputs:
        if output.resolve().is_relative_to(folder.resolve()):
            raise OutputError(str(output), f"it lies within the input folder {folder}", "Choose a folder elsewhere.")
