"""The order in which Tab leads to widgets that are added later than those after them."""

from ..qt import Qt, QtWidgets


def follow(anchor, widgets):
    """Let Tab lead to these widgets, in order, right after another one or its place.

    Parameters
    ----------
    anchor : QWidget
        A widget of the same window, which need not take the focus.
    widgets : list of QWidget
        Which take it.
    """
    policy = anchor.focusPolicy()
    # Qt does nothing where one of both takes no focus.
    anchor.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    last = anchor
    for widget in widgets:
        QtWidgets.QWidget.setTabOrder(last, widget)
        last = widget
    anchor.setFocusPolicy(policy)
