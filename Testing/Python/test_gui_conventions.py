"""The windows keep to what works in Qt 5 and 6 and can be translated; read, not run."""

from __future__ import annotations

import ast
import re
import string
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from shipped_code import GUI_FILES, SHIPPED, UI_FILES, WIDGET_FILES, called, nodes, relative, tree

GONE_IN_QT_6 = {
    *("QDesktopWidget", "QRegExp", "QTextCodec", "QSignalMapper", "QStringRef", "QLinkedList", "QMatrix"),
    *("MidButton", "TextColorRole", "BackgroundColorRole", "desktop", "setTabStopWidth", "exec_"),
}
SIGNALS_GONE_IN_QT_6 = {
    "currentIndexChanged(QString)": "currentTextChanged(QString)",
    "activated(QString)": "textActivated(QString)",
    "highlighted(QString)": "textHighlighted(QString)",
    "valueChanged(QString)": "textChanged(QString)",
    "buttonClicked(int)": "idClicked(int)",
}
SHOWN_BY_CALL = {
    *("setText", "setToolTip", "setTitle", "setWindowTitle", "setPlaceholderText", "setStatusTip", "setHeaderLabels"),
    *("setPlainText", "setHtml", "setTabText", "setTabToolTip", "addTab", "insertTab", "addItem", "addItems", "addRow"),
    *("setHorizontalHeaderLabels", "setVerticalHeaderLabels", "setLabelText", "setSpecialValueText", "setSuffix"),
    *("setPrefix", "addAction", "addMenu"),
    *("QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QToolButton", "QAction", "QTableWidgetItem"),
    *("errorDisplay", "warningDisplay", "infoDisplay", "messageBox", "confirmOkCancelDisplay", "confirmYesNoDisplay"),
    *("confirmRetryCloseDisplay", "showStatusMessage", "tryWithErrorDisplay", "enableOrSayWhyNot", "asToolTip"),
    *("getText", "getItem", "getOpenFileName", "getSaveFileName", "getExistingDirectory", "question", "information"),
}
SHOWN_BY_ASSIGNMENT = {
    *("text", "toolTip", "title", "windowTitle", "placeholderText", "plainText", "html", "statusTip", "suffix", "prefix"),
    *("specialValueText", "helpText", "acknowledgementText"),
}
WORD = re.compile(r"[^\W\d_]{3,}")
SENTENCE = re.compile(r"[^\W\d_]{2,}[,.:;]? [^\W\d_]{2,}")
NOT_WORDS = re.compile(r"</?[a-z]+[^>]*>|&[a-z]+;|\{[^}]*\}|Slicer|DICOM|RTDOSE|RTSTRUCT|RTPLAN|EQD2|Gy|mm|cc|json")
"""Markup, placeholders and what has the same name in every language."""


@pytest.mark.parametrize("path", GUI_FILES, ids=relative)
def test_enumerators_of_qt_are_named_by_their_class_alone(path: Path) -> None:
    """``qt.Qt.AlignRight``, not ``qt.Qt.AlignmentFlag.AlignRight``: PythonQt gives the former in Qt 5 and 6."""
    for node in nodes(path):
        if isinstance(node, ast.Attribute):
            parts = ast.unparse(node).split(".")
            scoped = parts[0] == "qt" and len(parts) > 3 and parts[1][:1] == "Q" and parts[2][:1].isupper()
            assert not scoped, f"{relative(path)}, line {node.lineno}: write {'.'.join([*parts[:2], parts[3]])}"


@pytest.mark.parametrize("path", GUI_FILES, ids=relative)
def test_nothing_is_used_that_qt_6_dropped(path: Path) -> None:
    for node in nodes(path):
        name = node.attr if isinstance(node, ast.Attribute) else ""
        assert name not in GONE_IN_QT_6, f"{relative(path)}, line {node.lineno}: {name}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert node.value not in SIGNALS_GONE_IN_QT_6, SIGNALS_GONE_IN_QT_6[node.value]


@pytest.mark.parametrize("path", UI_FILES, ids=relative)
def test_ui_files_can_be_loaded_by_qt_5(path: Path) -> None:
    """A designer of Qt 6 writes ``Qt::AlignmentFlag::AlignRight``, which Qt 5 does not understand."""
    for element in ElementTree.parse(path).iter():
        if element.tag in ("enum", "set"):
            for flag in (element.text or "").split("|"):
                assert flag.count("::") <= 1, f"{relative(path)}: {flag}"


