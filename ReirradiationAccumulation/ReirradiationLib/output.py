"""An output folder that appears only when it is complete."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from .model.errors import OutputError

MARKER = "evaluation.json"
"""A folder that holds this file is a former output and may be replaced on request."""


class OutputFolder:
    """Collects files in a temporary sibling folder and renames it when all is written.

    Parameters
    ----------
    final : Path
        The folder to appear.
    replace : bool
        Whether a former output there may be replaced.

    Raises
    ------
    OutputError
        On entering: if the folder exists and is neither empty nor a former output to be replaced, or if it cannot be
        made.
    """

    def __init__(self, final: Path, replace: bool) -> None:
        self.final = final.resolve()
        self._replace = replace
        self._temporary: Path | None = None

    def __enter__(self) -> OutputFolder:
        self._require_free()
        try:
            self.final.parent.mkdir(parents=True, exist_ok=True)
            self._temporary = Path(tempfile.mkdtemp(prefix=f".{self.final.name}.partial-", dir=self.final.parent))
            self._temporary.chmod(0o755)
        except OSError as error:
            raise OutputError(str(self.final), f"cannot be made ({error.strerror})", "Choose another folder.") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def path(self, name: str) -> Path:
        """Where to write a file of this output until :meth:`finish`."""
        if self._temporary is None:
            raise OutputError(str(self.final), "not open for writing", "Report this.")
        return self._temporary / name

    def finish(self) -> None:
        """Let the folder appear under its name."""
        self._require_free()
        retired = self.path("x").parent.with_name(f".{self.final.name}.former-{self.path('x').parent.name[-8:]}")
        try:
            if self.final.exists():
                self.final.rename(retired)
            self.path("x").parent.rename(self.final)
        except OSError as error:
            if retired.exists() and not self.final.exists():
                retired.rename(self.final)
            raise OutputError(str(self.final), f"cannot be written ({error.strerror})", "Close files in it.") from error
        self._temporary = None
        shutil.rmtree(retired, ignore_errors=True)

    def _require_free(self) -> None:
        if not self.final.exists():
            return
        if not self.final.is_dir():
            raise OutputError(str(self.final), "a file of that name is there", "Choose another folder.")
        names = {path.name for path in self.final.iterdir()}
        if names and not (self._replace and MARKER in names):
            remedy = "Choose a new folder" + ("." if MARKER not in names else ", or allow to replace this former output.")
            raise OutputError(str(self.final), "the folder is not empty", remedy, "an empty or a new folder")
