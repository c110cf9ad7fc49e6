"""Calls of the filter during which the painter works: `painter.py` does what `changes.py` has."""

import json
import os

import changes
from gi.repository import Gimp
from scene import (
    PLUGIN,
    QUICK,
    RESULTS,
    add_layer,
    bits,
    call,
    dreamt,
    numbers,
    picture,
    processes,
    select,
)

HERE = os.path.dirname(os.path.abspath(__file__))


def dream_while(change, image, drawables, **values):
    """Call the filter, and have the painter do something meanwhile; its image and its notice."""
    path = os.path.join(PLUGIN, "worker.json")
    with open(path, encoding="utf-8") as file:
        kept = file.read()
    settings = json.loads(kept)
    paused = ["/usr/bin/python3", os.path.join(HERE, "paused_worker.py")]
    settings["command"] = paused + settings["command"]
    for name in ("asked", "go", "failed"):
        if os.path.exists(os.path.join(RESULTS, name)):
            os.remove(os.path.join(RESULTS, name))
    numbers_ = [drawable.get_id() for drawable in drawables]
    wanted = {"folder": HERE, "name": change, "image": image.get_id(), "drawables": numbers_}
    with open(os.path.join(RESULTS, "change.json"), "w", encoding="utf-8") as file:
        json.dump(wanted, file)
    try:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        status, message, made, notice = call(image, drawables, **{**QUICK, **values})
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(kept)
    assert not os.path.exists(os.path.join(RESULTS, "change.json")), "the painter did nothing"
    if os.path.exists(os.path.join(RESULTS, "failed")):
        with open(os.path.join(RESULTS, "failed"), encoding="utf-8") as file:
            raise AssertionError(f"{change}: {file.read()}")
    assert status == Gimp.PDBStatusType.SUCCESS, f"{change}: {status}: {message}"
    assert not processes("worker"), "a worker is left"
    return made, notice


def scene(feather=None, **how):
    """An image with the layer to dream on above another, and the same dreamt on undisturbed."""
    image = picture(**how)
    add_layer(image, (40, 36), (12, 6), seed=4)
    if feather is not None:
        select(image, feather)
    twin = image.duplicate()
    dreamt(twin, twin.get_layers()[:1])
    return image, image.get_layers()[0], twin, twin.get_layers()[0]


def place(layer):
    """Offsets and size."""
    return (*layer.get_offsets()[1:], layer.get_width(), layer.get_height())


def moved(change, word, alike=True, near=None, **how):
    """Dream while the painter changes the layer: it stays as it is, and the dream goes above it.

    With `alike` the dream is what it becomes where it is there before the change, bit by bit, or
    with values as near as `near`: babl does not round linear pixels alike in each process.
    """
    for output in ("in-place", "new-layer"):
        image, layer, twin, other = scene(**how)
        plain = image.duplicate()
        getattr(changes, change)(plain, plain.get_layers()[0])
        getattr(changes, change)(twin, other)
        made, notice = dream_while(change, image, [layer], output=output)
        assert made == image
        assert word in notice, notice
        assert "layer 4" in notice, notice
        top = image.get_layers()[0]
        assert image.get_selected_layers() == [top]
        assert top.get_name() == "Deep Dream of layer 4"
        assert bits(image.get_layers()[1]) == bits(plain.get_layers()[0]), change
        if alike:
            assert place(top) == place(other), (change, place(top), place(other))
            if near is None:
                assert bits(top) == bits(other), change
            else:
                values = [numbers(one, "R'G'B'A float") for one in (top, other)]
                assert max(abs(a - b) for a, b in zip(*values)) < near, change
        assert top.get_parasite("dreamlayer-recipe") is not None
        for one in (image, twin, plain):
            one.delete()
