"""The dream of a layer as an animation: its frames become key frames in a new document."""

from ..editor import messages
from ..editor.guide import added
from ..editor.messages import RefusedError
from ..editor.worker_client import WorkerError
from . import words
from .frames import KeyFrames, animated_layer, as_layers
from .layers import Look
from .memory import check_memory
from .nodes import find
from .original import Original
from .output import Start, empty_document, settle, told
from .pixels import Box
from .recipes import sign

_SECOND = 1000
"""Milliseconds; a frame that is shown for longer is held for as many frames of one second."""


def animate(worker, document, ids, recipe, wanted, motion, guided, progress):
    """The new document, not yet shown, whose layer has the frames, and what to tell the painter.

    Nothing is made before all frames are there. With a selection, the frames are as large as its
    bounds, and only what is selected is dreamt on in each. Where the worker fails, the frames
    before that are not lost.

    Parameters
    ----------
    wanted : dict
        The choices beside the parameters.
    motion : tuple
        What `settings.Settings.motion` gave, and for how many milliseconds a frame is shown.
    guided : guide.Guide or None
        The guide.
    ids : list of str
        Of the nodes that are chosen, see `nodes.id_of`.
    worker, document, recipe, progress
        As for `work.dream_as_set`.

    Raises
    ------
    RefusedError, worker_client.WorkerError
        One sentence each.
    """
    if len(ids) > 1:
        raise RefusedError(messages.ONE_LAYER.format(count=len(ids)))
    start, (motion, milliseconds) = Start(document), motion
    original = Original(document, find(document, ids[0]), centered=True)
    check_memory(motion["frames"], original.sent, original.space.pixel_bytes)
    held = max(1, int(milliseconds / _SECOND + 0.5))
    request = dict(original.request(), recipe=recipe, provider=wanted["provider"], **motion)
    request, payload = added(guided, request, original.payload(), original.space)
    # Only the worker's last reply has a recipe without the paths of this machine.
    frames, notice, used = [], "", None

    def keep(_header, read):
        received = original.receive_frame(read) if frames else original.receive(read)
        frames.append(original.part(received))

    def report(header):
        loading = header["stage"] == "loading"
        progress(messages.progress(header), None if loading else header["fraction"])

    with KeyFrames(original.space, _times(motion["frames"], held)) as key_frames:
        try:
            used = worker.animate(request, payload, report, keep)["stored"]
        except WorkerError as error:
            if not frames or error.kind == "CancelledError":
                raise
            notice = messages.SOME_FRAMES.format(
                count=len(frames), frames=motion["frames"], sentence=error
            )
        box = Box(0, 0, original.area.width, original.area.height)
        timed = [(time, box, one) for time, one in zip(_times(len(frames), held), frames)]
        try:
            if notice:
                # Key frames that stay empty would hide the last one.
                layer = animated_layer(_look(original), original.space, timed)
            else:
                layer = key_frames.layer(_look(original), timed)
            return _document(start, original, layer, used, milliseconds, held * len(frames)), notice
        except Exception as error:
            told(error)
            made = as_layers(start, original, timed, used)
            return made, words.together(notice, words.FRAMES_APART)


def _times(count, held):
    """The times of key frames that are each shown for so many frames."""
    return range(0, count * held, held)


def _look(original):
    return Look(original.name, 100.0, "normal")


def _document(start, original, layer, used, milliseconds, frames):
    """A new document that shows the frames of a layer one after another."""
    made = empty_document(original.area.width, original.area.height, start)
    rate = max(1, int(_SECOND / milliseconds + 0.5))
    made.rootNode().addChildNode(layer, None)
    if used is not None:
        sign(made, layer, used)
    last = frames - 1
    made.setFramesPerSecond(rate)
    made.setFullClipRangeStartTime(0)
    made.setFullClipRangeEndTime(last)
    made.setPlayBackRange(0, last)
    settle(made)
    made.setModified(True)
    return made
