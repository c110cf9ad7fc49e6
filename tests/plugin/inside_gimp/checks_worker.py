"""A worker that is missing, dies or is cancelled."""

import json
import os
import signal

from gi.repository import Gimp
from scene import PLUGIN, SLOW, bits, dream, dreamt, gone, picture, refused, when_running


def check_worker_missing():
    """Without the interpreter or the settings, a sentence says what to run."""
    path = os.path.join(PLUGIN, "worker.json")
    with open(path, encoding="utf-8") as file:
        kept = file.read()
    image = picture()
    try:
        os.remove(path)
        refused(image, image.get_layers(), "dreamlayer-plugin install")
        for text in ("{", "[]", '{"command": []}'):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            refused(image, image.get_layers(), "dreamlayer-plugin install")
        for command in (
            ["/no such place/python"],
            ["/usr/bin/false"],
            ["/usr/bin/python3", "-c", "nonsense"],
        ):
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"command": command}, file)
            refused(image, image.get_layers(), "doctor")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"command": ["/usr/bin/python3", "-c", "print('hello')"]}, file)
        refused(image, image.get_layers(), "hello")
        with open(path, "w", encoding="utf-8") as file:
            text = 'print(\'{"type": "ready", "protocol": 99, "version": "9.9"}\')'
            json.dump({"command": ["/usr/bin/python3", "-c", text]}, file)
        refused(image, image.get_layers(), "9.9", "install")
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(kept)
    dreamt(image, image.get_layers())


def check_worker_killed():
    """A worker that dies in the middle is told of, and the image is as it was."""
    image = picture()
    killer = when_running("worker", lambda number: os.kill(number, signal.SIGKILL))
    refused(image, image.get_layers(), "ended unexpectedly", "doctor", **SLOW)
    killer.join()
    assert gone("plug-in")
    dreamt(image, image.get_layers())


def check_cancel():
    """A cancel, which kills the plug-in, ends the worker at once and leaves the image."""
    image = picture()
    layer = image.get_layers()[0]
    before = bits(layer)
    # As GIMP does it: the plug-in's whole process group.
    killer = when_running(
        "plug-in", lambda number: os.killpg(os.getpgid(number), signal.SIGKILL), 2.0
    )
    status, _, _ = dream(image, [layer], **SLOW)
    killer.join()
    assert status != Gimp.PDBStatusType.SUCCESS
    assert gone("worker")
    assert gone("plug-in")
    assert bits(layer) == before
    # The plug-in alone: the worker ends since its input closes.
    killer = when_running("plug-in", lambda number: os.kill(number, signal.SIGKILL), 2.0)
    status, _, _ = dream(image, [layer], **SLOW)
    killer.join()
    assert status != Gimp.PDBStatusType.SUCCESS
    assert gone("worker")
    assert bits(layer) == before
    assert image.undo_is_enabled()
    dreamt(image, [layer])
