"""The fractionation explorer as a picture, the same as the report's figure."""

import qt
from ReirradiationLib.dosimetry.radiobiology import LQ_LIMIT_GY_PER_FRACTION
from ReirradiationLib.report.feasibility_limits import limit_label
from ReirradiationLib.report.figure_style import PALETTE
from ReirradiationLib.report.fractionation_figure import MOST_ROWS, fractionation_axes
from slicer.i18n import tr as _

WIDTH, PLOT_HEIGHT, ROW = 400, 190, 15
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 8, 34
LEAST, PRESCRIPTION, CHOSEN = "#000000", "#b00020", "#444444"
GREY, GRID, HATCH = "#999999", "#dddddd", "#c4c4c4"
MOST_TICKS = 9


def fractionationPicture(summary, fractions):
    """A QPixmap of the curves of all limits, with a line at the number of fractions that is looked at."""
    curves = summary.curves[:MOST_ROWS]
    height = PLOT_HEIGHT + ROW * (len(curves) + 2 + (len(summary.curves) > MOST_ROWS)) + 6
    pixmap = qt.QPixmap(WIDTH, height)
    pixmap.fill(qt.QColor("#ffffff"))
    painter = qt.QPainter(pixmap)
    painter.setRenderHint(qt.QPainter.Antialiasing)
    font = qt.QFont(painter.font())
    font.setPixelSize(11)
    painter.setFont(font)
    _Figure(painter, summary).draw(fractions)
    painter.end()
    return pixmap


