"""A page that is too much for one class: its parts, each like a small panel."""

from .step_panel import StepPanel


class PartedPanel(StepPanel):
    """A panel that is nothing but its parts, which are StepPanels without a page of their own."""

    partClasses = ()

    def __init__(self, window):
        StepPanel.__init__(self, window)
        self.parts = [partClass(window) for partClass in self.partClasses]

    def setup(self):
        for part in self.parts:
            part.setup()

    def show(self):
        for part in self.parts:
            part.show()

    def updateButtons(self):
        for part in self.parts:
            part.updateButtons()


class FilledWith:
    """What a form was filled with: it is filled anew when that changes, and else keeps what somebody has typed."""

    def __init__(self):
        self._values = None

    def isNew(self, *values):
        """Whether these values are others than those of the last call."""
        isNew = values != self._values
        self._values = values
        return isNew


class Number:
    """A number in a spin box, which shows fewer digits: what nobody has changed stays as exact as it was."""

    def __init__(self, spinBox):
        self.spinBox = spinBox
        self._exact, self._shown = 0.0, None

    def fill(self, value):
        """Show a number."""
        self.spinBox.value = value
        self._exact, self._shown = value, self.spinBox.text

    def value(self):
        """What was typed, else what it was filled with."""
        return self._exact if self.spinBox.text == self._shown else self.spinBox.value


def quietly(widget, action):
    """Change a widget without telling those who listen to what the user does."""
    was = widget.blockSignals(True)
    try:
        action()
    finally:
        widget.blockSignals(was)


def onClick(button, action):
    """Let a click do something that takes no argument."""
    button.connect("clicked(bool)", lambda _checked=False: action())


def onReturn(edit, button):
    """Let the Return key in a line click a button, which does nothing while it is disabled."""
    edit.connect("returnPressed()", lambda: button.click())


def selectedRow(table):
    """The row that is selected, or -1."""
    return min((item.row() for item in table.selectedItems()), default=-1)


def selectedEntry(listWidget):
    """The entry of a list that is selected, or -1."""
    return min((listWidget.row(item) for item in listWidget.selectedItems()), default=-1)


def setItems(comboBox, texts, current=None):
    """Fill a combo box, and leave what was chosen if it is still among the texts."""
    chosen = comboBox.currentText if current is None else current
    if current is None and [comboBox.itemText(n) for n in range(comboBox.count)] == list(texts):
        return

    def fill():
        comboBox.clear()
        comboBox.addItems(list(texts))
        comboBox.setCurrentIndex(list(texts).index(chosen) if chosen in texts else (0 if texts else -1))

    quietly(comboBox, fill)
