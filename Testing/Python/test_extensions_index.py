"""What the Extensions Index checks and asks before it takes an extension, as far as it can be seen in the repository.

The checks: its scripts ``check_description_files.py`` and ``extension_ai_analysis.py``, and tier 1 and 3 of its template.
What needs the network (the repository can be cloned, has its topic, serves the pictures) is not seen here. That module files
execute nothing and import nothing foreign: ``test_slicer_versions.py`` and ``test_extension_layout.py``.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from shipped_code import MODULES, ROOT, SHIPPED, imported, nodes, relative

NAME = "Reirradiation"
CATALOG = ROOT / f"{NAME}.json"
REPOSITORY = "SlicerReirradiation/SlicerReirradiation"
RAW = f"https://raw.githubusercontent.com/{REPOSITORY}/main/"
SCHEMA = "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json#"
KEYS = {
    "$schema": str,
    "category": str,
    "scm_url": str,
    "scm_revision": str,
    "scm_type": str,
    "build_dependencies": list,
    "dicom_support_rule": str,
    "build_subdirectory": str,
    "enabled": bool,
    "tier": int,
}
"""Of schema 1.0.2, which allows no others."""

REQUIRED = ("$schema", "category", "scm_url")
LARGEST_CHECKOUT_BYTES = 100_000_000
LARGEST_PICTURE_BYTES = 2_000_000
NETWORK = {
    *("urllib", "http", "socket", "ssl", "ftplib", "smtplib", "xmlrpc", "telnetlib", "socketserver", "webbrowser"),
    *("requests", "aiohttp", "httpx", "websocket", "websockets", "paramiko"),
}
PROGRAMS = {
    "mrml/opengl.py": "asks in a process of its own whether OpenGL crashes",
    "mrml/slicer_elastix_engine.py": "the elastix of the extension SlicerElastix",
    "registration/elastix_engine.py": "elastix in a process of its own",
}
"""Files of the library that start another process, and why."""


def catalog() -> dict[str, object]:
    entry = json.loads(CATALOG.read_text(encoding="utf-8"))
    assert isinstance(entry, dict)
    return entry


def metadata() -> dict[str, str]:
    """As the Index reads it: from the text of the top-level CMakeLists.txt, each value on one line."""
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return dict(re.findall(r'^set\((EXTENSION_\w+) "([^"\n]+)"\)$', text, re.MULTILINE))


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


@cache
def tracked() -> tuple[Path, ...]:
    """What a checkout holds."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    return tuple(path for name in listed.stdout.decode("utf-8").split("\0") if name and (path := ROOT / name).is_file())


