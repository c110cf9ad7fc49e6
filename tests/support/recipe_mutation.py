"""Seeded mutation of recipes: JSON and TOML text, and recipes inside pictures."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from xml.sax.saxutils import escape

import tomli_w
from byte_mutation import damaged, number
from image_samples import noise, png
from picture_corpus import packet
from picture_mutation import Mutant

_SOUND: list[dict[str, Any]] = [
    {
        "network": "small.onnx",
        "layers": [{"layer": "deep", "weight": 0.5, "channels": [0, 3], "kind": "mean"}],
        "octaves": 1,
        "steps": 1,
        "seed": 3,
        "jitter": "4",
    },
    {"base": "gentle", "octaves": 1, "steps": 0, "description": "mine"},
    {"network": "small.onnx", "layers": ["deep:1::neuron:position=1x2"], "octaves": 1, "steps": 1},
    {"network": "small.onnx", "layers": "first:2, deep:-1", "octaves": 1, "steps": 1, "tile": 64},
]
_VALUES: list[Any] = [
    *(True, False, "", "x", "auto", "none", "\x1b[31m", "x" * 3000, "../../etc/passwd", "//host/x"),
    *("\\\\host\\share\\x.onnx", "/dev/zero", ".", "\0", 1.5, 1e308, -0.0, float("inf")),
    *([], {}, [[]], [1], {"layer": "deep"}, [{"layer": "deep", "x": 1}], [{"layer": 1}]),
    *("deep:" * 500, ["deep"] * 3000, "deep:1:0-999999", "deep:1:" + "+".join(["0-99999"] * 60)),
    *("nan", "1e999", "deep:1e999", ",", ":", "image", "deep:1::guide", "9..-9", "-1..1"),
]
_KEYS = [
    *("layers", "network", "guide", "steps", "octaves", "jitter", "tile", "seed", "strength"),
    *("scale", "scheme", "canvas", "start", "base", "colors", "precision", "normalize", "roll"),
    *("steps ", "Steps", "", "a.b", "noise_low", "octaves_above", "overlap", "anchor", "protect"),
]


def recipe_mutant(seed: int, number_: int) -> Mutant:
    """A recipe as .json, .toml or in a .png, the same for the same seed and number."""
    rng = Random(f"recipe/{seed}/{number_}")
    table = json.loads(json.dumps(rng.choice(_SOUND)))
    for _ in range(rng.choice((1, 1, 2, 3))):
        _change(table, rng)
    form = ("json", "toml", "png")[number_ % 3]
    text = _toml(table) if form == "toml" else json.dumps(table)
    data = text.encode(errors="surrogatepass")
    if rng.random() < 0.3:
        data = damaged(data, rng)
    if rng.random() < 0.1:
        data = rng.choice(_WHOLE)
    if form == "png":
        inside = escape(data.decode(errors="replace"))
        chunk = packet("", f"<dreamlayer:recipe>{inside}</dreamlayer:recipe>")
        pixels = noise(14, 20, 3)
        data = png(pixels, ((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + chunk),))
    return Mutant(f"{number_}-recipe.{form}", data)


_WHOLE = [
    *(b"", b"null", b"[]", b"{", b'"x"', b"[" * 30_000, b'{"a":' * 3000, b"\xff\xfe{}", b"a" * 99),
    *(b"9" * 5000, b'{"steps": ' + b"9" * 5000 + b"}", b"x = " + b"[" * 3000, b"\0" * 100),
    b"[a]\n" + b"[a.b]\n" * 3,
    b'{"steps": 1, "steps": 2}',
    b"layers = [{layer = 'deep'}]\nnetwork = 'small.onnx'\nsteps = 1_0\noctaves = 0x1\n",
    b'{"layers": [' + b",".join([b'"deep"'] * 100_000) + b"]}",
]


def _change(table: dict[str, Any], rng: Random) -> None:
    key = rng.choice([*table, *_KEYS])
    layers = table.get("layers")
    match rng.randrange(6):
        case 0:
            table.pop(key, None)
        case 1:
            table[key] = number(rng)
        case 2 | 3:
            table[key] = rng.choice(_VALUES)
        case 4 if isinstance(layers, list) and layers and isinstance(layers[0], dict):
            inner = rng.choice(("layer", "weight", "channels", "kind", "border", "position", "x"))
            layers[0][inner] = rng.choice((number(rng), rng.choice(_VALUES)))
        case _:
            table["layers"] = [
                {"layer": "deep", "channels": [number(rng)] * rng.choice((1, 90_000))}
            ]


def _toml(table: dict[str, Any]) -> str:
    try:
        return tomli_w.dumps(table)
    except (TypeError, ValueError):
        return json.dumps(table)
