"""Checks of what may come in between while key frames are dreamt on: other frames, and failures."""

import scene
from key_frames_scene import LARGE, changing, growing
from krita import Krita, Selection

from dreamlayer.editor.messages import RefusedError
from dreamlayer.pykrita import frames, keyframes
from dreamlayer.pykrita.pixels import UNSEEN, Box, box_of
from dreamlayer.pykrita.recipes import recipe_on


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
        made, boxes = growing()
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
        name = node.name()
        assert notice == f"'{name}' is animated; the result is of the present frame alone", notice
        assert box_of(scene.top(made).bounds()) == boxes[0], box_of(scene.top(made).bounds())
        assert made.currentTime() == 8
        del node
        made.close()


def check_key_frames_from_another_frame():
    """The key frames lie where those of the layer are, in whatever frame the painter is."""
    made, boxes = growing()
    _result, notice = scene.dream(made, [scene.top(made)], None, _to_last(made))
    result = scene.top(made)
    assert notice == "" and result.name() == "Deep Dream of moving"
    for time, box in zip((8, 0), reversed(boxes)):
        made.setCurrentTime(time)
        made.waitForDone()
        assert box_of(result.bounds()) == box, (time, box_of(result.bounds()))


class _Failing:
    """A Krita that opens no document."""

    def instance(self):
        """As `Krita.instance`."""
        return self

    def openDocument(self, path):  # noqa: N802
        """As `Krita.openDocument`."""


def _not_filled(*_given):
    raise OSError("what is written is not taken")


def _where_krita_fails(name, failing, made, node, **more):
    """Dream where something that `frames` calls fails; it must leave no document open."""
    former, before = getattr(frames, name), len(Krita.instance().documents())
    setattr(frames, name, failing)
    try:
        return scene.dream(made, [node], **more)
    finally:
        setattr(frames, name, former)
        assert not UNSEEN and len(Krita.instance().documents()) - before in (0, 1)


def check_frames_that_krita_does_not_make():
    """Where Krita makes no key frames it is told before the dream; later, frames become layers."""
    how = {"output": "animation", "frames": 3, "frame-steps": 1}
    made, node, _before = changing()
    for more in ({}, how):
        try:
            _where_krita_fails("Krita", _Failing(), made, node, **more)
        except RefusedError as error:
            assert "could not make key frames" in str(error)
        else:
            raise AssertionError("it was not refused")
        result, notice = _where_krita_fails("fill", _not_filled, made, node, **more)
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
