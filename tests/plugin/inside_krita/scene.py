"""Documents to dream on inside Krita, the work on them, and what became of them.

The environment names the folder for the results, DREAMLAYER_RESULTS, and the network to dream with,
DREAMLAYER_NETWORK.
"""

import array
import json
import math
import os
import random

from krita import Krita

import dreamlayer
from dreamlayer.editor.messages import RefusedError
from dreamlayer.editor.settings import DREAM, STYLE, Settings
from dreamlayer.editor.worker_client import Worker, WorkerError
from dreamlayer.pykrita.color import converted
from dreamlayer.pykrita.pixels import Box, Space, space_of
from dreamlayer.pykrita.work import dream_as_set, style_as_set

RESULTS = os.environ["DREAMLAYER_RESULTS"]
NETWORK = os.environ["DREAMLAYER_NETWORK"]
FOLDER = os.path.dirname(dreamlayer.__file__)
SRGB = "sRGB-elle-V2-srgbtrc.icc"
WIDTH, HEIGHT = 61, 47
WHOLE = Box(0, 0, WIDTH, HEIGHT)
QUICK = {
    "network": NETWORK,
    "layers": "deep",
    "octaves": 2,
    "steps": 2,
    "step-size": 0.02,
}
NOTHING = dict(QUICK, steps=0)
SLOW = dict(QUICK, steps=100_000)
SPACES = [
    *(Space("RGBA", depth, SRGB) for depth in ("U8", "U16", "F16", "F32")),
    *(Space("RGBA", depth, "sRGB-elle-V2-g10.icc") for depth in ("U8", "U16", "F16", "F32")),
    *(Space("RGBA", depth, "WideRGB-elle-V2-g22.icc") for depth in ("U8", "U16")),
    Space("RGBA", "F32", "Rec2020-elle-V4-g10.icc"),
    *(Space("GRAYA", depth, "Gray-D50-elle-V2-srgbtrc.icc") for depth in ("U8", "U16")),
    *(Space("GRAYA", depth, "Gray-D50-elle-V2-g10.icc") for depth in ("F16", "F32")),
    *(Space("CMYKA", depth, "Chemical proof") for depth in ("U8", "U16", "F32")),
    *(Space("LABA", depth, "Lab identity built-in") for depth in ("U8", "U16", "F32")),
    *(Space("XYZA", depth, "XYZ identity built-in") for depth in ("U8", "U16", "F16", "F32")),
    *(
        Space("YCbCrA", depth, "ITU-R BT.709-6 YCbCr ICC V4 profile")
        for depth in ("U8", "U16", "F32")
    ),
]
_SHARED = []
CODES = {"U8": "B", "U16": "H", "F16": "H", "F32": "f"}


class Arguments:
    """What is set, for a dream or a style; all else has its default."""

    def __init__(self, settings, values):
        self.settings = settings
        defaults = [*settings.parameters.values(), *settings.animation.values()]
        self._values = {one.name.replace("_", "-"): one.default for one in defaults}
        self._values.update(values)

    def get_property(self, name):
        """One of them; None for a choice that is not set."""
        return self._values.get(name)


def document(space=None, size=(WIDTH, HEIGHT)):
    """A document without layers."""
    space = space or Space("RGBA", "U8", SRGB)
    made = Krita.instance().createDocument(*size, "test", *space, 100.0)
    made.setBatchmode(True)
    for node in made.topLevelNodes():
        node.remove()
    made.waitForDone()
    return made


def add(made, data, box=WHOLE, name="layer", parent=None, above=None):
    """A paint layer with pixels of the document's space."""
    node = made.createNode(name, "paintlayer")
    node.setPixelData(data, *box)
    (parent or made.rootNode()).addChildNode(node, above)
    settle(made)
    return node


def picture(space=None, box=WHOLE, size=(WIDTH, HEIGHT), seed=1):
    """A document with one layer of noise; it and the layer."""
    made = document(space, size)
    return made, add(made, noise(space_of(made), box, seed), box)


