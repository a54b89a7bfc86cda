"""Registrations are kept by what they were made of, and nothing damaged or foreign comes back."""

from __future__ import annotations

import json
import logging
import shutil
import time
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ReirradiationLib.model.errors import Cancelled, RegistrationError
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Image, Patient
from ReirradiationLib.model.registration import EngineName, RegistrationKind
from ReirradiationLib.model.transform import Affine, DisplacementGrid, SpatialTransform
from ReirradiationLib.registration import cache as cache_module
from ReirradiationLib.registration.cache import CachedEngine, RegistrationCache
from ReirradiationLib.registration.engine import Box, Registered, RegistrationEngine, RegistrationSettings

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
GRID = Geometry((-10.0, -20.0, 0.1), (2.5, 2.5, 3.0), AXIAL, (6, 5, 4))
RIGID = RegistrationSettings(RegistrationKind.RIGID)
DEFORMABLE = RegistrationSettings(RegistrationKind.DEFORMABLE, Affine(np.eye(4)), Box((0.0, 0.0, 0.0), (1.0, 2.0, 3.0)))


def image(frame: str = "1.1", seed: int = 0) -> Image:
    voxels = np.random.default_rng(seed).normal(0, 300, GRID.shape).astype(np.float32)
    return Image(voxels, GRID, frame, "1", "2", (), (), Patient("P", "N", "", ""), "", "")


FIXED, MOVING = image("1.1", 0), image("1.2", 1)


def registered(frame: str = "1.1") -> Registered:
    matrix = np.eye(4)
    matrix[:3, 3] = (0.1, 1 / 3, -7.0)
    vectors = np.random.default_rng(2).normal(0, 3, (*GRID.shape, 3)).astype(np.float32)
    vectors[0, 0, 0] = np.nan
    steps = (DisplacementGrid(GRID, vectors), Affine(matrix))
    return Registered(SpatialTransform(frame, "1.2", steps, "engine µ 1.0"), ("first line", "metric −0.5"))


def assert_same(found: Registered | None, wanted: Registered) -> None:
    assert found is not None
    assert found.log == wanted.log
    assert (found.transform.source, found.transform.fixed_frame_uid) == (wanted.transform.source, "1.1")
    grid, affine = found.transform.steps
    np.testing.assert_array_equal(grid.vectors_mm, wanted.transform.steps[0].vectors_mm)
    assert grid.geometry == GRID
    np.testing.assert_array_equal(affine.matrix, wanted.transform.steps[1].matrix)


def key_of(cache: RegistrationCache, fixed=FIXED, moving=MOVING, settings=DEFORMABLE, version="1.0", **more) -> str:
    return cache.key(fixed, moving, more.pop("engine", EngineName.ELASTIX), version, settings, **more)


@pytest.fixture
def cache(tmp_path: Path) -> RegistrationCache:
    return RegistrationCache(tmp_path)


@pytest.fixture
def stored(cache: RegistrationCache, tmp_path: Path) -> tuple[str, Path]:
    key = key_of(cache)
    cache.store(key, registered())
    return key, tmp_path / ".reirradiation" / "registrations" / f"{key}.npz"


def test_what_was_stored_is_found(cache: RegistrationCache, stored: tuple[str, Path]) -> None:
    key, path = stored
    assert [entry.name for entry in path.parent.iterdir()] == [path.name], "no temporary file is left"
    assert_same(cache.find(key), registered())
    assert cache.find("0" * 64) is None


