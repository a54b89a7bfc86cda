"""Packs the demo case as the archive that Slicer's module Sample Data downloads: the same bytes on every machine.

    python Testing/Data/pack_demo_case.py FOLDER

prints the SHA-256 that ``ReirradiationAccumulationWidgets/sample_data.py`` must name. The archive is an asset of the
release ``SampleData``; other content gets another number in the name, so that older versions find theirs.
"""

from __future__ import annotations

import ast
import hashlib
import sys
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "Testing" / "Data" / "demo_case"
SAMPLE_DATA = ROOT / "ReirradiationAccumulation" / "ReirradiationAccumulationWidgets" / "sample_data.py"
EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16
UNIX = 3


def constant(name: str) -> Any:
    """A literal that ``sample_data.py`` defines at its top; the file cannot be imported outside of Slicer."""
    for statement in ast.parse(SAMPLE_DATA.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return ast.literal_eval(statement.value)
    raise KeyError(name)


def pack(path: Path) -> str:
    """Write the archive; returns its SHA-256. Nothing is compressed: compressors differ between machines."""
    parts = [DEMO / name for name in constant("PARTS")]
    files = sorted(file for part in parts for file in ([part] if part.is_file() else part.rglob("*")) if file.is_file())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(DEMO).as_posix(), EPOCH)
            entry.external_attr, entry.create_system = READABLE, UNIX
            archive.writestr(entry, file.read_bytes())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / constant("ARCHIVE")
    digest = pack(archive)
    known = digest == constant("SHA256")
    print(f"{archive}\nSHA256 {digest}{'' if known else ', which sample_data.py does not name'}")
    sys.exit(0 if known else 1)


if __name__ == "__main__":
    main()