def noise(space, box=WHOLE, seed=1):
    """Pixels of noise: all bits random where they are integers, beyond 0..1 in floats.

    Some are transparent and hide colors, some half transparent; alpha is mostly full.
    """
    chance = random.Random(seed)
    count = box.width * box.height
    channels = space.pixel_bytes // space.value_bytes
    if space.depth in ("U8", "U16"):
        high = 255 if space.depth == "U8" else 65535
        values = [chance.randrange(high + 1) for _ in range(count * channels)]
        alphas = [chance.choice((0, high // 2, high, high, high)) for _ in range(count)]
    else:
        values = [chance.uniform(-0.1, 1.3) for _ in range(count * channels)]
        alphas = [chance.choice((0.0, 0.5, 1.0, 1.0, 1.0)) for _ in range(count)]
    values[channels - 1 :: channels] = alphas
    # The corners are opaque, so that the layer's bounds are the box.
    for pixel in (0, box.width - 1, count - box.width, count - 1):
        values[pixel * channels + channels - 1] = max(alphas)
    return packed(values, space.depth)


def colors(space, box=WHOLE, seed=1):
    """Noise whose colors can be seen on a screen: of Lab and XYZ, hardly any random ones can."""
    if space.model in ("RGBA", "GRAYA"):
        return noise(space, box, seed)
    rgb = Space("RGBA", "F32", SRGB)
    return converted(noise(rgb, box, seed), box.width, box.height, rgb, space)


def packed(values, depth):
    """Values as bytes of a depth."""
    if depth == "F16":
        import struct

        return struct.pack(f"={len(values)}e", *values)
    return array.array(CODES[depth], values).tobytes()


def opaque(box=WHOLE, seed=1):
    """Opaque noise of 8 bits."""
    data = bytearray(random.Random(seed).randbytes(4 * box.width * box.height))
    data[3::4] = b"\xff" * (box.width * box.height)
    return bytes(data)


def dream(made, nodes, values=None, progress=None, worker=None, **more):
    """Dream with a worker of one's own; the document with the result, and the notice."""
    arguments = Arguments(Settings(FOLDER, DREAM), dict(values or QUICK, **more))
    return _work(dream_as_set, worker, made, nodes, arguments, progress)


def dreamt(made, node):
    """Dream on a node; the texts of the progress."""
    texts = []
    dream(made, [node], progress=lambda text, fraction: texts.append(text))
    return texts


def style(made, nodes, values=None, progress=None, **more):
    """The same of a style transfer."""
    arguments = Arguments(Settings(FOLDER, STYLE), dict(values or QUICK, **more))
    return _work(style_as_set, None, made, nodes, arguments, progress)


def _work(as_set, worker, made, nodes, arguments, progress):
    told = progress or (lambda text, fraction: None)
    worker = worker or idle_worker()
    return as_set(worker, made, nodes, arguments, arguments.settings, told)


def idle_worker():
    """The worker of all checks that do not end theirs."""
    if not _SHARED:
        _SHARED.append(Worker(FOLDER))
    return _SHARED[0]


def refused(made, nodes, *words, **more):
    """Dream, which must be refused in a sentence with these words, and change nothing."""
    before = tree(made)
    try:
        dream(made, nodes, **more)
    except (RefusedError, ValueError, WorkerError) as error:
        sentence = str(error)
    else:
        raise AssertionError("nothing was refused")
    for word in words:
        assert word in sentence, f"{word!r} is not in {sentence!r}"
    assert tree(made) == before
    return sentence


def tree(made):
    """The names of all nodes of a document, from below, those in groups in lists."""
    return [_branch(node) for node in _layers(made)]


def _branch(node):
    inside = [_branch(one) for one in node.childNodes()]
    return [node.name(), inside] if inside else node.name()


def top(made):
    """The topmost layer."""
    return _layers(made)[-1]


def _layers(made):
    # Krita has the selection as a node, too.
    return [node for node in made.topLevelNodes() if node.type() != "selectionmask"]


def data(node, box=WHOLE):
    """The own pixels of a node."""
    return bytes(node.pixelData(*box))


def seen(made, box=WHOLE):
    """What a document shows."""
    settle(made)
    return bytes(made.pixelData(*box))


def settle(made):
    """Wait until Krita shows all."""
    made.refreshProjection()
    made.waitForDone()


def differing(one, other):
    """How many bytes differ."""
    assert len(one) == len(other), (len(one), len(other))
    return sum(a != b for a, b in zip(one, other))


def keep(name, values):
    """Leave a result for the test outside."""
    with open(os.path.join(RESULTS, name), "w", encoding="utf-8") as file:
        json.dump(values, file)


def nan():
    """Not a number."""
    return math.nan
