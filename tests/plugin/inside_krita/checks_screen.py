"""What the dialogs of Krita put off, in its own Python and Qt."""

import contextlib
import gc
import io

from dialog_scene import handle_events

from dreamlayer.pykrita.dialog import screen


def check_what_nobody_keeps_is_called_later():
    """Once; as the end of a worker that does not stop."""
    calls = []
    screen.call_later(20, lambda: calls.append("later"))
    screen.call_soon(lambda: calls.append("soon"))
    gc.collect()
    handle_events(0.3)
    assert calls == ["soon", "later"], calls


def check_what_is_forgotten_is_not_called():
    """Also where it is forgotten a second time."""
    calls = []
    timer = screen.call_later(20, lambda: calls.append("later"))
    screen.forget(timer)
    screen.forget(timer)
    handle_events(0.1)
    assert not calls


def check_what_fails_is_a_line_in_the_log():
    """It does not reach Krita, which would show its code to the painter."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        screen.call_later(0, lambda: 1 / 0)
        screen.call_soon(lambda: [].pop())
        handle_events(0.1)
    lines = sorted(said.getvalue().splitlines())
    assert lines == [
        "dreamlayer: IndexError: pop from empty list",
        "dreamlayer: ZeroDivisionError: division by zero",
    ], lines
