"""Checks of key frames: dreamt on one by one, steady between them, and made of animations."""

import scene
from key_frames_scene import CORNER, LARGE, TIMES, changing
from krita import Selection

from dreamlayer.editor.messages import RefusedError
from dreamlayer.editor.worker_client import WorkerError
from dreamlayer.pykrita.keyframes import times_of
from dreamlayer.pykrita.pixels import Box, Space, space_of
from dreamlayer.pykrita.recipes import recipe_on

STRONG = dict(scene.QUICK, **{"step-size": 0.1})


def _frames(node, box=LARGE):
    return [bytes(node.pixelDataAtTime(*box, time)) for time in TIMES]


def check_key_frames():
    """A layer with key frames becomes one with the same key frames; the picture itself stays."""
    lab, small = Space("LABA", "U16", "Lab identity built-in"), Box(0, 0, 61, 47)
    for space, box in ((None, LARGE), (lab, small)):
        made, node, before = changing(space, box)
        made.setCurrentTime(3)
        made.waitForDone()
        texts = scene.dreamt(made, node)
        result = scene.top(made)
        assert result.name() == "Deep Dream of moving"
        assert times_of(made, result) == times_of(made, node) == TIMES
        assert _frames(node, box) == before and made.currentTime() == 3
        after = _frames(result, box)
        assert all(scene.differing(*pair) > 5_000 for pair in zip(before, after))
        assert any("frame 3 of 3" in text for text in texts), texts[:3]
        assert recipe_on(made, result)["steps"] == 2
        assert space_of(result) == space_of(made)
        del node, result
        made.close()


def check_key_frames_of_no_steps():
    """With no steps, all key frames keep their bytes."""
    made, node, before = changing()
    scene.dream(made, [node], scene.NOTHING)
    assert _frames(scene.top(made)) == before


def _apart(frames, margin=0):
    """Mean difference of consecutive frames, of 255, where their pictures are the same.

    So many pixels around the difference are left out.
    """
    differences = []
    for number, one in enumerate(frames[:-1]):
        other = frames[number + 1]
        for row in range(LARGE.height):
            left = CORNER.width + margin if row < CORNER.height + margin else 0
            part = slice(4 * (row * LARGE.width + left), 4 * (row + 1) * LARGE.width)
            differences += [abs(a - b) for a, b in zip(one[part], other[part])]
    return sum(differences) / len(differences)


def check_steady():
    """Where the picture stays the same from frame to frame the dream does, but near changes."""
    made, node, before = changing()
    scene.dream(made, [node], STRONG)
    result = _frames(scene.top(made))
    alone = []
    for pixels in before:
        single = scene.document(size=LARGE[2:])
        layer = scene.add(single, pixels, LARGE)
        scene.dream(single, [layer], STRONG)
        alone.append(scene.data(scene.top(single), LARGE))
        del layer
        single.close()
    near = _apart(result), _apart(alone)
    far = _apart(result, 96), _apart(alone, 96)
    scene.keep("steady.json", {"all": near, "from 96 pixels on": far})
    assert far[0] == 0 < far[1], far
    assert near[0] < 0.6 * near[1], near
    # In the corner itself, each frame has its own dream.
    corners = [b"".join(f[1280 * r : 1280 * r + 160] for r in range(40)) for f in result]
    assert scene.differing(corners[0], corners[1]) > 3_000


def check_key_frames_with_selection():
    """With a selection, only what is selected is on the new layer, in every frame."""
    made, node, before = changing()
    selection = Selection()
    selection.select(10, 10, 100, 100, 255)
    made.setSelection(selection)
    made.waitForDone()
    scene.dream(made, [node])
    for frame in _frames(scene.top(made)):
        alphas = frame[3::4]
        assert alphas.count(255) == 100 * 100 and alphas.count(0) == len(alphas) - 100 * 100


def check_cancel_between_frames():
    """A cancel in between leaves nothing."""
    made, node, before = changing()
    texts = []

    class Cancelling:
        """A worker whose second dream is cancelled."""

        def __init__(self):
            self.dreams, self.read = 0, scene.idle_worker().read

        def dream(self, *words):
            """The first only."""
            self.dreams += 1
            if self.dreams > 1:
                raise WorkerError("the dream was cancelled", "CancelledError")
            return scene.idle_worker().dream(*words)

    try:
        scene.dream(made, [node], worker=Cancelling(), progress=lambda *told: texts.append(told))
    except WorkerError:
        pass
    else:
        raise AssertionError("it was not cancelled")
    assert scene.tree(made) == ["moving"] and _frames(node) == before


def check_closed_while_frames_are_dreamt():
    """Where the document is closed meanwhile, the frames are in a new one."""
    made, node, before = changing()
    made.setFramesPerSecond(12)
    made.setFullClipRangeEndTime(9)
    del node
    closed = []

    def close(text, fraction):
        if not closed:
            closed.append(True)
            made.close()

    result, notice = scene.dream(made, [scene.top(made)], progress=close)
    assert "closed" in notice and result != made
    assert times_of(result, scene.top(result)) == TIMES
    assert result.framesPerSecond() == 12 and result.fullClipRangeEndTime() == 9


def check_animation():
    """Frame after frame, zoomed and dreamt on, become the key frames of a new document."""
    made = scene.document(Space("RGBA", "U16", scene.SRGB))
    node = scene.add(made, scene.colors(space_of(made)))
    how = {"output": "animation", "frames": 4, "zoom": 5.0, "frame-time": 100, "frame-steps": 1}
    result, notice = scene.dream(made, [node], scene.QUICK, **how)
    layer = scene.top(result)
    assert result != made and notice == "" and space_of(layer) == space_of(made)
    assert [t for t in range(10) if layer.hasKeyframeAtTime(t)] == [0, 1, 2, 3]
    frames = [bytes(layer.pixelDataAtTime(*scene.WHOLE, time)) for time in range(4)]
    assert len(set(frames)) == 4
    assert result.framesPerSecond() == 10 and result.fullClipRangeEndTime() == 3
    assert recipe_on(result, layer)["steps"] == 2 and scene.tree(made) == ["layer"]
    single = scene.document(space_of(made))
    other = scene.add(single, scene.data(node))
    scene.dream(single, [other])
    assert scene.data(scene.top(single)) == frames[0]


def check_several_with_key_frames():
    """Several layers of which one has key frames are refused."""
    made, node, _before = changing()
    still = scene.add(made, scene.opaque(LARGE), LARGE, name="still")
    try:
        scene.dream(made, [node, still])
    except RefusedError as error:
        assert "'moving' has key frames" in str(error) and "2 layers are chosen" in str(error)
    else:
        raise AssertionError("it was not refused")
