"""Properties that hold for any recipe, text, message, bytes, array and name."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_origin

import numpy as np
import pytest
from desk import QUICK, Desk
from forked_program import ForkedProgram
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from image_samples import png
from mutation_trial import prepare
from picture_corpus import FILE_MARKS, jpeg_segment, png_file, rows
from PIL import Image
from repeatable import REPEATABLE
from tiff_bytes import Entry, parse

from dreamlayer import DreamlayerError, Picture, Recipe, Term, dream, read, write
from dreamlayer.core.errors import bare, printable, shown
from dreamlayer.core.recipe.fields import types_of
from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.presets import DREAMS
from dreamlayer.core.recipe.stored import without_paths
from dreamlayer.core.recipe.term import format_term, parse_term, parse_terms
from dreamlayer.core.worker.parsing import parse_request
from dreamlayer.core.worker.protocol import encode_header, payload_size, read_header

PLAIN = settings(REPEATABLE, max_examples=60)
FEW = settings(PLAIN, max_examples=25)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ANY_TEXT = st.one_of(st.text(max_size=300), st.text(st.characters(codec="ascii"), max_size=300))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(ANY_TEXT, inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40)
LAYER = st.text(st.characters(categories=["L", "N"], include_characters="_/.-"), min_size=1)
FLOAT = st.floats(-1e6, 1e6, allow_nan=False).map(float)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    """A layer of an objective with whatever its kind allows."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    values = {
        "border": st.integers(0, 300),
        "position": st.tuples(st.integers(0, 300), st.integers(0, 300)),
        "factor": FLOAT,
        "exponent": st.floats(1, 4),
    }
    options = {name: draw(values[name]) for name in KINDS[kind].options if draw(st.booleans())}
    channels = tuple(draw(st.lists(st.integers(0, 999_999), max_size=5)))
    return Term(draw(LAYER), draw(FLOAT), channels, kind, **options)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """A recipe with some of its parameters at other values than the default."""
    kinds = types_of(Recipe)
    changed: dict[str, Any] = {}
    for one in dataclasses.fields(Recipe):
        if not draw(st.booleans()):
            continue
        kind, limits = kinds[one.name], one.metadata
        low, high = limits.get("low"), limits.get("high")
        if get_origin(kind) is tuple:
            changed[one.name] = tuple(draw(st.lists(terms(), min_size=1, max_size=3)))
        elif limits.get("choices"):
            changed[one.name] = draw(st.sampled_from(list(limits["choices"])))
        elif kind is bool:
            changed[one.name] = draw(st.booleans())
        elif kind is int:
            changed[one.name] = draw(st.integers(low, high))
        elif kind is float:
            most = math.inf if high is None else high
            changed[one.name] = draw(
                st.floats(low, None if math.isinf(most) else most, allow_nan=False)
                .filter(math.isfinite)
                .map(float)
            )
        elif one.name != "jitter":
            # A picture stores no paths, so that names alone come back from it.
            changed[one.name] = draw(NAMES if one.name in ("network", "guide") else TEXT)
    try:
        return Recipe(**changed)
    except DreamlayerError:
        # Two parameters that do not go together.
        return Recipe(layers=changed.get("layers", Recipe().layers))


def refusal(work: Callable[[], Any]) -> str:
    """The sentence that something is refused with; nothing where it is not."""
    try:
        work()
    except DreamlayerError as error:
        return str(error)
    return ""


@PLAIN
@given(recipes())
def test_recipes_come_back_from_json_and_toml(recipe: Recipe) -> None:
    """What is written as text is the same recipe when it is read."""
    assert DREAMS.parse(recipe.to_json()) == recipe
    assert DREAMS.parse(recipe.to_toml()) == recipe
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@FEW
@given(recipes(), st.sampled_from(["a.png", "a.jpg", "a.tif", "a.webp"]))
def test_recipes_come_back_from_pictures(tmp_path: Path, recipe: Recipe, name: str) -> None:
    """The recipe in a picture is the recipe that was stored, unless it holds what XML cannot.

    Of the files that it names it holds the names alone.
    """
    text = recipe.to_json()
    picture = Picture(np.full((4, 5, 3), 0.5, np.float32), recipe=text)
    with contextlib.suppress(DreamlayerError):
        write(picture, tmp_path / name)
        stored = read(tmp_path / name).recipe
        assert stored is not None
        assert DREAMS.parse(stored) == Recipe.from_dict(without_paths(recipe.to_dict()))


