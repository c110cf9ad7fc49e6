"""The process that does the work: reads what to do, limits itself, answers once, and ends."""

from __future__ import annotations

import base64
import importlib
import json
import os
import pickle
import sys
import traceback
from typing import Any, NoReturn

from dreamlayer.core.errors import DreamlayerError, MemoryLimitError, printable
from dreamlayer.core.isolation import limits, place
from dreamlayer.core.runtime import cache

READY = b"ready\n"

_LIBRARIES = ("numpy", "onnx", "dreamlayer.core.runtime.installed")
"""Loaded before memory is limited, since they reserve more than they use."""


def serve() -> NoReturn:
    """Do what standard input says, and end the process."""
    place.enter()
    request = json.loads(_line())
    limits.end_with_parent(request["parent"])
    answers = os.dup(1)
    # What libraries print is no answer.
    os.dup2(2, 1)
    for name in _LIBRARIES:
        importlib.import_module(name)
    installed = sys.modules["dreamlayer.core.runtime.installed"]
    installed.silence()
    installed.runtime()
    _write(answers, READY)
    limits.limit(request["processor"], request["memory"])
    # What is tried here is no use of the cache, which the process that asked fills by itself.
    os.environ[cache.VARIABLE] = cache.OFF
    reply = _done(base64.b64decode(request["work"]))
    _write(answers, json.dumps(reply).encode() + b"\n")
    os._exit(0)


def _done(work: bytes) -> dict[str, Any]:
    try:
        function, arguments, named = pickle.loads(work)
        result = function(*arguments, **named)
        return {"result": result}
    except MemoryError:
        return {"memory": True}
    except DreamlayerError as error:
        if isinstance(error, MemoryLimitError):
            return {"memory": True}
        kind, sentence = type(error).__name__, printable(str(error))
        return {"kind": kind, "sentence": sentence, "trace": traceback.format_exc()}
    except Exception as error:
        return {"unexpected": type(error).__name__, "trace": traceback.format_exc()}


def _line() -> bytes:
    """The line that says what to do, and not a byte more."""
    parts: list[bytes] = []
    while not parts or not parts[-1].endswith(b"\n"):
        part = os.read(0, 1 << 16)
        if not part:
            os._exit(1)
        parts.append(part)
    return b"".join(parts)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
