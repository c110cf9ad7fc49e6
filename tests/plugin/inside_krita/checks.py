"""Runs the checks of `checks_*.py` and `in_window_*.py` inside a real Krita, in its own Python.

`tests/plugin/test_krita.py` starts it and reads the results. Each function `check_...` is one
check; it opens with a sentence of behaviour and raises where that does not hold. The environment
names the files, DREAMLAYER_CHECKS, by the beginning of their names. The last result is END: Krita
may crash when it is left, although all was done.
"""

import faulthandler
import importlib
import json
import os
import time
import traceback

import scene
from krita import Krita, QApplication

HERE = os.path.dirname(os.path.abspath(__file__))


def checks(beginning):
    """All checks by name, in the order of the files and in them."""
    found = {}
    for file in sorted(os.listdir(HERE)):
        if file.startswith(beginning):
            module = importlib.import_module(file[: -len(".py")])
            found.update((n, c) for n, c in vars(module).items() if n.startswith("check_"))
    return found


def main(*_arguments):
    """Run the checks; write what each came to."""
    faulthandler.enable()
    beginning = os.environ["DREAMLAYER_CHECKS"]
    wanted = os.environ.get("DREAMLAYER_ONLY", "").split()
    Krita.instance().setBatchmode(True)
    results = {"version": Krita.instance().version()}
    path = os.path.join(os.environ["DREAMLAYER_RESULTS"], beginning + ".json")
    try:
        found = checks(beginning)
    except Exception:
        found, results["import"] = {}, traceback.format_exc()
    for name, check in found.items():
        if wanted and name not in wanted:
            continue
        began = time.monotonic()
        try:
            check()
            results[name] = "ok"
        except Exception:
            results[name] = traceback.format_exc()
        print(name, f"{time.monotonic() - began:.1f} s", flush=True)
        # One at a time: should Krita die, what is there tells where.
        _write(path, results)
        for document in Krita.instance().documents():
            # Else, Krita's window would ask.
            document.setModified(False)
            document.waitForDone()
            document.close()
        # What Krita puts off when it closes a document is done before it opens the next.
        QApplication.instance().processEvents()
    scene.idle_worker().close()
    results["END"] = "ok"
    _write(path, results)


def _write(path, results):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(results, file)
