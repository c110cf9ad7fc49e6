"""How numbers are shown in the dialogs: decimal places, and the ranges of sliders."""

from ..translation import _

_DIGITS = {
    "octave_scale": 2,
    "step_size": 4,
    "smoothing": 1,
    "strength": 2,
    "anchor": 2,
    "max_loss": 2,
    "zoom": 1,
    "rotation": 1,
}
"""Fewest decimal places that a field shows; 3 for others."""

_MOST_DIGITS = 9

SLIDERS = {
    "strength": (0.0, 1.0),
    "steps": (0, 100),
    "octaves": (0, 16),
    "octave_scale": (1.01, 3.0),
    "step_size": (0.0, 0.05),
    "smoothing": (0.0, 10.0),
    "anchor": (0.0, 1.0),
    "frames": (2, 120),
    "zoom": (-10.0, 10.0),
    "rotation": (-10.0, 10.0),
    "frame_steps": (0, 10),
    "frame_time": (20, 500),
}
"""The range of a slider; the number field beside it takes the parameter's whole range."""

AUTO = _("auto")
"""What a field shows for a 0 that stands for a number that is chosen."""

WEIGHT_DIGITS = 2
"""Fewest decimal places of a layer's weight."""

WEIGHT_SLIDER, WEIGHT_STEP = 2.0, 0.05
"""How far the slider of a layer's weight goes to both sides, and the size of its steps."""

FARTHEST_WEIGHT = 1000.0
"""Weights that the number field takes; slider and field show others at its end."""


def fewest_digits(parameter):
    """The decimal places that a parameter's field shows at least."""
    return 0 if parameter.kind == "int" else _DIGITS.get(parameter.name, 3)


def digits_of(value, fewest):
    """The decimal places by which a number is shown whole: a field rounds what it does not show."""
    return max(fewest, len(f"{value:.{_MOST_DIGITS}f}".rstrip("0").partition(".")[2]))
