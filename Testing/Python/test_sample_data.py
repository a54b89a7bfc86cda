"""The sample data: offered as Slicer 5.10 and 5.13 want it, and ends with an editable case that is open in the module."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import sys
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from gui_harness import DEMO, ROOT, Gui, gui  # noqa: F401

sys.path.insert(0, str(ROOT / "Testing" / "Data"))
from pack_demo_case import constant, pack

SAMPLE_NAME = "Reirradiation: spine, two courses"


class SampleDataLogic:
    """What Slicer 5.10 has of it; downloads are copies of ``published``."""

    published: Path | None = None
    sources: list[dict[str, Any]]

    @classmethod
    def registerCustomSampleDataSource(cls, **source: Any) -> None:
        cls.sources.append(source)

    def downloadFileIntoCache(self, uri: str, name: str, checksum: str | None = None) -> str:
        import slicer

        path = Path(slicer.mrmlScene.GetCacheManager().GetRemoteCacheDirectory()) / name
        if path.is_file():
            return str(path)
        if self.published is None:
            raise ValueError(f"Failed to download {uri}")
        content = self.published.read_bytes()
        if checksum == f"SHA256:{hashlib.sha256(content).hexdigest()}":  # else Slicer removes what it downloaded
            path.write_bytes(content)
        return str(path)


@pytest.fixture
def standins(gui: Gui, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:  # noqa: F811
    """Sample Data, DICOM database and SlicerRT; ``loaded`` are the series that were loaded, ``widget`` is the window."""
    slicer: Any = gui.slicer
    database = SimpleNamespace(isOpen=True, imported=[])  # opened, as it is once the user has seen the DICOM module
    found = SimpleNamespace(gui=gui, cache=tmp_path / "cache", database=database, loaded=[], selected=[])
    found.window = True
    logic = type("SampleDataLogic", (SampleDataLogic,), {"sources": []})
    module = ModuleType("SampleData")
    module.SampleDataLogic = found.logic = logic  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "SampleData", module)

    utilities = SimpleNamespace(importDicom=found.database.imported.append, loadSeriesByUID=found.loaded.extend)
    monkeypatch.setitem(sys.modules, "DICOMLib", SimpleNamespace(DICOMUtils=utilities))
    manager = SimpleNamespace(GetRemoteCacheDirectory=lambda: str(found.cache))
    scene = SimpleNamespace(GetCacheManager=lambda: manager)
    monkeypatch.setattr(slicer, "dicomDatabase", found.database, raising=False)
    monkeypatch.setattr(slicer.modules, "dicomrtimportexport", object(), raising=False)
    monkeypatch.setattr(slicer.util, "mainWindow", lambda: object() if found.window else None)
    monkeypatch.setattr(slicer.util, "selectModule", found.selected.append)
    monkeypatch.setattr(slicer.util, "getModuleWidget", lambda name: found.widget)

    found.widget = gui.open("ReirradiationAccumulation")
    found.module = importlib.import_module("ReirradiationAccumulationWidgets.sample_data")
    sample_case = found.module.sampleCase

    def sample_case_with_cache() -> Any:
        """Only what needs a cache manager sees the stand-in; the window keeps its real scene."""
        with monkeypatch.context() as patch:
            patch.setattr(slicer, "mrmlScene", scene)
            return sample_case()

    monkeypatch.setattr(found.module, "sampleCase", sample_case_with_cache)
    return found


@pytest.fixture
def published(standins: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """As installed: no source tree around it, and the archive can be downloaded."""
    monkeypatch.setattr(standins.module, "sourceTreeFolder", lambda: None)
    standins.logic.published = tmp_path / "published.zip"
    pack(standins.logic.published)
    return standins


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_archive_is_the_one_whose_checksum_is_published(tmp_path: Path) -> None:
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    assert pack(first) == pack(second) == constant("SHA256"), (
        "the demo case has changed: run 'make sample-data', give the archive the next number, and publish it"
    )
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert not any(name.startswith(("truth", ".")) for name in names)
    assert {"case.json", "LICENSE.TotalSegmentator", "course1/RD.dcm", "course2/CT/CT.000.dcm"} <= set(names)


def test_it_is_registered_once_with_checksum_and_thumbnail_also_where_slicer_knows_no_categories(
    standins: SimpleNamespace,
) -> None:
    standins.module.registerSampleData()
    (source,) = standins.logic.sources
    assert source["sampleName"] == SAMPLE_NAME
    assert source["checksums"] == f"SHA256:{constant('SHA256')}"
    assert source["uris"].endswith(source["fileNames"])
    assert source["loadFileType"] == "ZipFile"
    assert Path(source["thumbnailFileName"]).is_file()


def test_the_category_is_registered_where_slicer_knows_categories(standins: SimpleNamespace) -> None:
    categories = []
    standins.logic.registerCustomSampleDataCategory = lambda name, title: categories.append((name, title))
    standins.module.registerSampleData()
    assert categories == [("Reirradiation", "Reirradiation")]
    assert standins.logic.sources[0]["category"] == "Reirradiation"


@pytest.mark.parametrize("way", ["source tree", "download"])
def test_a_click_ends_with_all_files_on_disk_their_series_loaded_and_the_case_open(
    way: str, standins: SimpleNamespace, request: pytest.FixtureRequest
) -> None:
    if way == "download":
        request.getfixturevalue("published")
    (case,) = standins.module.onSampleDataButton(None)
    folder = standins.cache / "Reirradiation-spine-two-courses"
    assert Path(case) == folder / "case.json"
    expected = {name: content for name, content in files_below(DEMO).items() if not name.startswith("truth/")}
    assert files_below(folder) == expected
    assert standins.database.imported == [str(folder)]
    assert len(standins.loaded) == len(set(standins.loaded)) == 10  # of two courses: CT, RS, RP, RD; and two REG
    assert standins.selected == ["ReirradiationAccumulation"]
    document = standins.widget.logic.session.document
    assert document.path == folder / "case.json"
    assert document.case.title == json.loads((DEMO / "case.json").read_text(encoding="utf-8"))["title"]
    assert standins.gui.messages == []
    assert not [path for path in standins.cache.iterdir() if path.name.startswith(".unfinished")]


def test_an_unchanged_case_is_used_again_and_a_changed_one_left_alone(published: SimpleNamespace) -> None:
    first = published.module.sampleCase()
    assert published.module.sampleCase() == first
    first.write_text("{}", encoding="utf-8")
    second = published.module.sampleCase()
    assert second.parent.name == "Reirradiation-spine-two-courses-2"
    assert second.read_bytes() == (DEMO / "case.json").read_bytes()
    assert first.read_text(encoding="utf-8") == "{}"
    assert published.module.sampleCase() == second


def test_without_slicerrt_the_case_is_opened_and_nothing_imported(
    published: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(published.gui.slicer.modules, "dicomrtimportexport")
    published.module.onSampleDataButton(None)
    assert published.database.imported == published.loaded == []
    assert published.widget.logic.session.document is not None


@pytest.mark.parametrize("state", ["closed", "absent"])
def test_without_a_database_the_case_is_opened_and_nothing_imported(
    state: str, published: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    published.database.isOpen = False
    if state == "absent":
        monkeypatch.delattr(published.gui.slicer, "dicomDatabase")
    published.module.onSampleDataButton(None)
    assert published.database.imported == published.loaded == []
    assert published.widget.logic.session.document is not None


def test_without_a_window_there_are_the_files_and_no_more(published: SimpleNamespace) -> None:
    published.window = False
    (case,) = published.module.onSampleDataButton(None)
    assert Path(case).is_file()
    assert published.database.imported == published.selected == []


def test_a_case_that_is_not_saved_stays_open(published: SimpleNamespace, tmp_path: Path) -> None:
    session = published.widget.logic.session
    published.module.onSampleDataButton(None)
    other = tmp_path / "other.json"
    other.write_bytes(session.document.path.read_bytes())
    session.open(other)
    assert published.widget.edit(lambda case: dataclasses.replace(case, title="changed"))
    published.module.onSampleDataButton(None)
    assert session.document.path == other
    assert session.document.case.title == "changed"


def test_ctest_names_the_source_tree_for_modules_in_a_build_tree(
    standins: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standins.module, "__file__", str(tmp_path / "build" / "Widgets" / "sample_data.py"))
    assert standins.module.sourceTreeFolder() is None
    monkeypatch.setenv("REIRRADIATION_SOURCE_TREE", str(ROOT))
    assert standins.module.sourceTreeFolder() == DEMO


def test_no_network_and_no_source_tree_tells_where_to_put_the_file(published: SimpleNamespace) -> None:
    published.logic.published = None
    with pytest.raises(RuntimeError, match="could not be downloaded"):
        published.module.onSampleDataButton(None)
    (message,) = published.gui.messages
    assert "could not be downloaded" in message
    assert str(published.cache) in message
    assert "github.com/SlicerReirradiation" in message


@pytest.mark.parametrize("is_in_cache", [False, True])
def test_another_content_than_the_published_one_is_not_used(
    published: SimpleNamespace, tmp_path: Path, is_in_cache: bool
) -> None:
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("case.json", "{}")
    published.logic.published = bad
    if is_in_cache:
        published.cache.mkdir()
        (published.cache / constant("ARCHIVE")).write_bytes(bad.read_bytes())
    with pytest.raises(RuntimeError, match="is not the file that was published"):
        published.module.onSampleDataButton(None)
    (message,) = published.gui.messages
    assert "Nothing of it is used" in message
    assert not (published.cache / "Reirradiation-spine-two-courses").exists()
    assert published.widget.logic.session.document is None
