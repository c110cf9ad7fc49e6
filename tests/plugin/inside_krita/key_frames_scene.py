"""Documents with key frames to dream on inside Krita."""

import scene

from dreamlayer.pykrita.frames import animated_layer
from dreamlayer.pykrita.layers import Look
from dreamlayer.pykrita.pixels import Box, space_of

TIMES = [0, 3, 7]
LARGE = Box(0, 0, 320, 200)
CORNER = Box(0, 0, 40, 40)


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


def growing():
    """A document whose layer has something else, elsewhere, in each of two key frames."""
    made = scene.document(size=LARGE[2:])
    boxes = Box(5, 6, 40, 30), Box(60, 70, 50, 20)
    frames = [(8 * n, box, [scene.opaque(box, n + 1)]) for n, box in enumerate(boxes)]
    layer = animated_layer(Look("moving", 100.0, "normal"), space_of(made), frames)
    made.rootNode().addChildNode(layer, None)
    made.setFullClipRangeEndTime(8)
    scene.settle(made)
    return made, boxes
