"""Small things that every window needs."""

import html
import pathlib

TITLE_LETTERS = 40
NOT_SET = pathlib.Path()  # what a path of the parameter node is until the user chooses one; shown as an empty line


def enableOrSayWhyNot(button, whyNot, readyText):
    button.enabled = not whyNot
    button.toolTip = asToolTip(whyNot or readyText)


def asToolTip(text):
    """A text that is shown as it is, whatever signs of markup a name in it has, and wrapped to a readable width."""
    return f"<qt>{html.escape(text, quote=False)}</qt>" if text else ""


def asTitle(text):
    """A name in the title of a section or on a button, where "&" would underline, and a long one widen the window."""
    short = text if len(text) <= TITLE_LETTERS else f"{text[: TITLE_LETTERS - 1]}…"
    return short.replace("&", "&&")


def shortName(path):
    """A file by its name and folder: enough to know it, short enough for a narrow window."""
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name
