"""The report as PDF: complete, on the sheet, the same bytes again, nothing loaded, and no case fails for it."""

from __future__ import annotations

import builtins
import hashlib
import io
import logging
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from printed_pages import PrintedPage, printed_pages, require_on_the_sheet, whole_text
from ReirradiationLib.mrml.pictures import OffscreenPictureMaker
from ReirradiationLib.output import OutputFolder
from ReirradiationLib.report import pdf as pdf_module
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.evaluation import Evaluation
from ReirradiationLib.report.html import report_html
from ReirradiationLib.report.html_parts import page, paragraph, table
from ReirradiationLib.report.pdf import MOST_BYTES, PdfResult, report_pdf
from ReirradiationLib.report.pictures import draw_pictures
from ReirradiationLib.report.registration_pictures import draw_registration_pictures
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.write_outputs import is_former_output, scene_content
from ReirradiationLib.write_report import REPORT_FILES, REPORT_PDF, WITHOUT_PICTURES, write_report

pypdf = pytest.importorskip("pypdf")
image = pytest.importorskip("PIL.Image")

LIBRARY = Path(pdf_module.__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def evaluation(demo_results: CaseResults) -> Evaluation:
    return assemble(demo_results)


@pytest.fixture(scope="module")
def html(demo_results: CaseResults, evaluation: Evaluation) -> str:
    """The report of the demo case, with its pictures where they can be drawn."""
    maker = OffscreenPictureMaker()
    doses = draw_pictures(demo_results, scene_content(demo_results), maker, lambda _: None)
    return report_html(evaluation, doses, draw_registration_pictures(demo_results, maker, lambda _: None))


@pytest.fixture(scope="module")
def printed(html: str) -> bytes:
    result = report_pdf(html)
    assert result.pdf is not None, result.missing
    return result.pdf


@pytest.fixture(scope="module")
def pages(printed: bytes) -> list[PrintedPage]:
    return printed_pages(printed)


def set_page(*parts: str) -> list[PrintedPage]:
    result = report_pdf(page("title", *parts))
    assert result.pdf is not None, result.missing
    return printed_pages(result.pdf)


def png(width: int, height: int, seed: int = 0) -> bytes:
    """A picture that hardly compresses."""
    written = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    image.fromarray(noise).save(written, "PNG")
    return written.getvalue()


def picture(content: bytes) -> str:
    return f'<img alt="" src="data:image/png;base64,{b64encode(content).decode()}">'


def test_every_page_of_the_demo_is_filled_and_nothing_runs_off_the_sheet(pages: list[PrintedPage]) -> None:
    assert len(pages) >= 2
    require_on_the_sheet(pages)


def test_every_page_tells_whose_it_is_and_which_of_how_many(pages: list[PrintedPage], evaluation: Evaluation) -> None:
    for n, one in enumerate(pages, 1):
        assert f"{evaluation.case.patient_name} ({evaluation.case.patient_id})" in one.text
        assert evaluation.case.title in one.text
        assert f"Page {n} of {len(pages)}" in one.text


def test_the_scores_can_be_selected_as_text(pages: list[PrintedPage], evaluation: Evaluation) -> None:
    text = whole_text(pages)
    for score in evaluation.scorecard:
        assert score.structure in text
        assert f"{score.cumulative:.2f}" in text
    assert "not a medical device" in text


def test_the_demo_is_small_enough_to_be_sent(printed: bytes) -> None:
    assert len(printed) <= 3_000_000


def test_title_and_language_are_set_and_no_date(printed: bytes, evaluation: Evaluation) -> None:
    reader = pypdf.PdfReader(io.BytesIO(printed))
    assert evaluation.case.title in reader.metadata.title
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.metadata.creation_date is None
    assert reader.metadata.modification_date is None


def test_another_process_makes_the_same_bytes(html: str, printed: bytes, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    script = (
        "import hashlib, sys; from pathlib import Path; from ReirradiationLib.report.pdf import report_pdf; "
        "print(hashlib.sha256(report_pdf(Path(sys.argv[1]).read_text(encoding='utf-8')).pdf).hexdigest())"
    )
    environment = os.environ | {"PYTHONPATH": str(LIBRARY), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-c", script, str(tmp_path / "report.html")]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == hashlib.sha256(printed).hexdigest()


def test_nothing_is_loaded_from_network_or_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("something was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    red = tmp_path / "red.png"
    image.new("RGB", (400, 400), "red").save(red)
    style = tmp_path / "style.css"
    style.write_text("body { background: red }")
    linked = set_page(
        f'<link rel="stylesheet" href="{style.as_uri()}"><style>@import url("{style.as_uri()}"); '
        f'@font-face {{ font-family: x; src: url("http://127.0.0.1:9/x.woff") }} p {{ font-family: x; '
        f'background: url("{red.as_uri()}") }}</style>',
        f'<img src="{red.as_uri()}"><img src="{red}"><img src="http://127.0.0.1:9/x.png"><img src="//127.0.0.1:9/x.png">'
        f'<img src="FILE://{red}"><object data="{red.as_uri()}"></object><embed src="{red.as_uri()}">'
        f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{red.as_uri()}" width="99" height="99"/></svg>'
        f'<link rel="attachment" href="{red.as_uri()}">',
        paragraph("text"),
    )
    alone = set_page(paragraph("text"))
    assert [one.text.split() for one in linked] == [one.text.split() for one in alone]
    assert linked[0].ink_share == pytest.approx(alone[0].ink_share, abs=2e-4)


def test_a_picture_within_the_page_is_shown() -> None:
    written = io.BytesIO()
    image.new("RGB", (300, 300), "black").save(written, "PNG")
    assert set_page(picture(written.getvalue()))[0].ink_share > 0.05


def test_pictures_become_jpeg_only_where_the_pdf_would_be_too_large() -> None:
    assert pictures_of(report_pdf(page("t", picture(png(200, 200))))) == ["/FlateDecode"]
    large = report_pdf(page("t", *(picture(png(700, 500, seed)) for seed in range(4))))
    assert pictures_of(large) == ["/DCTDecode"] * 4
    assert large.pdf is not None
    assert len(large.pdf) <= MOST_BYTES


def pictures_of(result: PdfResult) -> list[str]:
    assert result.pdf is not None, result.missing
    reader = pypdf.PdfReader(io.BytesIO(result.pdf))
    found = {n: one for sheet in reader.pages for n, one in sheet["/Resources"].get("/XObject", {}).items()}
    return [one["/Filter"] for one in (item.get_object() for item in found.values()) if one["/Subtype"] == "/Image"]


def test_annexes_are_not_printed_and_what_is_for_print_only_is() -> None:
    text = whole_text(
        set_page(
            '<details class="annex" open><summary>S1</summary><p>ANNEX</p></details>',
            "<details><summary>S2</summary><p>CLOSED</p></details>",
            '<p class="print-only">PRINTED</p>',
        )
    )
    assert "PRINTED" in text
    assert "S2" in text
    assert "ANNEX" not in text
    assert "CLOSED" not in text


def test_labels_of_figures_are_printed_over_their_halo() -> None:
    label = (
        '<text x="20" y="60" font-size="60" fill="#b00020" stroke="white" stroke-width="4" paint-order="stroke">WWW</text>'
    )
    svg = f'<svg viewBox="0 0 300 100" width="300" height="100" xmlns="http://www.w3.org/2000/svg">{label}</svg>'
    plain = svg.replace(' stroke="white" stroke-width="4" paint-order="stroke"', "")
    assert set_page(svg)[0].ink_share == pytest.approx(set_page(plain)[0].ink_share, rel=0.01)


def test_the_head_of_each_page_takes_any_text() -> None:
    hostile = '"; } </style><p>OUT</p> \\' + "x" * 300
    result = report_pdf(page("t", paragraph("body " * 200), running_head=(hostile, "山田\n\x00")))
    assert result.pdf is not None
    (only,) = printed_pages(result.pdf)
    assert '"; } </style><p>OUT</p> \\xxx' in " ".join(only.text.split())
    require_on_the_sheet([only])


def test_a_table_with_names_without_spaces_stays_on_the_sheet() -> None:
    name = "PTV_boost_with_a_name_that_nobody_would_give_" * 4
    rows = [[name, "D0.03cc[Gy]", 12.34, 56.78, name, 9.10, "met", "go", name]] * 24
    pages = set_page(
        table([name, "Metric", "Prior", "Left", "Limit", "Cumulative", "State", "Registration", "Source"], rows)
    )
    require_on_the_sheet(pages)
    assert len(pages) > 1
    assert whole_text(pages).count("12.34") == 24, "no number may be broken over two lines"
    assert all("Metric" in one.text for one in pages), "the head of a table stands on every page"


@pytest.mark.parametrize("error", [ImportError("No module named 'weasyprint'"), OSError("cannot load library 'libpango'")])
def test_without_the_library_the_reason_is_told_and_the_report_written(
    error: Exception,
    evaluation: Evaluation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    without(monkeypatch, error)
    told: list[str] = []
    with OutputFolder(tmp_path / "out") as folder:
        write_report(evaluation, WITHOUT_PICTURES, folder, told.append)
        folder.finish()
    assert (tmp_path / "out" / "report.html").is_file()
    assert not (tmp_path / "out" / REPORT_PDF).exists()
    (line,) = [line for line in told if line.startswith(f"{REPORT_PDF}: ")]
    assert str(error) in line
    assert "open report.html in a browser and print it" in line
    assert ("slicer-reirradiation[pdf]" in line) == isinstance(error, ImportError)
    assert "no report.pdf" in caplog.text


def without(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """As if importing WeasyPrint failed."""
    original: Callable = builtins.__import__

    def importing(name: str, *rest: object, **named: object) -> object:
        if name.startswith("weasyprint"):
            raise error
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", importing)


def test_a_fault_of_the_library_costs_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    import weasyprint

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("box tree")

    monkeypatch.setattr(weasyprint.HTML, "write_pdf", fail)
    result = report_pdf(page("t"))
    assert result.pdf is None
    assert "AssertionError: box tree" in result.missing


def test_the_log_of_the_library_is_quiet_and_then_as_before(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("weasyprint")
    before = (logger.level, list(logger.filters), list(logger.handlers))
    with caplog.at_level(logging.DEBUG):
        report_pdf(page("t", "<p style='grid-template-columns: repeat(auto-fit, 1px); no-such: 1'>x</p>"))
    assert not [record for record in caplog.records if record.name == "weasyprint"]
    assert (logger.level, list(logger.filters), list(logger.handlers)) == before


def test_a_former_output_with_a_pdf_may_be_replaced(evaluation: Evaluation, tmp_path: Path) -> None:
    assert REPORT_PDF in REPORT_FILES
    with OutputFolder(tmp_path / "out") as folder:
        write_report(replace(evaluation, planning=None), WITHOUT_PICTURES, folder, lambda _: None)
        folder.finish()
    assert (tmp_path / "out" / REPORT_PDF).read_bytes().startswith(b"%PDF")
    assert is_former_output(tmp_path / "out")


NAMES = ("Müller, Jürgen", "Yamada, Tarou (山田 太郎, やまだ たろう)", "כהן, דוד", "Ελένη α/β ≤ 2")


def test_names_of_every_script_can_be_copied_from_the_pdf(evaluation: Evaluation) -> None:
    case = replace(evaluation.case, patient_name=" / ".join(NAMES), title="t")
    result = report_pdf(report_html(replace(evaluation, case=case, structures=(), scorecard=(), planning=None)))
    assert result.pdf is not None, result.missing
    # A PDF holds lines as they are seen: right-to-left words may come out in either order of their letters.
    text = whole_text(printed_pages(result.pdf))
    words = [word for name in NAMES for word in name.replace(",", " ").replace("(", " ").replace(")", " ").split()]
    assert [word for word in words if word not in text and word[::-1] not in text] == []


def test_characters_without_a_font_are_told_and_still_text(tmp_path: Path) -> None:
    """In a process with a single, Latin font."""
    found = subprocess.run(["fc-match", "-f", "%{file}", "DejaVu Sans"], capture_output=True, text=True, check=False).stdout
    if not found.endswith("DejaVuSans.ttf"):
        pytest.skip("DejaVu Sans is not installed")
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    (fonts / "only.ttf").write_bytes(Path(found).read_bytes())
    configuration = tmp_path / "fonts.conf"
    configuration.write_text(
        f'<?xml version="1.0"?><fontconfig><dir>{fonts}</dir><cachedir>{tmp_path}/cache</cachedir></fontconfig>'
    )
    script = (
        "import sys; from pathlib import Path; from ReirradiationLib.report.html_parts import page, paragraph\n"
        "from ReirradiationLib.report.pdf import report_pdf\n"
        "result = report_pdf(page('t', paragraph('山田 太郎 12.3 Gy')))\n"
        "Path(sys.argv[1]).write_bytes(result.pdf); sys.stdout.buffer.write(result.remark.encode())"
    )
    environment = os.environ | {"PYTHONPATH": str(LIBRARY), "FONTCONFIG_FILE": str(configuration)}
    command = [sys.executable, "-c", script, str(tmp_path / "out.pdf")]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=120)
    assert "no font of this machine shows" in done.stdout.decode()
    assert "山 (U+5C71)" in done.stdout.decode()
    text = whole_text(printed_pages((tmp_path / "out.pdf").read_bytes()))
    assert "山田 太郎 12.3 Gy" in text


def test_a_result_says_what_is_wrong_with_it() -> None:
    assert PdfResult(b"x").remark == ""
    assert PdfResult(None, "why").remark == "why"
    assert "U+5C71" in PdfResult(b"x", unshown="山").remark