def test_equal_results_are_equal_files(stored: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, path = stored
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    other = RegistrationCache(tmp_path / "other")
    other.store(key, registered())
    assert (tmp_path / "other" / path.relative_to(tmp_path)).read_bytes() == path.read_bytes()


def test_the_key_holds_everything_that_the_result_depends_on(cache: RegistrationCache) -> None:
    turned = ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    warmer = FIXED.voxels_hu.copy()
    warmer[1, 2, 3] += 1
    shifted = np.eye(4)
    shifted[0, 3] = 1e-9
    variants = [
        {},
        {"fixed": MOVING, "moving": FIXED},
        {"fixed": replace(FIXED, frame_uid="1.3")},
        {"moving": replace(MOVING, frame_uid="1.3")},
        {"fixed": replace(FIXED, voxels_hu=warmer)},
        {"fixed": replace(FIXED, geometry=replace(GRID, origin_mm=(-10.0, -20.0, 0.1000001)))},
        {"moving": replace(MOVING, geometry=replace(GRID, direction=turned))},
        {"engine": EngineName.SIMPLEITK},
        {"version": "1.1"},
        {"stage": "rigid"},
        {"settings": RIGID},
        {"settings": replace(DEFORMABLE, seed=1)},
        {"settings": replace(DEFORMABLE, start=None)},
        {"settings": replace(DEFORMABLE, start=Affine(shifted))},
        {"settings": replace(DEFORMABLE, region=None)},
        {"settings": replace(DEFORMABLE, region=Box((0.0, 0.0, 0.0), (1.0, 2.0, 3.5)))},
    ]
    keys = [key_of(cache, **variant) for variant in variants]
    assert len(set(keys)) == len(variants)
    assert keys[0] == key_of(RegistrationCache(None)), "the key does not depend on where the case is"


def test_the_key_is_blind_to_how_equal_values_are_kept(cache: RegistrationCache) -> None:
    other = replace(
        FIXED,
        voxels_hu=np.asfortranarray(FIXED.voxels_hu),
        geometry=replace(GRID, origin_mm=tuple(np.float64(v) for v in GRID.origin_mm)),
        description="another name",
    )
    assert key_of(cache, fixed=other) == key_of(cache)


def test_a_setting_that_cannot_be_digested_is_an_error_and_no_silent_hit(cache: RegistrationCache) -> None:
    with pytest.raises(RegistrationError, match="a setting of type object"):
        key_of(cache, settings=replace(DEFORMABLE, seed=object()))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_passed_over_with_a_warning(cache, stored, share: float, caplog) -> None:
    key, path = stored
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with caplog.at_level(logging.WARNING):
        assert cache.find(key) is None
    assert "is passed over" in caplog.text


def test_no_damaged_byte_changes_a_result(cache: RegistrationCache, stored: tuple[str, Path]) -> None:
    key, path = stored
    content, random, lost = path.read_bytes(), np.random.default_rng(3), 0
    for place in random.integers(0, len(content), 300):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(random.integers(8))
        path.write_bytes(damaged)
        found = cache.find(key)
        lost += found is None
        if found is not None:
            assert_same(found, registered())
    assert lost > 200


def test_a_file_under_another_name_is_passed_over(cache: RegistrationCache, stored: tuple[str, Path]) -> None:
    other = key_of(cache, version="2.0")
    stored[1].rename(stored[1].with_name(f"{other}.npz"))
    assert cache.find(other) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda about: about.update(format="x/1"),
        lambda about: about.update(source=1),
        lambda about: about.update(log=[None]),
        lambda about: about.pop("log"),
        lambda about: about.update(steps=[None, None]),
        lambda about: about["steps"][0].update(spacing_mm=[0, 1, 1]),
        lambda about: about["steps"][0].update(size=[6, 5, 5]),
        lambda about: about["steps"][0].update(direction=[[1, 1, 0], [0, 1, 0], [0, 0, 1]]),
        lambda about: about["steps"][0].update(origin_mm=[float("nan"), 0, 0]),
        lambda about: about["steps"].append(None),
    ],
)
def test_entries_that_are_no_transform_are_passed_over(cache, stored, change) -> None:
    key, path = stored
    with np.load(path) as arrays:
        content = dict(arrays)
    about = json.loads(content["about"].tobytes())
    change(about)
    content["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez(path, **content)
    assert cache.find(key) is None


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("step1", np.full((4, 4), np.nan)),
        ("step1", -np.eye(4)),
        ("step1", np.eye(3)),
        ("step1", np.eye(4, dtype=np.float32)),
        ("step0", np.zeros((4, 5, 6, 2), np.float32)),
        ("step0", np.full((4, 5, 6, 3), np.inf, np.float32)),
        ("step0", np.array([{"a": 1}], dtype=object)),
    ],
)
def test_arrays_that_are_no_transform_are_passed_over(cache, stored, name: str, values: np.ndarray) -> None:
    key, path = stored
    with np.load(path) as arrays:
        content = dict(arrays)
    content[name] = values
    np.savez(path, **content)
    assert cache.find(key) is None


def test_compressed_files_are_not_unpacked(cache: RegistrationCache, stored: tuple[str, Path]) -> None:
    key, path = stored
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert cache.find(key) is None


def test_where_nothing_can_be_written_it_works_without_a_cache(tmp_path: Path, caplog) -> None:
    (tmp_path / ".reirradiation").write_text("a file where the folder should be")
    cache = RegistrationCache(tmp_path)
    key = key_of(cache)
    with caplog.at_level(logging.WARNING):
        cache.store(key, registered())
    assert "is not kept in" in caplog.text
    assert cache.find(key) is None


