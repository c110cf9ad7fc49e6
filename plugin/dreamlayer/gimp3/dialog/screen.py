"""GTK as the dialogs of all editors know it, see `editor.dialog`."""

from gi.repository import GLib

from gimp3.dialog import picture as pictures

Loop = GLib.MainLoop
picture, mixed = pictures.pixbuf, pictures.mixed


def call_later(milliseconds, call):
    """Call once after that time; a timer."""
    return GLib.timeout_add(milliseconds, lambda: call() and False)


def forget(timer):
    """Do not call what a timer would call."""
    GLib.source_remove(timer)


def call_soon(call):
    """Call once on the thread of the windows."""
    GLib.idle_add(lambda: call() and False, priority=GLib.PRIORITY_DEFAULT)