def png_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels; the first chunk of a PNG is its header."""
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n", f"{path.name} is no PNG"
    assert content[12:16] == b"IHDR"
    assert content[-8:-4] == b"IEND", f"{path.name} is cut off"
    return struct.unpack(">II", content[16:24])


def test_the_catalog_entry_follows_the_schema() -> None:
    entry = catalog()
    assert entry["$schema"] == SCHEMA
    assert set(REQUIRED) <= set(entry) <= set(KEYS)
    for key, value in entry.items():
        assert type(value) is KEYS[key], key
    assert entry["category"] == "Radiotherapy", "a category that the Index accepts, and that of the modules"
    tier = entry["tier"]
    assert isinstance(tier, int)
    assert 1 <= tier <= 5


def test_the_catalog_entry_is_written_as_the_index_stores_entries() -> None:
    text = CATALOG.read_bytes()
    assert b"\r" not in text
    assert text.endswith(b"}\n")
    entry = catalog()
    assert list(entry) == sorted(entry)
    assert text.decode("utf-8") == json.dumps(entry, indent=2) + "\n"


def test_the_name_fits_catalog_project_and_repository() -> None:
    assert not NAME.lower().startswith("slicer"), "the Index refuses names that begin with Slicer"
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    projects = re.findall(r"project\s*\(\s*([^\s)]+)", text, re.IGNORECASE)
    assert projects == [CATALOG.stem] == [NAME]
    url = urlsplit(str(catalog()["scm_url"]))
    assert url.scheme in ("git", "https")
    assert url.path.removesuffix(".git") == f"/{REPOSITORY}"
    assert Path(url.path).stem == f"Slicer{NAME}"


def test_catalog_and_cmake_name_the_same_dependencies() -> None:
    """Without ``build_dependencies`` SlicerRT would not be installed with the extension."""
    assert catalog()["build_dependencies"] == metadata()["EXTENSION_DEPENDS"].split() == ["SlicerRT"]


def test_metadata_is_complete_and_links_into_the_repository() -> None:
    values = metadata()
    assert set(values) == {
        *("EXTENSION_HOMEPAGE", "EXTENSION_CONTRIBUTORS", "EXTENSION_DESCRIPTION"),
        *("EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS", "EXTENSION_DEPENDS"),
    }
    assert values["EXTENSION_HOMEPAGE"] == f"https://github.com/{REPOSITORY}"
    for url in [values["EXTENSION_ICONURL"], *values["EXTENSION_SCREENSHOTURLS"].split()]:
        assert url.startswith(f"{RAW}Resources/"), url
    description = values["EXTENSION_DESCRIPTION"]
    assert description.endswith(".")
    assert 1 <= len(re.findall(r"[.!?](?:\s|$)", description)) <= 3, "one or two sentences, and what it is not"
    assert 60 <= len(description) <= 400
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert set(re.findall(r"add_subdirectory\((\w+)\)", text)) == set(MODULES)


def test_icon_and_screenshots_can_be_downloaded_and_seen() -> None:
    values = metadata()
    icon = ROOT / values["EXTENSION_ICONURL"].removeprefix(RAW)
    width, height = png_size(icon)
    assert width == height
    assert 128 <= width <= 512
    screenshots = [ROOT / url.removeprefix(RAW) for url in values["EXTENSION_SCREENSHOTURLS"].split()]
    assert screenshots
    for path in screenshots:
        width, height = png_size(path)
        assert 400 <= width <= 4000, path.name
        assert 300 <= height <= 4000, path.name
        assert path.stat().st_size <= LARGEST_PICTURE_BYTES, path.name
    for path in (icon, *screenshots):
        assert path in tracked(), f"{path.name} is not in the repository"


def test_the_checkout_is_small_enough_and_holds_no_programs() -> None:
    assert sum(path.stat().st_size for path in tracked()) <= LARGEST_CHECKOUT_BYTES
    programs = {".so", ".dll", ".exe", ".dylib", ".jar", ".pyc", ".pyd", ".whl", ".bat", ".msi", ".zip"}
    assert not [relative(path) for path in tracked() if path.suffix.lower() in programs]


def test_texts_have_unix_line_ends() -> None:
    """Also where git would write others: .gitattributes says so."""
    binary = {".dcm", ".jpg", ".npz", ".nrrd", ".png"}
    assert not [relative(path) for path in tracked() if path.suffix not in binary and b"\r\n" in path.read_bytes()]
    rules = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    assert "* text=auto eol=lf" in rules
    assert all(f"*{suffix} binary" in rules for suffix in binary)


def test_the_licence_lies_in_the_root_and_is_named_on_the_homepage() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    assert re.search(r"Apache-2\.0 \(\[LICENSE\]\(LICENSE\)\)", readme())
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_readme_says_what_it_is_with_a_picture_a_sentence_per_module_and_how_to_cite() -> None:
    text = readme()
    assert text.startswith(f"# Slicer{NAME}\n")
    beginning = text[: text.index("\n## ")]
    assert re.search(r"A 3D Slicer extension[^.]{40,}\.", beginning), "a summary of one or two sentences"
    assert re.search(r"!\[[^\]]{10,}\]\([^)]+\.(?:png|jpg)\)", beginning), "a picture that tells what it can do"
    for module in MODULES:
        sentence = re.search(rf"\*\*{module}\*\* \(module\): ([^*]{{30,}}?)\.\n", text)
        assert sentence, f"a sentence about {module}"
    assert re.search(r"^## .*Cite", text, re.MULTILINE)
    assert "CITATION.cff" in text
    assert "PMC12830171" in text, "the publication whose workflow this follows"
    assert "Research software, not a medical device" in beginning, "intended use"


def test_the_tutorial_is_linked_and_tells_where_the_sample_data_is() -> None:
    text = readme()
    assert "demo" in text
    assert "docs/slicer.md" in text
    assert "Sample Data" in (ROOT / "docs" / "slicer.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=relative)
def test_links_and_pictures_of_the_documentation_exist(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if urlsplit(target).scheme or target.startswith("#"):
            continue
        name, _, heading = target.partition("#")
        linked = (path.parent / name).resolve()
        assert linked.exists(), f"{relative(path)} links to {target}"
        if heading and linked.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {anchor(one) for one in headings}, f"{relative(path)} links to {target}"


def anchor(heading: str) -> str:
    """The anchor of a heading on GitHub."""
    plain = re.sub(r"[`*]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@pytest.mark.parametrize("path", SHIPPED, ids=relative)
def test_nothing_is_sent_anywhere_and_nothing_executable_fetched(path: Path) -> None:
    """The one download is the sample data, by Slicer's own Sample Data module, when the user clicks it."""
    tops = {module.split(".")[0] for module, _ in imported(nodes(path))}
    assert not tops & NETWORK
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"QNetwork|QTcpSocket|QWebEngine|os\.system\(|os\.popen\(", source)
    if "subprocess" in tops:
        assert relative(path).removeprefix("ReirradiationAccumulation/ReirradiationLib/") in PROGRAMS
    if re.search(r"https?://(?!www\.w3\.org|purl\.org|json-schema\.org)\S+\.zip", source):
        assert path.name == "sample_data.py"