def test_a_disk_that_fills_up_leaves_no_partial_file(cache, tmp_path: Path, monkeypatch, caplog) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ReirradiationLib.registration.cache.write_registered", full)
    with caplog.at_level(logging.WARNING):
        cache.store(key_of(cache), registered())
    assert "No space left" in caplog.text
    assert list((tmp_path / ".reirradiation" / "registrations").iterdir()) == []


def test_no_folder_is_no_cache() -> None:
    cache = RegistrationCache(None)
    cache.store(key_of(cache), registered())
    assert cache.find(key_of(cache)) is None


def test_a_key_that_leads_elsewhere_is_refused(cache: RegistrationCache) -> None:
    for key in ("../../etc/passwd", "A" * 64, ""):
        with pytest.raises(RegistrationError, match="SHA-256"):
            cache.find(key)


@dataclass
class CountingEngine:
    """Gives the same result every time and counts how often it was asked."""

    result: Registered
    asked: list[RegistrationSettings] = field(default_factory=list)
    name: EngineName = EngineName.ELASTIX

    def version(self) -> str:
        return "0.1"

    def unavailable_because(self) -> str | None:
        return "never"

    def register(self, fixed, moving, settings, progress, is_cancelled) -> Registered:
        if is_cancelled():
            raise Cancelled
        self.asked.append(settings)
        return self.result


def run(
    engine: RegistrationEngine, settings=DEFORMABLE, said: list[str] | None = None, cancelled: bool = False
) -> Registered:
    words: list[str] = [] if said is None else said
    return engine.register(FIXED, MOVING, settings, words.append, lambda: cancelled)


def test_the_second_run_is_taken_from_the_cache_and_says_so(cache: RegistrationCache) -> None:
    inner, said = CountingEngine(registered()), []
    engine: RegistrationEngine = CachedEngine(inner, cache)
    assert (engine.name, engine.version(), engine.unavailable_because()) == (EngineName.ELASTIX, "0.1", "never")
    assert_same(run(engine), registered())
    assert_same(run(CachedEngine(inner, cache), said=said), registered())
    assert len(inner.asked) == 1
    assert said == ["registration taken from the case folder, where it was kept"]
    run(engine, replace(DEFORMABLE, seed=5))
    assert len(inner.asked) == 2


def test_a_stored_result_of_other_frames_or_kind_is_registered_anew(cache: RegistrationCache) -> None:
    inner = CountingEngine(registered())
    engine = CachedEngine(inner, cache)
    cache.store(cache.key(FIXED, MOVING, inner.name, "0.1", DEFORMABLE), registered(frame="9.9"))
    cache.store(cache.key(FIXED, MOVING, inner.name, "0.1", RIGID), registered())
    assert_same(run(engine), registered())
    run(engine, RIGID)
    assert inner.asked == [DEFORMABLE, RIGID]


def test_a_cancelled_registration_leaves_nothing(cache: RegistrationCache, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        run(CachedEngine(CountingEngine(registered()), cache), cancelled=True)
    assert not (tmp_path / ".reirradiation").exists()


def test_a_stored_rigid_result_without_its_matrix_is_registered_anew(cache: RegistrationCache) -> None:
    matrix = Registered(SpatialTransform("1.1", "1.2", (Affine(np.eye(4)),), "engine"), ())
    key = cache.key(FIXED, MOVING, EngineName.SIMPLEITK, "1", RIGID)
    for steps in ((), (Affine(np.eye(4)), Affine(np.eye(4)))):
        cache.store(key, Registered(SpatialTransform("1.1", "1.2", steps, "poisoned"), ()))
        engine = SimpleNamespace(name=EngineName.SIMPLEITK, version=lambda: "1", register=lambda *_: matrix)
        found = CachedEngine(engine, cache).register(FIXED, MOVING, RIGID, lambda text: None, lambda: False)
        assert found.transform.source == "engine"


def test_a_changed_engine_of_the_application_finds_no_former_result(
    cache: RegistrationCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Path(cache_module.__file__).parents[1]
    for room in cache_module.ROOMS:
        shutil.copytree(library / room, tmp_path / "library" / room, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache_module, "__file__", str(tmp_path / "library" / "registration" / "cache.py"))
    before = key_of(cache)
    with (tmp_path / "library" / "mrml" / "brainsfit_engine.py").open("a", encoding="utf-8") as source:
        source.write("SAMPLED_SHARE = 0.5\n")
    assert key_of(cache) != before


def test_a_folder_that_may_not_be_looked_into_is_passed_over(
    cache: RegistrationCache, stored: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", forbidden)
    assert cache.find(stored[0]) is None