class _Figure:
    """Draws; only by calls of plain numbers, texts and paths, which every Qt binding has."""

    def __init__(self, painter, summary):
        self.painter, self.summary = painter, summary
        self.axes = fractionation_axes(summary)
        self.numbers = [dose.fractions for dose in summary.doses]

    def draw(self, fractions):
        painter = self.painter
        self._grid()
        painter.save()
        painter.setClipRect(LEFT, TOP, WIDTH - LEFT - RIGHT, PLOT_HEIGHT - TOP - BOTTOM)
        self._area(self.axes.beyond_lq())
        for n, curve in reversed(list(enumerate(self.summary.curves))):
            self._curve(curve.dose_gy, self._pen(n))
        self._curve([dose.dose_gy for dose in self.summary.doses], self._leastPen())
        self._look(fractions)
        self._prescription()
        painter.restore()
        self._legend()

    def x(self, fractions):
        return LEFT + (WIDTH - LEFT - RIGHT) * self.axes.across(fractions)

    def y(self, doseGy):
        return PLOT_HEIGHT - BOTTOM - (PLOT_HEIGHT - TOP - BOTTOM) * self.axes.up(doseGy)

    def _grid(self):
        for n in self.axes.fraction_ticks(MOST_TICKS):
            self._line(self.x(n), TOP, self.x(n), PLOT_HEIGHT - BOTTOM, _pen(GRID, 1.0))
            self._centred(self.x(n), PLOT_HEIGHT - BOTTOM + 13, str(n))
        for doseGy in self.axes.dose_ticks():
            self._line(LEFT, self.y(doseGy), WIDTH - RIGHT, self.y(doseGy), _pen(GRID, 1.0))
            text = f"{doseGy:g}"
            self._text(LEFT - 5 - self._width(text), self.y(doseGy) + 4, text)
        self._line(LEFT, TOP, LEFT, PLOT_HEIGHT - BOTTOM, _pen(CHOSEN, 1.0))
        self._line(LEFT, PLOT_HEIGHT - BOTTOM, WIDTH - RIGHT, PLOT_HEIGHT - BOTTOM, _pen(CHOSEN, 1.0))
        self._centred((LEFT + WIDTH - RIGHT) / 2, PLOT_HEIGHT - 6, _("Number of fractions"))
        self.painter.save()
        self.painter.translate(11, (TOP + PLOT_HEIGHT - BOTTOM) / 2)
        self.painter.rotate(-90)
        self._centred(0, 0, _("Physical dose [Gy]"))
        self.painter.restore()

    def _area(self, corners):
        path = self._path(corners)
        path.closeSubpath()
        self.painter.fillPath(path, qt.QBrush(qt.QColor(HATCH), qt.Qt.BDiagPattern))

    def _curve(self, doses, pen):
        self.painter.setPen(pen)
        self.painter.drawPath(self._path(list(zip(self.numbers, doses, strict=True))))

    def _path(self, points):
        path = qt.QPainterPath()
        for n, (fractions, doseGy) in enumerate(points):
            (path.moveTo if n == 0 else path.lineTo)(self.x(fractions), self.y(doseGy))
        return path

    def _look(self, fractions):
        shown = [dose for dose in self.summary.doses if dose.fractions == fractions]
        for dose in shown:
            x, y = self.x(fractions), self.y(dose.dose_gy)
            self._line(x, TOP, x, PLOT_HEIGHT - BOTTOM, _pen(CHOSEN, 1.2, qt.Qt.DashLine))
            dot = qt.QPainterPath()
            dot.addEllipse(x - 4.0, y - 4.0, 8.0, 8.0)
            self.painter.fillPath(dot, qt.QBrush(qt.QColor(LEAST)))

    def _prescription(self):
        x, y = self.x(self.summary.prescription_fractions), self.y(self.summary.prescription_gy)
        for colour, width in (("#ffffff", 5.0), (PRESCRIPTION, 2.4)):
            self._line(x - 6, y, x + 6, y, _pen(colour, width))
            self._line(x, y - 6, x, y + 6, _pen(colour, width))

    def _legend(self):
        row = PLOT_HEIGHT + 6
        summary = self.summary
        prescribed = _("prescription {dose:g} Gy in {fractions}").format(
            dose=summary.prescription_gy, fractions=summary.prescription_fractions
        )
        self._line(LEFT + 11, row, LEFT + 23, row, _pen(PRESCRIPTION, 2.4))
        self._line(LEFT + 17, row - 6, LEFT + 17, row + 6, _pen(PRESCRIPTION, 2.4))
        self._text(LEFT + 42, row + 4, prescribed)
        half = LEFT + 172
        self._hatchKey(half, row)
        self._text(half + 42, row + 4, _("above {dose:g} Gy per fraction").format(dose=LQ_LIMIT_GY_PER_FRACTION))
        keys = [(self._leastPen(), _("largest uniform dose (least of all)"))]
        keys += [(self._pen(n), limit_label(curve.limit)) for n, curve in enumerate(summary.curves[:MOST_ROWS])]
        if len(summary.curves) > MOST_ROWS:
            keys.append((self._pen(MOST_ROWS), _("{number} more limits").format(number=len(summary.curves) - MOST_ROWS)))
        for pen, label in keys:
            row += ROW
            self._line(LEFT, row, LEFT + 34, row, pen)
            self._text(LEFT + 42, row + 4, label)

    def _hatchKey(self, left, row):
        key = qt.QPainterPath()
        key.addRect(float(left), float(row - 5), 34.0, 10.0)
        self.painter.fillPath(key, qt.QBrush(qt.QColor(HATCH), qt.Qt.BDiagPattern))

    @staticmethod
    def _leastPen():
        colour = qt.QColor(LEAST)
        colour.setAlphaF(0.55)
        pen = qt.QPen(colour)
        pen.setWidthF(4.0)
        return pen

    @staticmethod
    def _pen(n):
        styles = (qt.Qt.SolidLine, qt.Qt.DashLine, qt.Qt.DotLine, qt.Qt.DashDotLine, qt.Qt.DashDotDotLine)
        return _pen(PALETTE[n % len(PALETTE)], 1.8, styles[n % len(styles)]) if n < MOST_ROWS else _pen(GREY, 1.2)

    def _line(self, x1, y1, x2, y2, pen):
        path = qt.QPainterPath()
        path.moveTo(x1, y1)
        path.lineTo(x2, y2)
        self.painter.setPen(pen)
        self.painter.drawPath(path)

    def _text(self, x, y, text):
        self.painter.setPen(_pen(CHOSEN, 1.0))
        self.painter.drawText(round(x), round(y), text)

    def _centred(self, x, y, text):
        self._text(x - self._width(text) / 2, y, text)

    def _width(self, text):
        return self.painter.fontMetrics().boundingRect(text).width()


def _pen(colour, width, style=None):
    pen = qt.QPen(qt.QColor(colour))
    pen.setWidthF(width)
    if style is not None:
        pen.setStyle(style)
    return pen
