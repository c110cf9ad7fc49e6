"""Pages with tabs, whose titles stand closer together where many of them do not fit."""

from ..qt import Qt, QtWidgets

_SPACES = (None, 16, 10, 6)
"""Pixels beside a title: those of the style, and fewer."""


class Tabs(QtWidgets.QTabWidget):
    """Pages, all of whose titles are seen at once."""

    def __init__(self):
        super().__init__()
        self.setTabBar(_Bar())
        self.setUsesScrollButtons(False)
        # Where even that is too wide, titles end in dots before they widen the window.
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self._space, self._fitted = None, None

    def resizeEvent(self, event):  # noqa: N802  (Qt's own name)
        """There is more room for titles, or less."""
        super().resizeEvent(event)
        self._fit()

    def tabInserted(self, place):  # noqa: N802  (Qt's own name)
        """Another title needs room."""
        super().tabInserted(place)
        self.setTabToolTip(place, self.tabText(place))
        self._fit()

    def tabRemoved(self, place):  # noqa: N802  (Qt's own name)
        """There is more room again."""
        super().tabRemoved(place)
        self._fit()

    def _fit(self):
        fitted = self.width(), [self.tabText(n) for n in range(self.count())]
        if fitted == self._fitted or not self.isVisible():
            return
        self._fitted = fitted
        for space in _SPACES:
            self._set_space(space)
            if self.tabBar().wanted() <= self.width():
                break

    def showEvent(self, event):  # noqa: N802  (Qt's own name)
        """The width is known now."""
        super().showEvent(event)
        self._fit()

    def _set_space(self, space):
        if space != self._space:
            self._space = space
            name = QtWidgets.QApplication.style().objectName()
            self.tabBar().setStyle(None if space is None else _Close(name, space))


class _Bar(QtWidgets.QTabBar):
    """The titles; those that are laid out already may have been made to fit."""

    def wanted(self):
        """Pixels in which all of them are seen whole."""
        return sum(self.tabSizeHint(number).width() for number in range(self.count()))


class _Close(QtWidgets.QProxyStyle):
    """A style with so many pixels beside the titles of tabs."""

    def __init__(self, name, space):
        super().__init__(name)
        self._space = space

    def pixelMetric(self, metric, option=None, widget=None):  # noqa: N802  (Qt's own name)
        """That space, and all others as they are."""
        if metric == QtWidgets.QStyle.PixelMetric.PM_TabBarTabHSpace:
            return self._space
        return super().pixelMetric(metric, option, widget)
