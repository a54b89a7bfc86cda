"""A table whose rows stand for something that has a key: the selection stays with it when the table is filled anew."""

import qt

from .controls import asToolTip
from .panel_parts import quietly, selectedRow


class RowTable:
    """A QTableWidget of texts; ``onSelected()`` is called when another row was selected by the user."""

    def __init__(self, table, stretched, onSelected):
        """
        :param stretched: columns that share the width that the others leave
        """
        self.table = table
        self._keys = []
        table.verticalHeader().setVisible(False)
        table.setTextElideMode(qt.Qt.ElideNone)
        header = table.horizontalHeader()
        for column in range(table.columnCount):
            isStretched = column in stretched
            header.setSectionResizeMode(column, qt.QHeaderView.Stretch if isStretched else qt.QHeaderView.ResizeToContents)
        table.verticalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.connect("itemSelectionChanged()", onSelected)

    def fill(self, keys, rows, colours=None, toolTips=None, coloured=-1):
        """
        :param keys: what the rows stand for; the selection stays with its key
        :param rows: texts, row by row
        :param colours: one of tables.py or None for each row, shown in the column ``coloured``
        :param toolTips: a text for each row
        """
        former = self.selected()
        quietly(self.table, lambda: self._fill(keys, rows, colours, toolTips, coloured))
        self._keys = list(keys)
        self.select(former)

    def selected(self):
        """The key of the selected row, or None."""
        row = selectedRow(self.table)
        return self._keys[row] if 0 <= row < len(self._keys) else None

    def select(self, key):
        """Select the row of a key, or none, without telling."""
        if key in self._keys:
            quietly(self.table, lambda: self.table.selectRow(self._keys.index(key)))
        else:
            quietly(self.table, self.table.clearSelection)

    @property
    def keys(self):
        """What the rows stand for."""
        return tuple(self._keys)

    def showSelected(self):
        """Scroll to the selected row."""
        row = selectedRow(self.table)
        if row >= 0:
            self.table.scrollToItem(self.table.item(row, 0))

    def _fill(self, keys, rows, colours, toolTips, coloured):
        self.table.clearSelection()
        self.table.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                item = self._item(row, column)
                item.setText(text)
                item.setToolTip(asToolTip(toolTips[row] if toolTips else text))
            if colours:  # black on a pale ground is legible in light and dark styles
                item, colour = self.table.item(row, coloured % self.table.columnCount), colours[row]
                item.setData(qt.Qt.BackgroundRole, qt.QBrush(qt.QColor(*colour)) if colour else None)
                item.setData(qt.Qt.ForegroundRole, qt.QBrush(qt.QColor(0, 0, 0)) if colour else None)
        self.table.resizeRowsToContents()

    def _item(self, row, column):
        """The item of a cell: the same as before, since the table may be filled while it tells that one has changed."""
        item = self.table.item(row, column)
        if item is None:
            item = qt.QTableWidgetItem()
            self.table.setItem(row, column, item)
        return item