@FEW
@given(ANY_TEXT, st.sampled_from(["a.png", "a.jpg", "a.tif", "a.webp"]))
def test_any_text_as_a_recipe_in_a_picture(tmp_path: Path, text: str, name: str) -> None:
    """It comes back but for its line ends, or is refused in words."""
    picture = Picture(np.full((4, 5, 3), 0.5, np.float32), recipe=text)
    if said := refusal(lambda: write(picture, tmp_path / name)):
        assert said.isprintable()
        return
    stored = read(tmp_path / name).recipe
    assert (stored or "") == text.replace("\r\n", "\n").replace("\r", "\n")


@PLAIN
@given(terms())
def test_terms_come_back_from_text(term: Term) -> None:
    """`format_term` and `parse_term` are each other's opposite."""
    assert parse_term(format_term(term)) == term


@PLAIN
@given(ANY_TEXT)
def test_any_text_as_terms(text: str) -> None:
    """It is read, or refused in one printable sentence of bounded length."""
    said = refusal(lambda: parse_terms(text))
    assert len(said) < 900
    assert printable(said).isprintable()


@PLAIN
@given(JSON)
def test_any_json_as_a_recipe(value: Any) -> None:
    """It is a recipe, or a sentence says what is wrong."""
    for text in (json.dumps(value), json.dumps({"layers": value}), json.dumps({"steps": value})):
        assert len(refusal(lambda text=text: DREAMS.parse(text))) < 2500


@PLAIN
@given(ANY_TEXT)
def test_what_is_shown_cannot_steer_a_terminal(text: str) -> None:
    """Whatever it is, it is short and printable."""
    assert shown(text).isprintable()
    assert bare(text).isprintable()
    assert printable(text).isprintable()
    assert len(bare(text)) <= 80 * 10
    assert len(shown(Path(os.fsdecode(text.encode(errors="ignore"))))) < 240 * 10


@PLAIN
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_as_a_message(data: bytes, ended: bool) -> None:
    """A header, or an error that says how to go on."""
    stream = io.BytesIO(data + b"\n" * ended)

    def take() -> None:
        with contextlib.suppress(EOFError):
            header = read_header(stream)
            parse_request(header, payload_size(header))

    assert len(refusal(take)) < 2500


@PLAIN
@given(
    st.dictionaries(
        st.sampled_from(
            ["type", "id", "width", "height", "recipe", "bytes", "mask", "preset", "x"]
        ),
        st.one_of(JSON, st.sampled_from(["dream", "describe", "cancel"])),
    )
)
def test_any_json_as_a_request(header: dict[str, Any]) -> None:
    """A request, or an error of ours; and what is sent as a reply is one line."""
    with contextlib.suppress(DreamlayerError):
        parse_request(header, payload_size(header))
    with contextlib.suppress(DreamlayerError, ValueError):
        line = encode_header(header)
        assert line.count(b"\n") == 1
        assert line.isascii()


SMALL = np.full((5, 6, 3), 90, np.uint8)


