# -*- coding: utf-8 -*-
"""What saving a painter's own preset must do, in Python 2.7 and 3 alike.

Each case opens with a sentence of behaviour and raises where that does not hold.
"""

from __future__ import unicode_literals

import io
import json
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_TESTS = os.path.dirname(_HERE)
PLUGIN = os.path.join(os.path.dirname(os.path.dirname(_TESTS)), str("plugin"), str("dreamlayer"))
sys.path.insert(0, PLUGIN)

from editor.own_presets import LONGEST_NAME, check_name, save  # noqa: E402
from editor.settings import SettingError  # noqa: E402

# The folder's own dreamlayer.py would hide the package of that name.
sys.path.remove(PLUGIN)

TAKEN = ["fur", "like-style"]
ALLOWED = ["My forest", "a", "wörks 2", "x.y", "b" * LONGEST_NAME, "控えめ", "a-b", "comet"]
REFUSED = ["", " ", "a/b", "a\\b", "c:d", "a\tb", "a\u2028b", "a\u200eb", "con", "NUL.x", "lpt1"]
REFUSED += [".hidden", "-x", "x.", "FUR", "like-style", "custom", "b" * (LONGEST_NAME + 1), "a*"]


def _text(folder):
    return folder if isinstance(folder, type("")) else folder.decode("utf-8")


def _read(path):
    native = path.encode("utf-8") if sys.version_info[0] == 2 else path
    with io.open(native, encoding="utf-8") as file:
        return json.load(file)


def _refusal(call, *arguments):
    try:
        call(*arguments)
    except SettingError as error:
        return error.args[0]
    return ""


def case_names(_folder):
    """What is a file's name on every system is allowed; all else is refused in a sentence."""
    for name in ALLOWED:
        assert _refusal(check_name, name, TAKEN) == "", name
    for name in REFUSED:
        assert _refusal(check_name, name, TAKEN).endswith("."), name


def case_saved(folder):
    """The folder is made where it is missing; one of the same name is replaced; nothing is left."""
    there = _text(folder) + "/wörks/presets"
    recipe = {"steps": 3, "layers": "mixed3", "guide": "/bilder/blüte.png"}
    assert save(there, " Mein Fell ", recipe, TAKEN) == "Mein Fell"
    assert _read(there + "/Mein Fell.json") == recipe
    save(there, "Mein Fell", dict(recipe, steps=4), TAKEN)
    assert _read(there + "/Mein Fell.json")["steps"] == 4
    native = there.encode("utf-8") if sys.version_info[0] == 2 else there
    assert len(os.listdir(native)) == 1


def case_not_saved(folder):
    """A folder that is a file is told of in one sentence, and a bad name writes nothing."""
    there = _text(folder) + "/file"
    native = there.encode("utf-8") if sys.version_info[0] == 2 else there
    with io.open(native, "w", encoding="utf-8") as file:
        file.write("x")
    assert there in _refusal(save, there, "fine", {"steps": 3}, TAKEN)
    assert _refusal(save, there + "2", "fur", {"steps": 3}, TAKEN)
    assert os.listdir(os.path.dirname(native)) == [os.path.basename(native)]
