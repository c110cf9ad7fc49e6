"""Runs the checks of `checks_*.py` inside a real GIMP 3, in its own Python.

GIMP's batch interpreter runs this file; `tests/plugin/test_gimp.py` starts it and reads the
results. Each function `check_...` is one check; it opens with a sentence of behaviour and raises
where that does not hold. The environment names the checks, DREAMLAYER_CHECKS, where not all are to
run.
"""

import importlib
import json
import os
import sys
import time
import traceback

from gi.repository import Gegl, Gimp

HERE = os.path.dirname(os.path.abspath(__file__))


def checks():
    """All checks by name, in the order of the files and in them."""
    # The folder is the checkout's, where nothing may be left.
    sys.dont_write_bytecode = True
    sys.path.insert(0, HERE)
    found = {}
    for file in sorted(os.listdir(HERE)):
        if file.startswith("checks_"):
            module = importlib.import_module(file.removesuffix(".py"))
            found.update((n, c) for n, c in vars(module).items() if n.startswith("check_"))
    return found


def main():
    """Run the checks; write what each came to."""
    Gegl.init(None)
    wanted = os.environ.get("DREAMLAYER_CHECKS", "").split()
    results = {"version": Gimp.version()}
    for name, check in checks().items():
        if wanted and name not in wanted:
            continue
        began = time.monotonic()
        try:
            check()
            results[name] = "ok"
        except Exception:
            results[name] = traceback.format_exc()
        print(name, f"{time.monotonic() - began:.1f} s", flush=True)
        # One at a time: should GIMP die, what is there tells where.
        path = os.path.join(os.environ["DREAMLAYER_RESULTS"], "results.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(results, file)


main()
