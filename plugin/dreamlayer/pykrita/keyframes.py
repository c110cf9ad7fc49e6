"""Dreams on a layer with key frames: key frame by key frame, onto a layer with the same ones."""

from ..editor import messages
from ..editor.guide import added
from ..editor.messages import DREAM, RefusedError
from . import steady, words
from .frames import KeyFrames, as_layers
from .layers import Look
from .memory import check_memory
from .nodes import extents_at, find, shows_own
from .original import Original, parts_of
from .output import Start, activate_soon, empty_document, insert, place_of, settle, told
from .pixels import Box, bands, space_of
from .recipes import sign


def is_animated(document, node):
    """Whether a node has more than one key frame of its own pixels."""
    return shows_own(node) and node.animated() and len(times_of(document, node)) > 1


def times_of(document, node):
    """The times of a node's key frames."""
    first, last = document.fullClipRangeStartTime(), document.fullClipRangeEndTime()
    return [time for time in range(first, last + 1) if node.hasKeyframeAtTime(time)]


def dream_frames(worker, document, ids, recipe, wanted, guided, progress):
    """Dream on all key frames of one node, then write them; the document, and what to tell.

    All frames have the same seed and random shifts, and where the picture stays the same from one
    to the next, so does the dream; see `steady`. Nothing is written before all are done.

    Parameters
    ----------
    wanted : dict
        The choices beside the parameters.
    guided : guide.Guide or None
        The guide.
    ids : list of str
        Of the nodes that are chosen, see `nodes.id_of`.
    worker, document, recipe, progress
        As for `work.dream_as_set`.
    """
    if len(ids) > 1:
        nodes = [find(document, one) for one in ids]
        name = next(node.name() for node in nodes if is_animated(document, node))
        raise RefusedError(words.ONE_WITH_KEY_FRAMES.format(name=name, count=len(ids)))
    start, times = Start(document), times_of(document, find(document, ids[0]))
    originals = _originals(document, find(document, ids[0]), times)
    dreamer = _FrameDreamer(worker, recipe, wanted["provider"], guided)
    with KeyFrames(originals[0].space, times) as key_frames:
        dreamt, used = _dreams(dreamer, times, originals, progress)
        return _put(start, key_frames, dreamt, used, wanted)


def _dreams(dreamer, times, originals, progress):
    """Triples of time, `Original` and dream for each frame, and the recipe that the worker used."""
    dreamt, before, used = [], None, None
    for number, original in enumerate(originals, 1):

        def report(header, number=number):
            rest = messages.progress_alone(header)
            text = words.of_frame(DREAM.title, number, len(times), rest)
            loading = header["stage"] == "loading"
            progress(text, None if loading else (number - 1 + header["fraction"]) / len(times))

        before, recipe = dreamer.dream(original, before, report)
        dreamt.append((times[number - 1], original, before))
        used = recipe or used
    return dreamt, used


def _originals(document, node, times):
    """What each key frame shows: all of the same box, which encloses them."""
    extents, box = extents_at(document, node, times), Box(0, 0, 0, 0)
    for one in extents:
        box = box.united(one)
    _area, sent, _selected = parts_of(document, node.name(), box)
    # Of each frame both the picture and its dream are held.
    check_memory(len(times), sent, 2 * space_of(node).pixel_bytes)
    return [Original(document, node, box, frame) for frame in zip(times, extents)]


class _FrameDreamer:
    """Dreams on one key frame after another.

    Parameters
    ----------
    worker : worker_client.Worker
        An idle one.
    recipe : dict
        Of all frames.
    provider : str
        The hardware.
    guided : guide.Guide or None
        The guide.
    """

    def __init__(self, worker, recipe, provider, guided):
        self._worker, self._recipe, self._provider = worker, recipe, provider
        self._guided, self._before = guided, None

    def dream(self, original, before, report):
        """The dream of a frame, as bands, and the recipe that the worker used or None.

        Parameters
        ----------
        original : original.Original
            The frame.
        before : list of bytes or None
            The dream of the frame before it.
        report : callable
            Called with the header of each progress message.
        """
        former, self._before, receiver = self._before, original, original
        if former is not None:
            size = original.space.pixel_bytes
            shares = steady.changed(original.pixels, former.pixels, original.sent, size)
            if shares is None:
                return before, None
            receiver = _Steady(original, original.with_pixels(before), shares)
        request = dict(original.request(), recipe=self._recipe, provider=self._provider)
        request, payload = added(self._guided, request, original.payload(), original.space)
        header = self._worker.dream(request, payload, report)
        return receiver.receive(self._worker.read), header.get("stored", header["recipe"])


class _Steady:
    """Receives the dream of a frame, and takes of it what is new.

    Parameters
    ----------
    original : original.Original
        The frame.
    former : original.Original
        The dream of the frame before it, as if that were a frame.
    shares : bytes
        How much is new, see `steady.changed`.
    """

    def __init__(self, original, former, shares):
        self._original, self._former, self._shares = original, former, shares

    def receive(self, read):
        """As `Original.receive`."""
        made, one, other = [], self._original, self._former
        for number, band in enumerate(bands(one.sent)):
            kept = [(each.sendable(number, band), each.pixels[number]) for each in (one, other)]
            before = kept[1][0]
            first = (band.y - one.sent.y) * one.sent.width
            shares = self._shares[first : first + band.width * band.height]
            dreamt = steady.mixed(before, read(len(before)), shares, one.kind)
            made.append(one.restored(number, band, dreamt, kept))
            for each in (one, other):
                each.forget(number)
        return made


def _put(start, key_frames, dreamt, used, wanted):
    """Write the frames; the document that holds them, and what to tell. They are never lost."""
    original, soft = dreamt[0][1], wanted["mode"] != "normal"
    try:
        return _onto_layer(start, key_frames, dreamt, used, wanted)
    except Exception as error:
        # The painter may change anything between a look at it and the next call.
        told(error)
        frames = [(time, one.area, one.part(result, soft)) for time, one, result in dreamt]
        return as_layers(start, original, frames, used), words.FRAMES_APART


def _onto_layer(start, key_frames, dreamt, used, wanted):
    """Write the frames onto a new layer above the node, in one undo step."""
    original, document, notice = dreamt[0][1], start.document, words.CLOSED
    soft, area = wanted["mode"] != "normal", dreamt[0][1].area
    if start.is_open():
        # An empty frame does not tell where it was moved to.
        seen = next(one for _time, one, _result in dreamt if one.bounds)
        shift, reason = place_of(document, seen)
        notice = words.moved([(reason, original.name)] if reason else [])
    else:
        document, shift = empty_document(area.width, area.height, start), (-area.x, -area.y)
        start.pace(document)
    box = Box(area.x + shift[0], area.y + shift[1], area.width, area.height)
    frames = [(time, box, one.part(result, soft)) for time, one, result in dreamt]
    look = Look(messages.layer_name(original.name), wanted["opacity"], wanted["mode"])
    layer = key_frames.layer(look, frames)
    insert(document, layer, original)
    sign(document, layer, used)
    settle(document)
    activate_soon(document, layer)
    return document, notice
