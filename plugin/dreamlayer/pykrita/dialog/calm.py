"""Fields that the wheel does not change while the page below them is scrolled."""

from ..qt import Qt, QtWidgets


class Calm:
    """To be mixed in before a widget: the wheel changes it only while it has the focus."""

    def be_calm(self):
        """To be called once; Tab and a click give it the focus, the wheel does not."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event):  # noqa: N802  (Qt's own name)
        """Leave it to the page."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class CalmList(Calm, QtWidgets.QComboBox):
    """A list of choices that is as wide as there is room."""

    def __init__(self):
        super().__init__()
        self.be_calm()
        adjust = QtWidgets.QComboBox.SizeAdjustPolicy
        self.setSizeAdjustPolicy(adjust.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)
