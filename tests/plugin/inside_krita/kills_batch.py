"""Runs in Krita: works on documents until somebody kills it, and tells of each call.

With DREAMLAYER_ONE_ROUND in the environment it ends by itself after one call of each kind.
"""

import itertools
import json
import os

import scene
from key_frames_scene import changing
from krita import Krita

from dreamlayer.editor.dialog.patient_worker import PatientWorker
from dreamlayer.editor.worker_client import Worker
from dreamlayer.pykrita.dialog import screen

KINDS = ("layer", "key frames", "animation")
DREAM = dict(scene.QUICK, steps=8)


def tell(**facts):
    """Add a line to what the other side reads."""
    with open(os.path.join(scene.RESULTS, "calls.jsonl"), "a") as file:
        file.write(json.dumps(dict(facts, by=os.getpid())) + "\n")


def call(kind):
    """Dream, with a worker of its own as the plug-in does; the names of the layers then."""
    made = changing()[0] if kind == "key frames" else scene.picture(size=(320, 200))[0]
    how = {"output": "animation", "frames": 3} if kind == "animation" else {}
    tell(calling=kind)
    worker = Worker(scene.FOLDER)
    try:
        patient = PatientWorker(worker, nothing, nothing, screen)
        result, _notice = scene.dream(made, [scene.top(made)], DREAM, worker=patient, **how)
        return scene.tree(result)
    finally:
        worker.close()


def nothing(*_):
    """What the work tells is of no interest."""


def main(*_arguments):
    """Work until somebody kills this, or for one round; where the work fails, end."""
    Krita.instance().setBatchmode(True)
    # Not always the same kind first: most are killed in their first call.
    first = os.getpid() % len(KINDS)
    for number in itertools.count():
        kind = KINDS[(first + number) % len(KINDS)]
        tell(became=call(kind), kind=kind)
        if number == len(KINDS) - 1:
            tell(round=True)
        for document in Krita.instance().documents():
            document.setModified(False)
            document.waitForDone()
            document.close()
        if number == len(KINDS) - 1 and "DREAMLAYER_ONE_ROUND" in os.environ:
            break
