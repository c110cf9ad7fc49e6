# -*- coding: utf-8 -*-
"""Starts the worker in the Python that the installer chose, for Python 2.7 and 3."""

from __future__ import unicode_literals

import io
import json
import os
import subprocess
import sys

from .translation import _

SETTINGS = "worker.json"
"""Written into this folder by `dreamlayer-plugin install`: which command starts the worker."""

_FOREIGN = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONPLATLIBDIR",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "GI_TYPELIB_PATH",
    "GEGL_PATH",
    "BABL_PATH",
)
"""Variables that an editor sets for itself; they would give another Python the wrong libraries."""

_NO_WINDOW = 0x08000000


class WorkerError(Exception):
    """A sentence for the painter; `kind` is the error's class in the worker, `id` the request's."""

    def __init__(self, sentence, kind="WorkerError", id=None):
        super(WorkerError, self).__init__(sentence)
        self.sentence = sentence
        self.kind = kind
        self.id = id


def settings(folder):
    """What the installer wrote: `command` (list of text), `environment` (dict) and `version`."""
    # Native text: in Python 2 a folder is bytes, which mix with no other text than ASCII.
    path = os.path.join(folder, str(SETTINGS))
    try:
        with io.open(path, encoding="utf-8") as file:
            read = json.load(file)
    except (IOError, OSError):
        raise WorkerError(
            _(
                "Deep Dream does not know which Python to use; "
                "run in a terminal: dreamlayer-plugin install"
            )
        )
    except ValueError:
        raise WorkerError(
            _("{path} is damaged; run in a terminal: dreamlayer-plugin install").format(
                path=_as_text(path)
            )
        )
    command = read.get("command") if isinstance(read, dict) else None
    if not isinstance(command, list) or not command or not _are_texts(command):
        raise WorkerError(
            _("{path} names no command; run in a terminal: dreamlayer-plugin install").format(
                path=_as_text(path)
            )
        )
    extra = read.setdefault("environment", {})
    if not isinstance(extra, dict) or not _are_texts(extra.values()):
        raise WorkerError(
            _("{path} names no environment; run in a terminal: dreamlayer-plugin install").format(
                path=_as_text(path)
            )
        )
    return read


def worker_environment(environment, extra):
    """The environment for the worker: without the editor's own variables, with `extra`."""
    kept = dict((k, v) for k, v in environment.items() if _as_text(k).upper() not in _FOREIGN)
    kept.update(extra)
    # Text is UTF-8 whatever the editor's locale is.
    kept.update({"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"})
    # ONNX Runtime reports to Microsoft unless it is told not to.
    kept.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return kept


def start(folder, arguments):
    """Start the worker; its process, with pipes.

    Parameters
    ----------
    folder : text
        Where the installer wrote its settings.
    arguments : list of text
        What follows its command.

    Raises
    ------
    WorkerError
        It cannot be started.
    """
    chosen = settings(folder)
    command = chosen["command"] + arguments
    environment = worker_environment(os.environ, chosen["environment"])
    if sys.version_info[0] == 2:
        # Python 2 encodes by the locale, which may be C; on Windows by the code page.
        code = "mbcs" if os.name == "nt" else "utf-8"
        command = [_as_bytes(part, code) for part in command]
        environment = dict((_as_bytes(k, code), _as_bytes(v, code)) for k, v in environment.items())
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            bufsize=-1,
            close_fds=os.name != "nt",
            creationflags=_NO_WINDOW if os.name == "nt" else 0,
        )
    except (OSError, ValueError) as error:
        raise WorkerError(
            _(
                "the Python that Deep Dream was installed with does not start "
                "({path}: {reason}); run dreamlayer-plugin doctor in a terminal"
            ).format(
                path=chosen["command"][0],
                reason=_as_text(getattr(error, "strerror", None) or str(error)),
            )
        )


def _are_texts(values):
    return all(isinstance(value, type("")) for value in values)


def _as_bytes(text, code):
    return text.encode(code) if not isinstance(text, bytes) else text


def _as_text(native):
    """Native text, which is bytes in Python 2, as text."""
    return native.decode("utf-8", "replace") if isinstance(native, bytes) else native