@pytest.mark.parametrize("path", GUI_FILES, ids=relative)
def test_what_is_translated_is_a_plain_text_with_named_placeholders_that_are_all_filled(path: Path) -> None:
    """A tool collects the texts from the source: an f-string or a sum has no entry in any dictionary."""
    for node in nodes(path):
        if called(node) == "_":
            assert isinstance(node, ast.Call)
            (text,) = node.args
            assert isinstance(text, ast.Constant), f"{relative(path)}, line {node.lineno}: {ast.unparse(node)}"
            assert isinstance(text.value, str)
            assert text.value.strip(), "an empty text is translated to the header of the dictionary"
            assert all(name for name in placeholders(text.value)), f"{text.value!r}: name what is filled in"
        for text, keywords in filled_in(node):
            assert placeholders(text) == keywords, f"{relative(path)}: {text!r}"


@pytest.mark.parametrize("path", GUI_FILES, ids=relative)
def test_every_text_that_a_user_sees_can_be_translated(path: Path) -> None:
    for node in nodes(path):
        shown: list[ast.expr] = []
        if called(node) in SHOWN_BY_CALL:
            assert isinstance(node, ast.Call)
            shown = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Assign):
            names = {target.attr for target in node.targets if isinstance(target, ast.Attribute)}
            shown = [node.value] if names & SHOWN_BY_ASSIGNMENT else []
        for value in shown:
            for text in untranslated(value):
                assert not WORD.search(NOT_WORDS.sub("", text)), f"{relative(path)}, line {node.lineno}: _({text!r})"


@pytest.mark.parametrize("path", WIDGET_FILES, ids=relative)
def test_no_sentence_of_a_window_stands_outside_of_a_translation(path: Path) -> None:
    """Whatever way it is shown; but for the log, for errors of the library's kinds, and names of nodes."""
    for text in sentences(tree(path)):
        raise AssertionError(f"{relative(path)}: _({text!r})")


def test_no_window_installs_a_category_of_sample_data_without_asking_whether_slicer_knows_categories() -> None:
    for path in SHIPPED:
        source = path.read_text(encoding="utf-8")
        if "registerCustomSampleDataCategory(" in source:
            assert 'hasattr(SampleData.SampleDataLogic, "registerCustomSampleDataCategory")' in source, relative(path)


def filled_in(node: ast.AST) -> Iterator[tuple[str, set[str]]]:
    """The text and the names that are given of ``_("…").format(…)``."""
    if called(node) != "format" or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    translated = node.func.value
    if called(translated) == "_" and isinstance(translated, ast.Call) and isinstance(translated.args[0], ast.Constant):
        names = {keyword.arg or "" for keyword in node.keywords}
        if "" not in names:
            yield str(translated.args[0].value), names


def placeholders(text: str) -> set[str]:
    """Names of what is filled in; an empty text for a placeholder without a name."""
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def sentences(node: ast.AST) -> Iterator[str]:
    """Literals with two words that nothing here translates, without docstrings, constants, log messages and errors."""
    name = called(node)
    if name in ("_", "translate") or name.endswith("Error") or name in ("debug", "info", "warning", "error", "exception"):
        return
    assigned = node.targets[0] if isinstance(node, ast.Assign) else None
    if isinstance(assigned, ast.Name) and (assigned.id.isupper() or assigned.id == "found"):  # what an error says was found
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and SENTENCE.search(node.value):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from sentences(child)


def untranslated(value: ast.expr) -> list[str]:
    """Literal texts in an expression that stand outside of ``_()`` and of calls and comparisons that only compute."""
    if isinstance(value, ast.Constant):
        return [value.value] if isinstance(value.value, str) else []
    if isinstance(value, ast.JoinedStr):
        return ["".join(part.value for part in value.values if isinstance(part, ast.Constant))]
    if isinstance(value, ast.IfExp):
        return untranslated(value.body) + untranslated(value.orelse)
    if isinstance(value, (ast.BoolOp, ast.List, ast.Tuple)):
        parts = value.values if isinstance(value, ast.BoolOp) else value.elts
        return [text for part in parts for text in untranslated(part)]
    if isinstance(value, ast.BinOp):
        return untranslated(value.left) + untranslated(value.right)
    return []


def test_the_guards_of_this_file_notice_what_they_are_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text('label.text = f"Run {number} cases" if ready else _("Wait")\n', encoding="utf-8")
    (assignment,) = [node for node in nodes(bad) if isinstance(node, ast.Assign)]
    assert untranslated(assignment.value) == ["Run  cases"]
    assert list(sentences(ast.parse('"""A docstring."""\nNAME = "A node"\nshow(["To be told"], _("and this"))'))) == [
        "To be told"
    ]
    assert placeholders("{a} {b:.2f} {c[0]} {d.e} {}") == {"a", "b", "c", "d", ""}
    format_call = ast.parse('_("{a} of {b}").format(a=1)', mode="eval").body
    assert list(filled_in(format_call)) == [("{a} of {b}", {"a"})]
