"""Tables of texts."""

import qt

WIDEST = 190  # of all columns but the last, in the narrow panel of a module; longer texts wrap, or end in an ellipsis
GREEN, ORANGE, RED = (198, 232, 205), (255, 224, 178), (250, 200, 196)


def fillTable(table, rows, numeric, colours=()):
    """Fill a QTableWidget with texts: ``numeric`` columns flush right, first and last cell in the colour of the row."""
    table.setRowCount(len(rows))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            if column in numeric:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            if colours and column in (0, len(texts) - 1):
                paint(item, colours[row])
            table.setItem(row, column, item)
    fitColumns(table)


def fitColumns(table, lastWidth=100):
    """Make columns as wide as their texts, but the last no wider than need be; rows become as high as theirs."""
    table.resizeColumnsToContents()
    last = table.columnCount - 1
    for column in range(last):
        table.setColumnWidth(column, min(table.columnWidth(column), WIDEST))
    table.setColumnWidth(last, min(table.columnWidth(last), lastWidth))  # at least: it stretches, and long texts wrap
    table.verticalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)


def stretchColumn(table, stretched):
    """Let one column take, and wrap its texts into, the room that the others leave; for once, before the table is filled."""
    header = table.horizontalHeader()
    header.setStretchLastSection(False)
    for column in range(table.columnCount):
        mode = qt.QHeaderView.Stretch if column == stretched else qt.QHeaderView.ResizeToContents
        header.setSectionResizeMode(column, mode)


def paint(item, colour):
    """Colour a cell; black on a pale ground is legible in light and dark styles."""
    item.setBackground(qt.QBrush(qt.QColor(*colour)))
    item.setForeground(qt.QBrush(qt.QColor(0, 0, 0)))


def selectedRow(table):
    """The row that is chosen, or -1."""
    items = table.selectedItems()
    return items[0].row() if items else -1
