"""Whatever names and texts the data hold: report and PDF show them as they are, and nothing else suffers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from html.parser import HTMLParser
from typing import Any

import pytest
from ReirradiationLib.report.assemble import assemble
from ReirradiationLib.report.evaluation import Evaluation
from ReirradiationLib.report.html import report_html
from ReirradiationLib.report.html_parts import page, paragraph, table
from ReirradiationLib.report.pdf import report_pdf
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.report.shown_text import shown, visible

LONG = "gross_tumour_volume_of_the_second_course_" * 5
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></title></svg><svg onload=alert(1)>",
    "<!-- --> ]]> &amp; &#x3c;b&gt;",
    "\u202e12.34 Gy",
    "\u2067\u202bשלום 56.78",
    "חוט השדרה",
    "نخاع شوكي",
    "山田^太郎=やまだ^たろう",
    LONG[:200],
    "\x1b[31m\x00\x07",
)

VOCABULARY = frozenset(
    {
        *("schema", "sense", "state", "basis", "metric", "unit", "quantity", "kind", "variant", "role", "severity"),
        *("sum", "prior_metric", "response", "status", "stage", "answer"),
    }
)
"""Fields of our own words and metrics: the data cannot set them."""

OUR_TAGS = frozenset(
    {
        *("html", "head", "meta", "title", "style", "body", "section", "div", "header", "footer", "nav", "main", "address"),
        *("h1", "h2", "h3", "h4", "p", "b", "strong", "em", "i", "br", "hr", "ul", "ol", "li", "dl", "dt", "dd", "code"),
        *("table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details"),
        *("summary", "span", "bdi", "wbr", "sup", "sub", "small", "a", "svg", "g", "rect", "line", "polyline", "text"),
        *("path", "circle", "polygon", "tspan", "defs", "pattern", "clippath", "marker", "desc", "use"),
    }
)

HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class PageReader(HTMLParser):
    """Tags, attributes and text of a page; the text of each element that starts a line or a cell by itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.style = ""
        self._is_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._is_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False

    def handle_data(self, data: str) -> None:
        if self._is_style:
            self.style += data
        else:
            self.text += data


def hostile(text: str) -> str:
    """The same text gets the same payload, so that names still agree with each other."""
    return f"{PAYLOADS[zlib.crc32(text.encode()) % len(PAYLOADS)]} {text}"


def spoilt(value: Any, name: str = "") -> Any:
    """A copy of a tree of dataclasses with a payload in every text that can come from data."""
    if isinstance(value, Enum) or name in VOCABULARY:
        return value
    if isinstance(value, str):
        return hostile(value) if value else value
    if isinstance(value, tuple):
        return tuple(spoilt(item, name) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: spoilt(getattr(value, field.name), field.name) for field in fields(value)})
    return value


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))


@pytest.fixture(scope="module")
def evaluation(demo_results: CaseResults) -> Evaluation:
    plain = assemble(demo_results)
    written = replace(plain.texts, **{field.name: f"free text: {field.name}" for field in fields(plain.texts)})
    return replace(plain, texts=written)


@pytest.fixture(scope="module")
def attacked(evaluation: Evaluation) -> Evaluation:
    found: Evaluation = spoilt(evaluation)
    return found


@pytest.fixture(scope="module")
def attacked_html(attacked: Evaluation) -> str:
    return report_html(attacked)


@pytest.fixture(scope="module")
def crowded(evaluation: Evaluation) -> Evaluation:
    """80 structures with names of 200 characters, each with a limit."""
    structures = tuple(
        replace(evaluation.structures[n % len(evaluation.structures)], name=crowded_name(n)) for n in range(80)
    )
    scores = tuple(
        replace(evaluation.scorecard[n % len(evaluation.scorecard)], structure=crowded_name(n), cumulative=100.0 + n + 0.25)
        for n in range(80)
    )
    return replace(evaluation, structures=structures, scorecard=scores)


def without_figures(html: str) -> str:
    """The page without its vector figures, which have tests of their own."""
    return re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)


