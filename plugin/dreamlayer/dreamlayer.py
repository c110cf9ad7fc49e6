#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Deep Dream in GIMP 3 and GIMP 2.10: the file that GIMP starts (plug-in-deep-dream)."""

import os
import sys

sys.dont_write_bytecode = True  # The installed folder stays as it is.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

try:
    import gimpfu  # GIMP 2.10 only  # noqa: F401
except ImportError:
    import gi

    for library, version in (("Gimp", "3.0"), ("Gegl", "0.4"), ("Babl", "0.1")):
        gi.require_version(library, version)
    import gimp3.filter as this_gimp
else:
    import gimp2.filter as this_gimp

this_gimp.main()
