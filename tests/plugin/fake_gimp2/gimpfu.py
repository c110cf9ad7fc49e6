# -*- coding: utf-8 -*-
"""A fake of gimpfu: registration, run modes and kept values; its dialog is a list of answers.

It fails where the real one does: on text that is not bytes, on values kept as a list, and it shows
what a filter raises under a dialog with its traceback.
"""

from __future__ import unicode_literals

import string
import sys
import traceback

import gimp
import gimpenums
from gimpenums import *  # noqa: F403

PF_INT32, PF_FLOAT, PF_STRING = gimpenums.PDB_INT32, gimpenums.PDB_FLOAT, gimpenums.PDB_STRING
PF_IMAGE, PF_DRAWABLE = gimpenums.PDB_IMAGE, gimpenums.PDB_DRAWABLE
PF_TOGGLE, PF_SLIDER, PF_SPINNER, PF_OPTION = 1000, 1001, 1002, 1013

_PDB = {
    PF_INT32: gimpenums.PDB_INT32,
    PF_FLOAT: gimpenums.PDB_FLOAT,
    PF_STRING: gimpenums.PDB_STRING,
    PF_IMAGE: gimpenums.PDB_IMAGE,
    PF_DRAWABLE: gimpenums.PDB_DRAWABLE,
    PF_TOGGLE: gimpenums.PDB_INT32,
    PF_SLIDER: gimpenums.PDB_FLOAT,
    PF_SPINNER: gimpenums.PDB_INT32,
    PF_OPTION: gimpenums.PDB_INT32,
}
_LETTERS = (string.ascii_letters + string.digits + "-_").encode("ascii")

answers = {}
"""What the painter enters, by an argument's name; None instead: Cancel."""

shown = []
"""The defaults that the last dialog showed."""

tracebacks = []
"""Dialogs that told of an error with its traceback."""

kept = {}
"""Values of the last run, by procedure."""

_registered = {}


def register(
    name,
    blurb,
    help,
    author,
    copyright,
    date,
    label,
    imagetypes,
    params,
    results,
    function,
    menu=None,
):
    for argument in params:
        assert len(argument) >= 4, argument
        assert type(argument[0]) is int, argument
        assert isinstance(argument[1], bytes), argument
        assert all(letter in _LETTERS for letter in argument[1]), argument
    facts = (blurb, help, author, copyright, date, label, imagetypes)
    _registered[name] = (facts, params, results, function, menu)


def _query():
    for name, (facts, params, results, _, menu) in _registered.items():
        arguments = [(gimpenums.PDB_INT32, b"run-mode", b"The run mode")]
        arguments += [(_PDB[p[0]], p[1], p[2].replace(b"_", b"")) for p in params]
        results = [(_PDB[r[0]], r[1], r[2]) for r in results]
        gimp.install_procedure(name, *(facts + (gimpenums.PLUGIN, arguments, results)))
        gimp.menu_register(name, menu)


def _get_defaults(name):
    if name in kept:
        return kept[name]
    return [argument[3] for argument in _registered[name][1]]


def _set_defaults(name, values):
    kept[name] = values


def _run(name, params):
    function = _registered[name][3]
    if params[0] == gimpenums.RUN_NONINTERACTIVE:
        return function(*params[1:])
    if params[0] == gimpenums.RUN_WITH_LAST_VALS:
        return function(*(params[1:3] + _get_defaults(name)[2:]))
    return _interact(name, params[1:3])


def _interact(name, start):
    if answers is None:
        return None
    _, declared, _, function, _ = _registered[name]
    values = []
    shown[:] = _get_defaults(name)[2:]
    for default, argument in zip(shown, declared[2:]):
        values.append(_entered(argument, answers.get(argument[1].decode("ascii"), default)))
    sys.modules["gtk"] = gtk
    try:
        _set_defaults(name, start + tuple(values))
        return function(*(start + tuple(values)))
    except Exception:
        tracebacks.append(traceback.format_exc())
        raise
    finally:
        del sys.modules["gtk"]


def _entered(argument, value):
    """What the widget of an argument gives for what the painter sees in it."""
    kind = argument[0]
    if kind == PF_SPINNER:
        low, high, _ = argument[4]
        return float(min(max(value, low), high))
    if kind == PF_FLOAT:
        return float(str(value))
    if kind == PF_STRING:
        return str(value)
    if kind == PF_OPTION:
        assert 0 <= value < len(argument[4])
        return value
    assert kind == PF_TOGGLE, argument
    return bool(value)


class gtk(object):
    """As much of PyGTK as a running dialog takes part in; `press` is called at each look."""

    RESPONSE_CANCEL = -6
    press = None

    class Dialog(object):
        is_cancel_sensitive = False

        def __init__(self):
            self.handlers = []

        def set_response_sensitive(self, response, sensitive):
            self.is_cancel_sensitive = sensitive

        def connect(self, signal, handler):
            assert signal == b"response"
            self.handlers.append(handler)

    dialog = Dialog()

    @classmethod
    def window_list_toplevels(cls):
        return [cls.dialog, object()]

    @classmethod
    def events_pending(cls):
        return cls.press is not None and cls.press()

    @classmethod
    def main_iteration(cls, block):
        assert block is False
        cls.press = None
        if cls.dialog.is_cancel_sensitive:
            for handler in cls.dialog.handlers:
                handler(cls.dialog, cls.RESPONSE_CANCEL)
