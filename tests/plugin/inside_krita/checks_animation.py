"""Checks of key frames: dreamt on one by one, steady between them, and made of animations."""

import scene
from krita import Krita, Selection

from dreamlayer.editor.messages import RefusedError
from dreamlayer.editor.worker_client import WorkerError
from dreamlayer.pykrita import frames, keyframes
from dreamlayer.pykrita.frames import animated_layer
from dreamlayer.pykrita.keyframes import times_of
from dreamlayer.pykrita.layers import Look
from dreamlayer.pykrita.pixels import Box, Space, box_of, space_of
from dreamlayer.pykrita.recipes import recipe_on

TIMES = [0, 3, 7]
LARGE = Box(0, 0, 320, 200)
CORNER = Box(0, 0, 40, 40)
STRONG = dict(scene.QUICK, **{"step-size": 0.1})


def changing(space=None, box=LARGE):
    """A document with a layer of three key frames that differ in a corner only."""
    made = scene.document(space, (box.width, box.height))
    space = space_of(made)
    first = scene.opaque(box) if space.depth == "U8" else scene.colors(space, box)
    frames = []
    for seed, time in enumerate(TIMES):
        pixels = bytearray(first)
        size = space.pixel_bytes
        for row in range(CORNER.height if seed else 0):
            begin = row * box.width * size
            part = scene.Box(0, 0, CORNER.width, 1)
            pixels[begin : begin + CORNER.width * size] = (
                scene.opaque(part, seed * 100 + row)
                if space.depth == "U8"
                else scene.colors(space, part, seed * 100 + row)
            )
        frames.append((time, box, [bytes(pixels)]))
    layer = animated_layer(Look("moving", 100.0, "normal"), space, frames)
    made.rootNode().addChildNode(layer, None)
    made.setFullClipRangeEndTime(TIMES[-1])
    scene.settle(made)
    return made, scene.top(made), [pixels for _time, _box, (pixels,) in frames]


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


def _growing():
    """A document whose layer has something else, elsewhere, in each of two key frames."""
    made = scene.document(size=LARGE[2:])
    boxes = Box(5, 6, 40, 30), Box(60, 70, 50, 20)
    frames = [(8 * n, box, [scene.opaque(box, n + 1)]) for n, box in enumerate(boxes)]
    layer = animated_layer(Look("moving", 100.0, "normal"), space_of(made), frames)
    made.rootNode().addChildNode(layer, None)
    made.setFullClipRangeEndTime(8)
    scene.settle(made)
    return made, boxes


def _to_last(made):
    """What goes to the last key frame, as a painter does while the filter runs."""

    def once(text, fraction):
        if made.currentTime() != 8:
            made.setCurrentTime(8)
            made.waitForDone()

    return once


def check_other_frame_meanwhile():
    """Where the painter goes to another frame meanwhile, the dream lies where its own frame was."""
    for grouped in (False, True):
        made, boxes = _growing()
        node = scene.top(made)
        if grouped:
            group = made.createGroupLayer("group")
            made.rootNode().addChildNode(group, None)
            node.remove()
            group.addChildNode(node, None)
            node = group
            scene.settle(made)
            del group
        _result, notice = scene.dream(made, [node], None, _to_last(made), output="paint-in")
        assert "size" not in notice, notice
        assert box_of(scene.top(made).bounds()) == boxes[0], box_of(scene.top(made).bounds())
        assert made.currentTime() == 8
        del node
        made.close()


def check_key_frames_from_another_frame():
    """The key frames lie where those of the layer are, in whatever frame the painter is."""
    made, boxes = _growing()
    _result, notice = scene.dream(made, [scene.top(made)], None, _to_last(made))
    result = scene.top(made)
    assert notice == "" and result.name() == "Deep Dream of moving"
    for time, box in zip((8, 0), reversed(boxes)):
        made.setCurrentTime(time)
        made.waitForDone()
        assert box_of(result.bounds()) == box, (time, box_of(result.bounds()))


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
    del node
    closed = []

    def close(text, fraction):
        if not closed:
            closed.append(True)
            made.close()

    result, notice = scene.dream(made, [scene.top(made)], progress=close)
    assert "closed" in notice and result != made
    assert times_of(result, scene.top(result)) == TIMES


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


class _Failing:
    """A Krita that opens so many documents, then none."""

    def __init__(self, opens):
        self.opens = opens

    def instance(self):
        """As `Krita.instance`."""
        return self

    def openDocument(self, path):  # noqa: N802
        """As `Krita.openDocument`."""
        self.opens -= 1
        return Krita.instance().openDocument(path) if self.opens >= 0 else None


def _where_krita_fails(opens, made, node, **more):
    frames.Krita = _Failing(opens)
    try:
        return scene.dream(made, [node], **more)
    finally:
        frames.Krita = Krita


def check_frames_that_krita_does_not_make():
    """Where Krita makes no key frames it is told before the dream; later, frames become layers."""
    how = {"output": "animation", "frames": 3, "frame-steps": 1}
    made, node, _before = changing()
    for more in ({}, how):
        try:
            _where_krita_fails(0, made, node, **more)
        except RefusedError as error:
            assert "could not make key frames" in str(error)
        else:
            raise AssertionError("it was not refused")
        result, notice = _where_krita_fails(1, made, node, **more)
        assert result != made and "each frame is a layer" in notice
        last = 2 if more else 7
        assert len(scene.tree(result)) == 3 and scene.tree(result)[-1] == f"moving {last}"
        assert scene.tree(made) == ["moving"]
        assert recipe_on(result, scene.top(result))["steps"] == 2
        layers = [scene.data(one, LARGE) for one in result.topLevelNodes()]
        assert len(set(layers)) == 3


def check_memory_of_key_frames():
    """Too many key frames are refused, by their number and by the part that is selected."""
    made, node, _before = changing()
    selection = Selection()
    selection.select(200, 120, 40, 30, 255)
    made.setSelection(selection)
    made.waitForDone()
    told, check = [], keyframes.check_memory
    keyframes.check_memory = lambda *given: told.append(given)
    try:
        scene.dream(made, [node])
    finally:
        keyframes.check_memory = check
    (frames, box, pixel_bytes), seen = told[0], Box(136, 56, 168, 144)
    assert (frames, box, pixel_bytes) == (3, seen, 8), told


def check_several_with_key_frames():
    """Several layers of which one has key frames are refused."""
    made, node, _before = changing()
    still = scene.add(made, scene.opaque(LARGE), LARGE, name="still")
    try:
        scene.dream(made, [node, still])
    except RefusedError as error:
        assert "2 are chosen" in str(error)
    else:
        raise AssertionError("it was not refused")
