"""Stops dreams in the middle as the dialog's Stop does, and takes the time until all is idle.

`main`, run by `real_krita.Krita.run`, does so with the default network on a large layer; it prints
the median and the longest, in seconds, and leaves all of them in `stopping.json`.
"""

import statistics
import time

import scene
from krita import Krita

from dreamlayer.editor.dialog.patient_worker import PatientWorker
from dreamlayer.editor.dialog.workers import kill_worker
from dreamlayer.editor.worker_client import Worker, WorkerError
from dreamlayer.pykrita.dialog import filter_window, screen

TIMES = 10
LARGE = scene.Box(0, 0, 2000, 1500)
_AFTER = 97
"""Milliseconds between the moments at which one dream after the other is stopped."""


def stop(made, values, after=0):
    """Begin to dream on the topmost layer, stop so many milliseconds after the first step.

    Returns
    -------
    seconds : float
        From the stop until the dream returned.
    sentence : str
        What the work said.
    """
    worker, began, timers = Worker(scene.FOLDER), [], []

    def insist():
        worker.kill()

    def press():
        began.append(time.monotonic())
        patient.cancel()
        timers.append(screen.call_later(filter_window.PATIENCE, insist))

    def progress(text, fraction):
        if fraction is not None and not timers:
            timers.append(screen.call_later(after, press))

    patient = PatientWorker(worker, nothing, nothing, screen)
    try:
        scene.dream(made, [scene.top(made)], values, progress, patient)
    except WorkerError as error:
        seconds, sentence = time.monotonic() - began[0], error.sentence
    else:
        raise AssertionError("the dream was not stopped")
    finally:
        for timer in timers:
            screen.forget(timer)
        kill_worker(worker)
    return seconds, sentence


def nothing(*_):
    """What the work tells is of no interest."""


def main(*_arguments):
    """Stop again and again at other moments."""
    Krita.instance().setBatchmode(True)
    made = scene.document(size=LARGE[2:])
    scene.add(made, scene.opaque(LARGE), LARGE)
    before, took = scene.tree(made), []
    for number in range(TIMES):
        took.append(stop(made, {"network": "default"}, number * _AFTER)[0])
        assert scene.tree(made) == before
    scene.keep("stopping.json", took)
    print(f"median {statistics.median(took):.3f} s, longest {max(took):.3f} s", flush=True)
