# -*- coding: utf-8 -*-
"""Runs the cases of a file in whatever Python this is: run.py CASES RESULTS.

Each function `case_...` of that file is called with a fresh folder; the JSON file RESULTS gets what
each came to: "ok", or a traceback.
"""

from __future__ import unicode_literals

import io
import json
import os
import shutil
import sys
import tempfile
import traceback

FRESH = str("a földer ☂ ") if sys.version_info[0] > 2 else "a földer ☂ ".encode("utf-8")


def main():
    """Run them all."""
    results = {"version": sys.version}
    place, name = os.path.split(sys.argv[1])
    sys.path.insert(0, place)
    cases = vars(__import__(os.path.splitext(name)[0]))
    for name in sorted(name for name in cases if name.startswith("case_")):
        folder = tempfile.mkdtemp(prefix=FRESH)
        try:
            cases[name](folder)
            results[name] = "ok"
        except Exception:
            trace = traceback.format_exc()
            results[name] = trace.decode("utf-8", "replace") if isinstance(trace, bytes) else trace
        finally:
            shutil.rmtree(folder)
    with io.open(sys.argv[2], "wb") as file:
        file.write(json.dumps(results).encode("ascii"))


if __name__ == "__main__":
    main()