BEGINNINGS = [
    *(
        b"",
        b"II*\0\x08\0\0\0\x01\0",
        b"MM\0*\0\0\0\x08\0\x01",
        b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10",
    ),
    *(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>", b"8BIM\x04\x04\0\0", b"Author\0"),
]


@PLAIN
@given(
    st.tuples(st.sampled_from(BEGINNINGS), st.binary(max_size=200)).map(b"".join),
    st.sampled_from(["exif", "xmp", "icc", "text", "jpeg", "tiff"]),
)
def test_any_bytes_as_metadata(tmp_path: Path, data: bytes, kind: str) -> None:
    """The picture is read whatever stands beside its pixels, and can be written again."""
    header = (6, 5, 8, 2, 0, 0, 0)
    xmp = (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + data)
    chunks = {"exif": (b"eXIf", data), "xmp": xmp, "icc": (b"iCCP", b"x\0\0" + data)}
    whole = png_file(header, rows(SMALL), [chunks.get(kind, (b"tEXt", data))])
    if kind == "jpeg":
        plain = io.BytesIO()
        Image.fromarray(SMALL).save(plain, "jpeg")
        segments = jpeg_segment(0xE1, b"Exif\0\0" + data) + jpeg_segment(0xED, data)
        whole = plain.getvalue()[:2] + segments + plain.getvalue()[2:]
    elif kind == "tiff":
        plain = io.BytesIO()
        Image.fromarray(SMALL).save(plain, "tiff")
        tiff = parse(plain.getvalue())
        assert tiff is not None
        extra = [Entry(tag, 7, data) for tag in (700, 33723, 34377, 34675)]
        tiff.directory.entries = sorted([*tiff.directory.entries, *extra], key=lambda one: one.tag)
        whole = tiff.encode()
    picture = read(io.BytesIO(whole))
    assert picture.pixels.shape == (5, 6, 3)
    if kind != "icc":
        np.testing.assert_allclose(picture.pixels * 255, 90, atol=2)
    for name in ("a.png", "a.jpg", "a.tif", "a.webp"):
        with contextlib.suppress(DreamlayerError):
            write(picture, tmp_path / name)


@PLAIN
@given(st.binary(max_size=300), st.sampled_from(list(FILE_MARKS)))
def test_any_bytes_behind_a_sound_beginning(data: bytes, format: str) -> None:
    """A picture or a `DreamlayerError`, never anything else."""
    with contextlib.suppress(DreamlayerError):
        read(io.BytesIO(FILE_MARKS[format] + data))


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """One step on the small network."""
    folder = tmp_path_factory.mktemp("network")
    prepare(folder)
    network = str(folder / "small.onnx")
    return Recipe(network=network, layers=(Term("deep"),), octaves=1, steps=1)


KINDS_OF_NUMBERS = st.one_of(
    arrays.integer_dtypes(endianness="?"),
    arrays.unsigned_integer_dtypes(endianness="?"),
    arrays.floating_dtypes(endianness="?"),
    arrays.boolean_dtypes(),
    arrays.complex_number_dtypes(),
    arrays.unicode_string_dtypes(),
    arrays.datetime64_dtypes(),
    st.just(np.dtype(object)),
)
SHAPES = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5)),
    arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
)


@PLAIN
@given(st.data())
def test_any_array_is_dreamt_on_or_refused(recipe: Recipe, data: st.DataObject) -> None:
    """The result has its shape and type; all else is a `DreamlayerError`."""
    kind = data.draw(KINDS_OF_NUMBERS)
    shape = data.draw(SHAPES)
    elements = st.integers(0, 3) if kind.kind == "O" else arrays.from_dtype(kind)
    given_ = data.draw(arrays.arrays(kind, shape, elements=elements))
    before = given_.copy()
    try:
        made = dream(given_, recipe)
    except DreamlayerError:
        return
    assert made.shape == given_.shape
    assert made.dtype == given_.dtype
    assert before.tobytes() == given_.tobytes()


@FEW
@given(st.data())
def test_any_mask_is_taken_or_refused(recipe: Recipe, data: st.DataObject) -> None:
    """Where it is taken, black keeps the pixels."""
    kind = data.draw(KINDS_OF_NUMBERS.filter(lambda one: one.kind != "O"))
    shape = data.draw(st.one_of(st.just((5, 6)), SHAPES))
    mask = data.draw(arrays.arrays(kind, shape, elements=arrays.from_dtype(kind)))
    try:
        made = dream(SMALL, recipe, mask=mask)
    except DreamlayerError:
        return
    assert made.shape == SMALL.shape
    assert np.array_equal(made[mask == 0], SMALL[mask == 0])


NAME = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=40,
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 200)


@pytest.mark.skipif(os.name == "nt", reason="Windows has names that cannot be")
@FEW
@given(NAME)
def test_any_name_of_a_file(
    program: ForkedProgram, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    """Whatever a picture is called, it is dreamt on, and its result is beside it."""
    desk = Desk(tmp_path_factory.mktemp("names"), program)
    desk.put(f"{name}.png", png(SMALL))
    desk.made(desk.run("dream", f"./{name}.png", *QUICK), f"{name}-dream.png")
    desk.refused(desk.run("dream", f"./none-{name}", *QUICK))
