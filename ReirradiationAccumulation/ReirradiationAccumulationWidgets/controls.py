"""Small things that every window needs."""

import pathlib

NOT_SET = pathlib.Path()  # what a path of the parameter node is until the user chooses one; shown as an empty line


def enableOrSayWhyNot(button, whyNot, readyText):
    button.enabled = not whyNot
    button.toolTip = whyNot or readyText


def shortName(path):
    """A file by its name and folder: enough to know it, short enough for a narrow window."""
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name
