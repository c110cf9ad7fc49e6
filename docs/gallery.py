"""Renew the thumbnails of layers that ship: `python docs/gallery.py [NETWORK ...]`, in a checkout.

All layers of the default network, the main layers of the other, and the first channels of their
deepest ones. What is in the cache is not dreamt again; the rest takes a second or two each.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from dreamlayer import Network
from dreamlayer.core.recipe.networks import SHIPPED_NETWORKS
from dreamlayer.core.visualize.layers import channel_terms, whole_layers
from dreamlayer.core.visualize.thumbnails import FOLDER, Maker, Thumbnail
from dreamlayer.core.worker.checks import THUMBNAIL_SIDE

DEEPEST = {"mobilenet_v2_block13": 5, "inception_v3_mixed5": 3}
"""Of how many main layers, from the deepest, channels ship."""

CHANNELS = 12
"""How many channels of each."""

_QUALITY = 80


def strip(made: Sequence[Thumbnail], target: Path) -> dict[str, list[str]]:
    """Write thumbnails below one another, and return what the index says of them."""
    pixels = np.concatenate([one.pixels for one in made])
    Image.fromarray(pixels).save(target, "JPEG", quality=_QUALITY, optimize=True)
    names = [one.layer if one.channel is None else str(one.channel) for one in made]
    silent = [name for name, one in zip(names, made, strict=True) if one.silent]
    return {"names": names, "silent": silent}


def main(names: Sequence[str]) -> None:
    """Write the thumbnails of some networks, or of all."""
    for name in names or SHIPPED_NETWORKS:
        network, folder = Network(name), FOLDER / name
        maker = Maker(network, THUMBNAIL_SIDE, "cpu", 0)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        main = [one.layer for one in whole_layers(network)]
        others = name == SHIPPED_NETWORKS[0]
        layers = [one.layer for one in whole_layers(network, everything=others)]
        made = [maker.of(layer, None) for layer in layers]
        strips = {"layers": strip(made, folder / "layers.jpg")}
        for layer in main[-DEEPEST[name] :]:
            terms, _ = channel_terms(network, layer, most=CHANNELS)
            made = [maker.of(layer, term.channels[0]) for term in terms]
            strips[layer] = strip(made, folder / f"{layer}.jpg")
            print(name, layer, flush=True)
        index = {
            "digest": network.digest,
            "side": THUMBNAIL_SIDE,
            "main": main,
            "strips": strips,
        }
        text = json.dumps(index, indent=1)
        (folder / "index.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
