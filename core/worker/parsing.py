"""Check the header of a message to the worker, and make a request of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from dreamlayer.core.errors import RequestError, nearest, shown
from dreamlayer.core.recipe.animation import Animation
from dreamlayer.core.recipe.fields import by_current_names
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.parameters import Parameters
from dreamlayer.core.recipe.presets import DREAMS, STYLES, Presets
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.stored import recalled
from dreamlayer.core.recipe.style import MAX_STYLES
from dreamlayer.core.recipe.term import parse_channels
from dreamlayer.core.worker import checks
from dreamlayer.core.worker.checks import THUMBNAIL_SIDE, VALUE_BYTES
from dreamlayer.core.worker.protocol import FIRST, PROTOCOL
from dreamlayer.core.worker.requests import (
    AnimateRequest,
    CancelRequest,
    DescribeRequest,
    DreamRequest,
    FurtherPicture,
    GalleryRequest,
    Id,
    Request,
    StyleRequest,
)

MAX_GUIDES = 1
"""Guides of a recipe."""

MAX_THUMBNAILS = 4096
"""Channels of a request."""

_MAX_KEY_LENGTH = 80

R = TypeVar("R", bound=Parameters)


def id_of(header: Mapping[str, Any]) -> Id:
    """The id for replies; None if it is missing or invalid."""
    value = header.get("id")
    return value if checks.is_id(value) else None


def parse_request(header: Mapping[str, Any], size: int, protocol: int = PROTOCOL) -> Request:
    """Check a header and convert it to a request.

    Parameters
    ----------
    header : mapping
        From `core.worker.protocol.read_header`.
    size : int
        Number of bytes that follow it.
    protocol : int
        The version that is spoken.

    Raises
    ------
    RequestError
        A key is unknown, missing or has an invalid value, or `size` does not fit the request.
    RecipeError
        The recipe or the preset is invalid.
    """
    kind = header.get("type")
    spoken = _FIRST_KEYS if protocol == FIRST else _KEYS
    if not isinstance(kind, str) or kind not in spoken:
        raise RequestError(f"'type' must be one of {', '.join(spoken)}, but is {shown(kind)}")
    keys = {"type": checks.ANYTHING, "id": checks.ID, "bytes": checks.ANYTHING, **spoken[kind]}
    for name, value in header.items():
        if name not in keys:
            hint = nearest(name[:_MAX_KEY_LENGTH], keys) or f"it may have {', '.join(keys)}"
            raise RequestError(f"{kind} has no key {shown(name)}; {hint}")
        keys[name](name, value)
    if kind == "dream":
        return _dream(header, size)
    if kind == "animate":
        return _animate(header, size)
    if kind == "style":
        return _style(header, size)
    if size:
        raise RequestError(f"nothing may follow {kind}, but {size} bytes do")
    if kind == "describe":
        return DescribeRequest(id_of(header), header.get("network"))
    if kind == "gallery":
        return _gallery(header)
    return CancelRequest(id_of(header))


def _dream(header: Mapping[str, Any], size: int) -> DreamRequest:
    return DreamRequest(**_of_dream(header, size))


def _animate(header: Mapping[str, Any], size: int) -> AnimateRequest:
    given = {name: header[name] for name in ("frames", "zoom", "rotation") if name in header}
    if "frame_steps" in header:
        given["steps"] = header["frame_steps"]
    return AnimateRequest(**_of_dream(header, size), animation=Animation(**given))


def _of_dream(header: Mapping[str, Any], size: int) -> dict[str, Any]:
    """What dreams and animations have."""
    guides = _pictures(header.get("guides", []), "guides", MAX_GUIDES)
    return {**_with_pixels(header, size, guides), "recipe": _recipe(header, DREAMS)}


def _style(header: Mapping[str, Any], size: int) -> StyleRequest:
    if "styles" not in header:
        raise RequestError("style needs 'styles', a list with the size of each style picture")
    styles = _pictures(header["styles"], "styles", MAX_STYLES)
    if not styles:
        raise RequestError("'styles' is empty; send at least one style picture")
    values = _with_pixels(header, size, styles)
    # Those of the recipe were for its own pictures.
    recipe = _recipe(header, STYLES).replace(
        styles=(), style_weights=tuple(one.weight for one in styles)
    )
    return StyleRequest(**values, recipe=recipe)


def _with_pixels(
    header: Mapping[str, Any], size: int, further: tuple[FurtherPicture, ...]
) -> dict[str, Any]:
    """What all requests have that pixels follow."""
    for name in ("width", "height"):
        if name not in header:
            raise RequestError(f"{header['type']} needs {name!r}, in pixels")
    width, height, mask = header["width"], header["height"], header.get("mask", False)
    pixels = header.get("pixels", "float32")
    more = sum(one.width * one.height for one in further)
    expected = (width * height * (5 if mask else 4) + more * 4) * VALUE_BYTES[pixels]
    if size != expected:
        also = " with a mask" if mask else ""
        if further:
            also += " and " + ", ".join(f"{one.width} × {one.height}" for one in further[:3])
            also += f" of {len(further)} further pictures" if len(further) > 3 else ""
        raise RequestError(
            f"{expected} bytes must follow for {width} × {height} {pixels} pixels{also}, but "
            f"'bytes' is {size}"
        )
    return {
        "id": id_of(header),
        "width": width,
        "height": height,
        "provider": header.get("provider", "auto"),
        "threads": header.get("threads", 0),
        "mask": mask,
        "preview": header.get("preview", 0),
        "pixels": pixels,
        "further": further,
    }


def _pictures(listed: Sequence[Any], key: str, most: int) -> tuple[FurtherPicture, ...]:
    """The further pictures that a header lists."""
    if len(listed) > most:
        raise RequestError(f"{key!r} lists {len(listed)} pictures, but at most {most} can be used")
    keys = {"width": checks.SIZE, "height": checks.SIZE}
    if key == "styles":
        keys["weight"] = checks.WEIGHT
    found = []
    for number, one in enumerate(listed, 1):
        if not isinstance(one, dict):
            raise RequestError(
                f"picture {number} of {key!r} must be an object, but is {shown(one)}"
            )
        for name, value in one.items():
            if name not in keys:
                raise RequestError(
                    f"picture {number} of {key!r} has no key {shown(name)}; it may have "
                    f"{', '.join(keys)}"
                )
            keys[name](name, value)
        for name in ("width", "height"):
            if name not in one:
                raise RequestError(f"picture {number} of {key!r} needs {name!r}, in pixels")
        found.append(FurtherPicture(one["width"], one["height"], float(one.get("weight", 1.0))))
    return tuple(found)


def _gallery(header: Mapping[str, Any]) -> GalleryRequest:
    channels = header.get("channels", [])
    if isinstance(channels, str):
        channels = parse_channels(channels)
    if channels and "layer" not in header:
        raise RequestError("'channels' chooses within a layer; name it with 'layer'")
    if len(channels) > MAX_THUMBNAILS:
        raise RequestError(
            f"'channels' has {len(channels)} channels, but at most {MAX_THUMBNAILS} can be shown"
        )
    return GalleryRequest(
        id=id_of(header),
        network=header.get("network", DEFAULT_NETWORK),
        layer=header.get("layer"),
        channels=tuple(dict.fromkeys(channels)),
        side=header.get("side", THUMBNAIL_SIDE),
        provider=header.get("provider", "auto"),
        threads=header.get("threads", 0),
    )


def _recipe(header: Mapping[str, Any], presets: Presets[R]) -> R:
    """The recipe; absent parameters come from a preset, or else are the defaults."""
    changes, start, kind = header.get("recipe", {}), header.get("preset"), presets.kind
    try:
        if start is None:
            return recalled(kind.from_dict(_for_kind(changes, kind)), changes)
        # By the names of today, so that they replace those of the preset.
        own = by_current_names(kind, changes)
        return recalled(kind.from_dict({**presets.preset(start).to_dict(), **own}), changes)
    except RecursionError as error:
        raise RequestError("the recipe is nested too deeply") from error


def _for_kind(changes: Mapping[str, Any], kind: type[Parameters]) -> dict[str, Any]:
    """The recipe's table, which need not say what the request's type says."""
    return {**({} if kind is Recipe else {"command": kind.COMMAND}), **changes}


_PIXEL_KEYS = {
    "width": checks.SIZE,
    "height": checks.SIZE,
    "recipe": checks.TABLE,
    "preset": checks.TEXT,
    "provider": checks.TEXT,
    "threads": checks.WHOLE,
    "mask": checks.FLAG,
    "preview": checks.WHOLE,
    "pixels": checks.PIXELS,
}

_FIRST_KEYS: dict[str, dict[str, checks.Check]] = {
    "dream": _PIXEL_KEYS,
    "describe": {"network": checks.TEXT},
    "cancel": {},
}
"""Requests of protocol 1."""

_KEYS: dict[str, dict[str, checks.Check]] = {
    "dream": {**_PIXEL_KEYS, "guides": checks.LIST},
    "animate": {
        **_PIXEL_KEYS,
        "guides": checks.LIST,
        "frames": checks.WHOLE,
        "zoom": checks.NUMBER,
        "rotation": checks.NUMBER,
        "frame_steps": checks.WHOLE,
    },
    "style": {**_PIXEL_KEYS, "styles": checks.LIST},
    "gallery": {
        "network": checks.TEXT,
        "layer": checks.TEXT,
        "channels": checks.CHANNELS,
        "side": checks.SIDE,
        "provider": checks.TEXT,
        "threads": checks.WHOLE,
    },
    "describe": {"network": checks.TEXT},
    "cancel": {},
}
