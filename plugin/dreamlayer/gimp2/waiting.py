# -*- coding: utf-8 -*-
"""Waiting for the worker in GIMP 2.10, with the progress bar and Cancel working."""

from __future__ import unicode_literals

import sys
import threading

import gimp
import Queue
from editor import messages

from gimp2.arguments import to_gimp

_LISTEN = 0.1
"""Seconds between two checks of the dialog's Cancel button."""


class CancelledError(Exception):
    """The painter has cancelled the dream."""


def wait(worker):
    """Wait for the result's header and show progress; `CancelledError` on Cancel."""
    news = Queue.Queue()
    listener = threading.Thread(target=_listen, args=(worker, news))
    listener.daemon = True
    listener.start()
    button = _CancelButton()
    while True:
        try:
            header = news.get(timeout=_LISTEN)
        except Queue.Empty:
            header = None
        if button.is_pressed():
            raise CancelledError
        if isinstance(header, Exception):
            raise header
        if header is None or header["type"] == "preview":
            continue
        if header["type"] == "result":
            return header
        gimp.pdb.gimp_progress_set_text(to_gimp(messages.progress(header)))
        if header["stage"] == "dreaming":
            gimp.progress_update(header["fraction"])


def _listen(worker, news):
    """Pass on the worker's messages, up to its result or an error."""
    try:
        while True:
            header = worker.receive()
            if header["type"] != "result":
                worker.skip(header)
            news.put(header)
            if header["type"] == "result":
                return
    except Exception as error:
        news.put(error)


class _CancelButton(object):
    """Cancel in gimpfu's dialog, which gimpfu disables while a filter runs."""

    def __init__(self):
        self._pressed = False
        self._gtk = sys.modules.get("gtk")  # gimpfu loads it where there is a dialog.
        for window in self._gtk.window_list_toplevels() if self._gtk else ():
            if isinstance(window, self._gtk.Dialog):
                window.set_response_sensitive(self._gtk.RESPONSE_CANCEL, True)
                window.connect(b"response", self._answer)

    def _answer(self, *_):
        self._pressed = True

    def is_pressed(self):
        """Process the dialog's events; whether Cancel has been pressed."""
        while self._gtk and self._gtk.events_pending():
            self._gtk.main_iteration(False)
        return self._pressed
