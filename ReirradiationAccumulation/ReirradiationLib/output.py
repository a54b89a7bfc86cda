"""An output folder that appears only when it is complete."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from .model.errors import OutputError


class OutputFolder:
    """Collects files in a temporary sibling folder and renames it when all is written.

    Parameters
    ----------
    final : Path
        The folder to appear.
    replaceable : frozenset of str
        Names of files that may be there already and be replaced; any other file there is the user's own.

    Raises
    ------
    OutputError
        On entering and on finishing: if the folder holds anything that may not be replaced, or cannot be made.
    """

    def __init__(self, final: Path, replaceable: frozenset[str] = frozenset()) -> None:
        self.final = final.resolve()
        self._replaceable = replaceable
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
        strange = sorted({path.name for path in self.final.iterdir()} - self._replaceable)
        if strange:
            raise OutputError(
                str(self.final),
                f"the folder is not empty: it holds {strange[0]}",
                "Choose a new folder; a former output of this program is replaced only on request (--replace).",
                "an empty or a new folder",
            )