def crowded_name(n: int) -> str:
    return f"ROI{n:02d}_{LONG}"[:196] + f"_{n:03d}"


def test_every_payload_is_in_the_data(attacked: Evaluation) -> None:
    everything = "\n".join(texts(attacked))
    assert [payload for payload in PAYLOADS if payload not in everything] == []


def test_no_element_and_no_event_comes_from_the_data(attacked_html: str) -> None:
    found = PageReader(attacked_html)
    assert found.tags <= OUR_TAGS
    assert not [name for name in found.attributes if name.startswith("on")]
    assert "alert" not in found.style.replace("\\", "")


def test_names_are_shown_as_they_are(attacked: Evaluation, attacked_html: str) -> None:
    text = PageReader(attacked_html).text
    case = attacked.case
    names = [case.title, case.patient_name, case.patient_id, *(course.label for course in attacked.courses)]
    names += [course.plan for course in attacked.courses] + [structure.name for structure in attacked.structures]
    names += [score.source for score in attacked.scorecard] + [
        shell.name for o in attacked.optimization for shell in o.shells
    ]
    assert [name for name in names if visible(name) not in text] == []


def test_no_control_character_reaches_the_page(attacked_html: str) -> None:
    assert HARMFUL.findall(attacked_html) == []
    assert "[U+202E]12.34 Gy" in attacked_html


def test_the_attacked_report_prints(attacked: Evaluation, attacked_html: str) -> None:
    from printed_pages import printed_pages, require_on_the_sheet, whole_text

    result = report_pdf(without_figures(attacked_html))
    assert result.pdf is not None, result.missing
    pages = printed_pages(result.pdf)
    require_on_the_sheet(pages)
    letters = "".join(whole_text(pages).split())
    assert "<script>alert(1)</script>" in letters
    assert "".join(visible(attacked.case.patient_id).split()) in letters


def test_eighty_structures_with_long_names_are_all_in_the_report(crowded: Evaluation) -> None:
    text = PageReader(report_html(crowded)).text
    assert [s.name for s in crowded.structures if s.name not in text] == []


def test_eighty_structures_with_long_names_print_within_the_sheet(crowded: Evaluation) -> None:
    from printed_pages import printed_pages, require_on_the_sheet, whole_text

    result = report_pdf(without_figures(report_html(crowded)))
    assert result.pdf is not None, result.missing
    pages = printed_pages(result.pdf)
    require_on_the_sheet(pages)
    text = whole_text(pages)
    letters = text.replace(" ", "")
    missing = [n for n in range(80) if f"{100 + n + 0.25:.2f}" not in text or crowded_name(n) not in letters]
    assert missing == [], "every score with its name and an unbroken number"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_small_pieces_keep_every_text(payload: str) -> None:
    html = page(payload, paragraph(payload), table([payload], [[payload]]), running_head=(payload, payload))
    found = PageReader(html)
    assert found.tags <= OUR_TAGS
    assert found.text.count(visible(payload)) == 4


def test_words_of_right_to_left_scripts_do_not_drag_numbers_along() -> None:
    assert shown("חוט 12.3, 45.6 Gy") == "<bdi>חוט</bdi> 12.3, 45.6 Gy"
    assert shown("חוט השדרה: 5") == "<bdi>חוט השדרה</bdi>: 5"
    assert shown("a < b") == "a &lt; b"


def test_only_long_words_break_and_no_number_does() -> None:
    assert "<wbr>" not in shown("D0.03cc[Gy] spinal_cord 2019-03-04 123.456")
    assert shown("gross_tumour_volume_boost") == "gross_<wbr>tumour_<wbr>volume_<wbr>boost"
    assert re.search(r"\d<wbr>\d", shown("PTV_of_the_course_with_60.00Gy_in_30_fractions")) is None
    assert shown("x" * 16) == "x" * 16


def test_control_characters_are_named_and_line_ends_kept() -> None:
    assert visible("a\u202eb\x00\ud800") == "a[U+202E]b[U+0000][U+D800]"
    assert visible("a\tb\nc") == "a\tb\nc"
