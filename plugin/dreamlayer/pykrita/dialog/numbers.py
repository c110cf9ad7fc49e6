"""Number fields of the dialog, with a slider beside those that are often moved."""

import re

from ...editor.dialog.number_fields import AUTO, SLIDERS, digits_of, fewest_digits
from ..qt import Qt, QtCore, QtGui, QtWidgets
from .bound import bound
from .calm import Calm

_MOST_DIGITS = 9
_NARROWEST = 6
"""Characters that a field has room for at least."""

_SLIDER_WIDTH = 40
_AS_TYPED = {0x2212: "-", 0x066B: ".", 0x200E: None, 0x200F: None, 0x061C: None}
"""What Qt writes in some languages, Swedish, Norwegian, Finnish, Slovenian and Arabic among them,
for a hyphen and a point, and marks of the direction of writing."""

_NUMBER = re.compile(r"[-+]?\d*([.,]\d*)?$")


class NumberField(Calm, QtWidgets.QDoubleSpinBox):
    """A field that takes decimal points and commas, and shows as many digits as a number has.

    Parameters
    ----------
    low, high : float
        The range.
    step : float
        What the arrows add.
    fewest : int
        Decimal places that are shown at least.
    whole : bool
        Whether there are whole numbers only.
    auto : bool
        Whether 0, the lowest, stands for a number that is chosen.
    """

    def __init__(self, low, high, step, fewest=0, whole=False, auto=False):
        super().__init__()
        self.be_calm()
        self._fewest, self._whole = fewest, whole
        locale = QtCore.QLocale(self.locale())
        locale.setNumberOptions(QtCore.QLocale.NumberOption.OmitGroupSeparator)
        self.setLocale(locale)
        self.setDecimals(0 if whole else _MOST_DIGITS)
        self.setRange(low, high)
        self.setSingleStep(step)
        if auto:
            self.setSpecialValueText(AUTO)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Minimum, policy.Fixed)
        self.valueChanged.connect(lambda _: self.updateGeometry())

    def number(self):
        """The value, an int where there are whole numbers only."""
        return int(self.value()) if self._whole else round(self.value(), _MOST_DIGITS)

    def show_number(self, value):
        """Show a value; what is being typed stays where it means the same."""
        if value != self.number():
            self.setValue(value)

    def textFromValue(self, value):  # noqa: N802  (Qt's own name)
        """As many digits as the number has."""
        digits = 0 if self._whole else digits_of(value, self._fewest)
        return self.locale().toString(float(value), "f", digits)

    def valueFromText(self, text):  # noqa: N802  (Qt's own name)
        """The number that is typed."""
        value = self._read(text)
        return super().valueFromText(text) if value is None else value

    def validate(self, text, place):
        """Whether a text is a number, or may become one."""
        state = QtGui.QValidator.State
        typed = self._typed(text)
        value = self._read(text)
        if value is not None and self.minimum() <= value <= self.maximum():
            return state.Acceptable, text, place
        begun = bool(typed) and self.specialValueText().startswith(typed)
        whole = not self._whole or not re.search("[.,]", typed)
        sign = self.minimum() < 0 or not typed.startswith("-")
        if begun or (_NUMBER.match(typed) and whole and sign):
            return state.Intermediate, text, place
        return state.Invalid, text, place

    def fixup(self, text):
        """The closest number that is allowed."""
        value = self._read(text)
        if value is None:
            value = self.value()
        return self.textFromValue(min(max(value, self.minimum()), self.maximum()))

    def sizeHint(self):  # noqa: N802  (Qt's own name)
        """As wide as its number."""
        self.ensurePolished()
        characters = max(_NARROWEST, len(self.text()))
        width = self.fontMetrics().horizontalAdvance("0") * characters + 6
        option = QtWidgets.QStyleOptionSpinBox()
        self.initStyleOption(option)
        inner = QtCore.QSize(width, self.lineEdit().sizeHint().height())
        kind = QtWidgets.QStyle.ContentsType.CT_SpinBox
        return self.style().sizeFromContents(kind, option, inner, self)

    def minimumSizeHint(self):  # noqa: N802  (Qt's own name)
        """No narrower."""
        return self.sizeHint()

    def _typed(self, text):
        """What was typed of a text."""
        suffix = self.suffix()
        typed = text[: -len(suffix)] if suffix and text.endswith(suffix) else text
        return typed.translate(_AS_TYPED).strip()

    def _read(self, text):
        """The number that a text is, or None."""
        typed = self._typed(text)
        if self.specialValueText() and typed == self.specialValueText():
            return self.minimum()
        if not _NUMBER.match(typed):
            return None
        try:
            return float(typed.replace(",", "."))
        except ValueError:
            return None


class Slider(Calm, QtWidgets.QSlider):
    """A slider of fractions.

    Parameters
    ----------
    low, high : float
        Its ends.
    step : float
        The distance between values.
    """

    def __init__(self, low, high, step):
        super().__init__(Qt.Orientation.Horizontal)
        self.be_calm()
        self._low, self._step = low, step
        self.setRange(0, round((high - low) / step))
        self.setPageStep(max(1, self.maximum() // 10))
        self.setMinimumWidth(_SLIDER_WIDTH)

    def tie(self, field):
        """Bind it to a `NumberField`, whose range may be larger."""

        def follow():
            place = round((field.value() - self._low) / self._step)
            was = self.blockSignals(True)
            self.setValue(min(max(place, 0), self.maximum()))
            self.blockSignals(was)

        follow()
        field.valueChanged.connect(lambda _: follow())
        self.valueChanged.connect(
            lambda place: field.setValue(round(self._low + place * self._step, _MOST_DIGITS))
        )


class NumberRow(QtWidgets.QWidget):
    """A number field, with a slider before it where that is given.

    Attributes
    ----------
    field : NumberField
        The field.
    """

    def __init__(self, field, slider=None):
        super().__init__()
        self.field, self.slider = field, slider
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        if slider is None:
            row.addWidget(field)
            row.addStretch(1)
        else:
            slider.tie(field)
            row.addWidget(slider, 1)
            row.addWidget(field)
        self.setFocusProxy(field)


def number(config, name, parameter):
    """A number field, bound to an argument, with a slider beside it where a range is known."""
    digits = fewest_digits(parameter)
    step = 10.0**-digits
    whole = parameter.kind == "int"
    field = NumberField(parameter.low, parameter.high, step, digits, whole, parameter.auto)
    bound(config, name, field.show_number, field.valueChanged, field.number)
    slider = None
    if parameter.name in SLIDERS:
        slider = Slider(*SLIDERS[parameter.name], step=step)
    return NumberRow(field, slider)
