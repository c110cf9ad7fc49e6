"""Checks in Krita's window, where alone there are undo steps."""

import time

import scene
from krita import Krita, QApplication

from dreamlayer.pykrita.frames import animated_layer
from dreamlayer.pykrita.layers import Look
from dreamlayer.pykrita.output import show


def _pump(seconds=0.5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.instance().processEvents()
        time.sleep(0.01)


def _shown():
    made = scene.document()
    scene.add(made, scene.opaque())
    show(made)
    _pump(1.0)
    return made, scene.top(made)


def _act(made, name):
    Krita.instance().action(name).trigger()
    _pump()
    made.waitForDone()


def _undone(made, before, names):
    """Undo must bring back what was seen, in one step, and redo the dream."""
    after, grown = scene.seen(made), scene.tree(made)
    _act(made, "edit_undo")
    assert scene.tree(made) == names and scene.seen(made) == before
    _act(made, "edit_redo")
    assert scene.tree(made) == grown and scene.seen(made) == after


def check_undo():
    """A dream is one undo step; undo and redo are exact."""
    made, node = _shown()
    before = scene.seen(made)
    scene.dream(made, [node])
    assert scene.seen(made) != before
    _undone(made, before, ["layer"])


def check_undo_of_a_layer_to_paint_in():
    """A layer to paint in, with its mask, is one undo step."""
    made, node = _shown()
    before = scene.seen(made)
    scene.dream(made, [node], output="paint-in")
    assert scene.seen(made) == before
    _undone(made, before, ["layer"])


def check_undo_of_key_frames():
    """All key frames together are one undo step; undo and redo are exact in each."""
    made, node = _shown()
    del node
    frames = [(time, scene.WHOLE, [scene.opaque(seed=time + 1)]) for time in (0, 3, 7)]
    layer = animated_layer(Look("moving", 100.0, "normal"), scene.SPACES[0], frames)
    made.rootNode().addChildNode(layer, None)
    made.setFullClipRangeEndTime(7)
    scene.settle(made)
    before = scene.seen(made)
    scene.dream(made, [scene.top(made)])
    result = scene.top(made)
    dreamt = [bytes(result.pixelDataAtTime(*scene.WHOLE, time)) for time in (0, 3, 7)]
    assert len(set(dreamt)) == 3
    _undone(made, before, ["layer", "moving"])
    result = scene.top(made)
    assert dreamt == [bytes(result.pixelDataAtTime(*scene.WHOLE, time)) for time in (0, 3, 7)]
