"""The modes of new layers that Krita has, by the names that all editors share."""

from ..editor.choices import MODES
from ..editor.settings import SettingError
from . import words

_IDS = {
    "normal": "normal",
    "lighten-only": "lighten",
    "screen": "screen",
    "darken-only": "darken",
    "multiply": "multiply",
    "overlay": "overlay",
    "softlight": "soft_light_svg",
    "hardlight": "hard_light",
    "difference": "diff",
    "hsl-color": "color_hsl",
    "luminance": "luminize",
}
"""What Krita calls them; for others it would take the normal one."""

OFFERED = [name for name in MODES if name in _IDS]
"""Those of `choices.MODES` that can be chosen in Krita."""


def krita_mode(name):
    """Krita's name of a mode; `SettingError` where it has none like it."""
    if name not in _IDS:
        raise SettingError(words.NO_SUCH_MODE.format(mode=name, allowed=", ".join(OFFERED)))
    return _IDS[name]
