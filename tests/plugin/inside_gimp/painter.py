#!/usr/bin/env python3
"""A plug-in for the checks: a painter who works in GIMP while the filter's dream runs.

It runs from GIMP's start on, since the batch that calls the filter waits for it. The file
`change.json` in DREAMLAYER_RESULTS names a function of `changes.py`, its folder, an image and its
layers; it is called as soon as `asked` is there, which `paused_worker.py` writes, and then `go` is
written, or what went wrong as `failed`.
"""

import importlib
import json
import os
import sys
import time
import traceback

import gi

for library, version in (("Gimp", "3.0"), ("Gegl", "0.4"), ("Babl", "0.1")):
    gi.require_version(library, version)

from gi.repository import Gegl, Gimp  # noqa: E402

RESULTS = os.environ.get("DREAMLAYER_RESULTS", "")


class Painter(Gimp.PlugIn):
    """The plug-in as GIMP sees it."""

    def do_query_procedures(self):
        """The one procedure, which GIMP starts by itself."""
        return ["extension-painter"]

    def do_set_i18n(self, name):
        """There are no translations."""
        return False

    def do_create_procedure(self, name):
        """A procedure without arguments that goes on for as long as GIMP."""
        return Gimp.Procedure.new(self, name, Gimp.PDBProcType.PERSISTENT, run, None)


def run(procedure, config, data):
    """Wait for something to do, for ever."""
    Gegl.init(None)
    procedure.persistent_ready()
    parent = os.getppid()
    while os.getppid() == parent:
        wanted = os.path.join(RESULTS, "change.json")
        if os.path.exists(wanted) and os.path.exists(os.path.join(RESULTS, "asked")):
            with open(wanted, encoding="utf-8") as file:
                change = json.load(file)
            os.remove(wanted)
            try:
                act(change)
            except Exception:
                with open(os.path.join(RESULTS, "failed"), "w", encoding="utf-8") as file:
                    file.write(traceback.format_exc())
            with open(os.path.join(RESULTS, "go"), "w"):
                pass
        time.sleep(0.02)
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)


def act(change):
    """Do what is wanted."""
    if change["folder"] not in sys.path:
        sys.dont_write_bytecode = True
        sys.path.insert(0, change["folder"])
    image = Gimp.Image.get_by_id(change["image"])
    drawables = [Gimp.Drawable.get_by_id(number) for number in change["drawables"]]
    getattr(importlib.import_module("changes"), change["name"])(image, *drawables)


Gimp.main(Painter.__gtype__, sys.argv)
