"""Layers of Krita with key frames, which no call of Krita's makes: they are read from a small file.

A document of one pixel is saved, and its layer given empty key frames in the file; Krita opens it,
the pixels are set, and a clone of the layer has it all. No pixel of the painter's is written to
disk.
"""

import os
import re
import shutil
import tempfile
import time
import zipfile

from krita import Krita

from ..editor.messages import RefusedError
from . import words
from .layers import Look, dress, fill, paint_layer
from .output import empty_document, settle, told
from .pixels import UNSEEN, Box, discard, scratch
from .qt import QtCore
from .recipes import sign

_FRAMES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<keyframes xmlns="http://www.calligra.org/DTD/krita-keyframes">'
    '<channel name="content">{}</channel></keyframes>'
)
_FRAME = (
    '<keyframe time="{time}" color-label="0" frame="{file}">'
    '<offset type="point" x="0" y="0"/></keyframe>'
)
_NAME = "frames"
_FOLDER = "dreamlayer-frames-"
"""How names of the files' folders begin."""

_ABANDONED = 3600.0
"""Seconds after which nobody uses such a folder; it takes less than one."""


class KeyFrames:
    """Empty key frames in a document of their own, made before a dream: else, it were in vain.

    Use it with `with`: at the end the document is closed.

    Parameters
    ----------
    space : pixels.Space
        Of the pixels to come.
    times : iterable of int
        The times of the key frames.

    Raises
    ------
    RefusedError
        The file cannot be written or opened.
    """

    def __init__(self, space, times):
        # What Krita puts off when it closes a document is done before it opens the next: it may
        # crash else. The painter's clicks wait.
        flags = QtCore.QEventLoop.ProcessEventsFlag
        QtCore.QCoreApplication.processEvents(flags.ExcludeUserInputEvents)
        _remove_abandoned()
        folder = tempfile.mkdtemp(prefix=_FOLDER)
        try:
            path = os.path.join(folder, "frames.kra")
            _write(path, space, list(times))
            self._source = Krita.instance().openDocument(path)
            if self._source is None:
                raise OSError("Krita does not open {}".format(path))
        except Exception as error:
            told(error)
            raise RefusedError(words.NO_KEY_FRAMES.format(folder=tempfile.gettempdir())) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self._source.setBatchmode(True)
        UNSEEN.append(self._source)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        UNSEEN.remove(self._source)
        discard(self._source)

    def layer(self, look, frames):
        """A new layer with the key frames, not yet in a document.

        Parameters
        ----------
        look : layers.Look
            Of the layer.
        frames : list
            For each key frame its time, the box of its pixels, and these by bands of the box.
        """
        source = self._source
        made = source.nodeByName(_NAME)
        for when, box, pixels in frames:
            # What is written goes into the present key frame.
            source.setCurrentTime(when)
            source.waitForDone()
            fill(made, box, pixels)
        source.setCurrentTime(frames[0][0])
        source.waitForDone()
        dress(made, look)
        layer = made.clone()
        layer.setName(look.name)
        return layer


def animated_layer(look, space, frames):
    """As `KeyFrames.layer`, where the frames are there already."""
    with KeyFrames(space, [when for when, _box, _pixels in frames]) as made:
        return made.layer(look, frames)


def as_layers(start, original, frames, used):
    """A new document with a layer for each frame, where Krita does not make key frames of them.

    Parameters
    ----------
    start : output.Start
        The document that was dreamt on.
    original : original.Original
        What was dreamt on in it.
    frames : list
        As for `KeyFrames.layer`.
    used : dict or None
        The recipe.
    """
    width, height = original.area.width, original.area.height
    made = empty_document(width, height, start)
    for when, _box, pixels in frames:
        look = Look("{} {}".format(original.name, when), 100.0, "normal")
        layer = paint_layer(made, look, original.space, Box(0, 0, width, height), pixels)
        made.rootNode().addChildNode(layer, None)
        if used is not None:
            sign(made, layer, used)
    settle(made)
    made.setModified(True)
    return made


def _remove_abandoned():
    """Remove the folders that a Krita left which was killed, or crashed, while it had one."""
    place = tempfile.gettempdir()
    for name in os.listdir(place):
        if name.startswith(_FOLDER):
            folder = os.path.join(place, name)
            try:
                if time.time() - os.stat(folder).st_mtime > _ABANDONED:
                    shutil.rmtree(folder)
            except OSError:
                # It is another user's, or another Krita was faster.
                continue


def _write(path, space, times):
    """Write a .kra file whose layer has empty key frames at these times."""
    document, root = scratch(space)
    try:
        node = document.createNode(_NAME, "paintlayer")
        for other in document.topLevelNodes():
            other.remove()
        root.addChildNode(node, None)
        del node, other, root
        document.waitForDone()
        document.saveAs(path)
        document.waitForDone()
    finally:
        discard(document)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in _with_frames(files, times).items():
            archive.writestr(name, data)


def _with_frames(files, times):
    """The files of an archive, by their names, with empty key frames for its layer."""
    text = files["maindoc.xml"].decode("utf-8")
    # There is one layer; Krita reads no names of elements but its own, without a prefix.
    layer = re.search('<layer [^>]*filename="([^"]+)"', text).group(1)
    where = next(name for name in files if name.endswith("/layers/" + layer))
    attribute = 'filename="{}"'.format(layer)
    text = text.replace(attribute, '{} keyframes="{}.keyframes.xml"'.format(attribute, layer))
    text = re.sub('(<range [^>]*to=")[0-9]+', r"\g<1>{}".format(max(times)), text)
    made = dict(files, **{"maindoc.xml": text.encode("utf-8")})
    pixels, default = made.pop(where), made.pop(where + ".defaultpixel")
    entries = []
    for number, when in enumerate(times):
        frame = ".f{}".format(number)
        made[where + frame], made[where + frame + ".defaultpixel"] = pixels, default
        entries.append(_FRAME.format(time=when, file=layer + frame))
    made[where + ".keyframes.xml"] = _FRAMES.format("".join(entries)).encode("utf-8")
    return made
