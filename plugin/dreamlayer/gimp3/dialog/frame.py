"""The frame of a dialog: GIMP's own, with our buttons and without its row to save settings."""

from editor.translation import _
from gi.repository import Gdk, Gtk

_WIDTH, _HEIGHT = 1320, 660
"""The window's size where the screen has room; on large screens it is larger."""

_OF_SCREEN = 0.72


def add_buttons(window, ok_label, apply_help):
    """Name the button that does the work and closes, and add Apply, which is returned."""
    window.set_ok_label(ok_label)
    # Help would open GIMP's manual, which has no page for our filters.
    help_ = window.get_widget_for_response(Gtk.ResponseType.HELP)
    if help_ is not None:
        help_.hide()
    apply = window.add_button(_("_Apply"), Gtk.ResponseType.APPLY)
    apply.set_tooltip_text(apply_help)
    buttons = window.get_action_area()
    buttons.reorder_child(apply, len(buttons.get_children()) - 2)
    return apply


def fill(window, pane, side):
    """Put the preview at the left, which grows with the window, and the settings at the right."""
    panes = Gtk.Box(spacing=12, border_width=12)
    panes.pack_start(pane, True, True, 0)
    panes.pack_start(side, False, False, 0)
    panes.show_all()
    window.get_content_area().pack_start(panes, True, True, 0)
    _hide_others(window, panes)
    window.set_default_size(*_size_for_screen())
    window.set_default_response(Gtk.ResponseType.OK)


def _hide_others(window, ours):
    """Hide GIMP's row with one place to save settings: presets of one's own are for that."""
    buttons = window.get_action_area()
    for child in window.get_content_area().get_children():
        if child is not ours and child is not buttons and not buttons.is_ancestor(child):
            child.set_no_show_all(True)
            child.hide()


def _size_for_screen():
    """The window's size: most of a small screen, a good part of a large one."""
    display = Gdk.Display.get_default()
    monitor = display.get_primary_monitor() or display.get_monitor(0)
    area = monitor.get_workarea()
    width = min(max(_WIDTH, round(area.width * _OF_SCREEN)), area.width - 40)
    height = min(max(_HEIGHT, round(area.height * _OF_SCREEN)), area.height - 80)
    return width, height
