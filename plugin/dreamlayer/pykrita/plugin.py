"""Deep Dream and Style Transfer among Krita's scripts: what Krita calls when it starts.

All else is imported when a painter chooses a command, so that Krita starts as fast as before.
"""

import sys

from krita import Extension, Krita

_PLACE = "tools/scripts"

_registered = []


def register():
    """Add the commands to Krita, once; what fails is one sentence in Krita's log."""
    if _registered:
        return
    try:
        from . import language

        language.choose()
        extension = Filters(Krita.instance())
        Krita.instance().addExtension(extension)
        _registered.append(extension)
    except Exception as error:
        # Krita starts without this plug-in.
        print("dreamlayer cannot be used: {}".format(_about(error)), file=sys.stderr)


class Filters(Extension):
    """The commands, as Krita sees them."""

    def __init__(self, parent):
        super().__init__(parent)
        self._commands = None

    def setup(self):
        """Krita calls this at its start."""

    def createActions(self, window):  # noqa: N802
        """Krita calls this for each of its windows."""
        from ..editor.translation import _

        # In the order of their names, by which Krita 5.3 sorts its menu.
        for name, text in (
            ("deep_dream", _("Deep Dream…")),
            ("repeat_dream", _("Repeat Deep Dream")),
            ("style_transfer", _("Style Transfer…")),
        ):
            action = window.createAction("dreamlayer_" + name, text, _PLACE)
            action.triggered.connect(lambda *_, name=name: self._run(name))

    def _run(self, name):
        """Do what a command says; any failure is one sentence for the painter."""
        try:
            if self._commands is None:
                from .commands import Commands

                self._commands = Commands()
            getattr(self._commands, name)()
        except Exception as error:
            from .message import show_failure

            print("dreamlayer: {}".format(_about(error)), file=sys.stderr)
            show_failure(_about(error))


def _about(error):
    return "{}: {}".format(type(error).__name__, error)
