"""Requests to the worker, checked and parsed into one dataclass each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dreamlayer.core.errors import RequestError, nearest, shown
from dreamlayer.core.recipe.fields import by_current_names
from dreamlayer.core.recipe.presets import preset
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.stored import recalled

Id = str | int | None
_MAX_ID_LENGTH = 1000
_MAX_KEY_LENGTH = 80
_MAX_INT = 2**31 - 1
_VALUE_BYTES = {"float32": 4, "uint8": 1, "uint16": 2}
"""Types that pixels and mask may have in a message."""


@dataclass(frozen=True)
class DreamRequest:
    """Dream on the pixels that follow.

    Attributes
    ----------
    id : str, int or None
        Repeated in the replies.
    width, height : int
        Size in pixels.
    recipe : Recipe
        All parameters of the dream.
    provider : str
        `auto`, or the short name of a provider.
    threads : int
        Processor threads, 0 for one per core.
    mask : bool
        Whether a mask follows the pixels.
    preview : int
        Longer side in pixels of the previews, 0 for none.
    pixels : str
        Type of pixels and mask, and of the result: `float32`, `uint8` or `uint16`.
    """

    id: Id
    width: int
    height: int
    recipe: Recipe
    provider: str
    threads: int
    mask: bool
    preview: int
    pixels: str


@dataclass(frozen=True)
class DescribeRequest:
    """List parameters, presets, providers and networks, and the layers of `network` if given."""

    id: Id
    network: str | None


@dataclass(frozen=True)
class CancelRequest:
    """Cancel the dreams with this id, or all if it is None."""

    id: Id


Request = DreamRequest | DescribeRequest | CancelRequest


def id_of(header: Mapping[str, Any]) -> Id:
    """The id for replies; None if it is missing or invalid."""
    value = header.get("id")
    return value if _is_id(value) else None


def parse_request(header: Mapping[str, Any], size: int) -> Request:
    """Check a header and convert it to a request.

    Parameters
    ----------
    header : mapping
        From `core.worker.protocol.read_header`.
    size : int
        Number of bytes that follow it.

    Raises
    ------
    RequestError
        A key is unknown, missing or has an invalid value, or `size` does not fit the request.
    RecipeError
        The recipe or the preset is invalid.
    """
    kind = header.get("type")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise RequestError(f"'type' must be one of {', '.join(_KEYS)}, but is {shown(kind)}")
    keys = {"type": _any, "id": _id, "bytes": _any, **_KEYS[kind]}
    for name, value in header.items():
        if name not in keys:
            hint = nearest(name[:_MAX_KEY_LENGTH], keys) or f"it may have {', '.join(keys)}"
            raise RequestError(f"{kind} has no key {shown(name)}; {hint}")
        keys[name](name, value)
    if kind == "dream":
        return _dream(header, size)
    if size:
        raise RequestError(f"nothing may follow {kind}, but {size} bytes do")
    if kind == "describe":
        return DescribeRequest(id_of(header), header.get("network"))
    return CancelRequest(id_of(header))


def _dream(header: Mapping[str, Any], size: int) -> DreamRequest:
    for name in ("width", "height"):
        if name not in header:
            raise RequestError(f"dream needs {name!r}, in pixels")
    width, height, mask = header["width"], header["height"], header.get("mask", False)
    pixels = header.get("pixels", "float32")
    expected = width * height * (5 if mask else 4) * _VALUE_BYTES[pixels]
    if size != expected:
        also = " with a mask" if mask else ""
        raise RequestError(
            f"{expected} bytes must follow for {width} × {height} {pixels} pixels{also}, but "
            f"'bytes' is {size}"
        )
    return DreamRequest(
        id=id_of(header),
        width=width,
        height=height,
        recipe=_recipe(header.get("recipe", {}), header.get("preset")),
        provider=header.get("provider", "auto"),
        threads=header.get("threads", 0),
        mask=mask,
        preview=header.get("preview", 0),
        pixels=pixels,
    )


def _recipe(changes: Mapping[str, Any], start: str | None) -> Recipe:
    """The recipe; absent parameters come from a preset, or else are the defaults."""
    try:
        if start is None:
            return recalled(Recipe.from_dict(changes), changes)
        # By the names of today, so that they replace those of the preset.
        own = by_current_names(Recipe, changes)
        return recalled(Recipe.from_dict({**preset(start).to_dict(), **own}), changes)
    except RecursionError as error:
        raise RequestError("the recipe is nested too deeply") from error


Check = Callable[[str, Any], None]


def _check(holds: Callable[[Any], bool], what: str) -> Check:
    """Make a check of a value, whose error says what it must be."""

    def check(name: str, value: Any) -> None:
        if not holds(value):
            raise RequestError(f"{name!r} must be {what}, but is {shown(value)}")

    return check


def _is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_INT


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_ID_LENGTH
    return value is None or type(value) is int


_any = _check(lambda _: True, "anything")
_id = _check(_is_id, f"text of at most {_MAX_ID_LENGTH} characters or a whole number")
_text = _check(lambda value: isinstance(value, str), "text")
_size = _check(lambda value: _is_whole(value) and value > 0, f"a whole number from 1 to {_MAX_INT}")
_whole = _check(_is_whole, f"a whole number from 0 to {_MAX_INT}")
_flag = _check(lambda value: isinstance(value, bool), "true or false")
_pixels = _check(
    lambda value: isinstance(value, str) and value in _VALUE_BYTES,
    f"one of {', '.join(_VALUE_BYTES)}",
)
_table = _check(lambda value: isinstance(value, dict), "an object")

_KEYS: dict[str, dict[str, Check]] = {
    "dream": {
        "width": _size,
        "height": _size,
        "recipe": _table,
        "preset": _text,
        "provider": _text,
        "threads": _whole,
        "mask": _flag,
        "preview": _whole,
        "pixels": _pixels,
    },
    "describe": {"network": _text},
    "cancel": {},
}
