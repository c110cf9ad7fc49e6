"""Find network files by name or path, and read them."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.errors import NetworkError, nearest, shown
from dreamlayer.core.installation import command
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK, SHIPPED_NETWORKS

if TYPE_CHECKING:
    import onnx

_DATA = Path(__file__).parents[1] / "data"
SHIPPED = {name: _DATA / f"{name}.onnx" for name in SHIPPED_NETWORKS}
"""The files of the networks that ship, by name; the first is the default network."""
DEFAULT_FILE = next(iter(SHIPPED.values()))
EXPORTS = {
    "inception_v3": "inception_v3",
    "inception_v3_top": "inception_v3 --top",
    "inception5h": "inception5h --weights inception5h.zip",
    "inception5h_no_mean": "inception5h --mean none --weights inception5h.zip",
    "inception5h_bgr": "inception5h --channels bgr --weights inception5h.zip",
    "vgg16": "vgg16",
    "vgg19": "vgg19",
    "vgg16_average_rgb_no_mean": "vgg16 --pooling average --channels rgb --mean none",
}
"""Networks of the published presets, with the arguments of `python -m export` that make them."""

_MOST_TEXT = 64 << 20
"""Bytes of a network in one of the formats that are text."""


def folders() -> list[Path]:
    """The search path of networks: `DREAMLAYER_NETWORKS`, then the user's data folder.

    The variable holds folders, or single .onnx files, separated as in `PATH`.
    """
    from platformdirs import user_data_path

    named = os.environ.get("DREAMLAYER_NETWORKS", "")
    chosen = [Path(part) for part in named.split(os.pathsep) if part]
    return [*chosen, user_data_path("dreamlayer", appauthor=False) / "networks"]


def available() -> dict[str, Path]:
    """The files of all networks that have a name."""
    found = {DEFAULT_NETWORK: DEFAULT_FILE, **SHIPPED}
    for folder in folders():
        # What no folder can be called, or nobody may read, has no networks.
        with contextlib.suppress(OSError, ValueError):
            for path in sorted(folder.glob("*.onnx")) if folder.is_dir() else [folder]:
                if path.suffix == ".onnx" and path.is_file():
                    found.setdefault(path.stem, path)
    return found


def find(name: str) -> Path:
    """The file of a network given by name or path.

    Raises
    ------
    NetworkError
        There is no such file.
    """
    if name == DEFAULT_NETWORK or name in SHIPPED:
        # No file in a folder takes the place of these.
        return SHIPPED.get(name, DEFAULT_FILE)
    known = available()
    if name in known:
        return known[name]
    path = Path(name)
    try:
        if path.is_file():
            return path
    except OSError:
        # No file can have this name, for example because it is too long.
        raise NetworkError(
            f"no file can be called {shown(name)}; give a network's name or the path of an .onnx "
            f"file"
        ) from None
    if path.suffix == ".onnx" or len(path.parts) > 1:
        problem = "is not a file but a device" if path.exists() else "does not exist"
        problem = "is a folder" if path.is_dir() else problem
        raise NetworkError(
            f"network file {shown(Path(name))} {problem}; give an .onnx file or a name"
        )
    if name in EXPORTS:
        raise NetworkError(
            f"network {name} is not on this machine; make it with "
            f"`{command('export')} {EXPORTS[name]}` and put it into {folders()[-1]}, or use a "
            f"preset whose name begins with like-, made for a network that ships"
        )
    hint = nearest(name, known) or f"known are {', '.join(known)}"
    raise NetworkError(
        f"no network is called {shown(name)}; {hint}; "
        f"make one with `{command('export')}` or give the path of an .onnx file"
    )


def file_version(name: str) -> tuple[Path, tuple[int, int] | None]:
    """Path of a network, and time and size of its file, which tell replaced files apart.

    None for a missing file, which is reported when it is loaded.
    """
    path = find(name)
    state = path.stat() if path.exists() else None
    return path, state and (state.st_mtime_ns, state.st_size)


def content_of(path: Path) -> bytes:
    """The bytes of a network file.

    Raises
    ------
    NetworkError
        It is missing, unreadable or too large.
    """
    from dreamlayer.core.network.limits.file_size import check_size

    size = check_size(path)
    try:
        with path.open("rb") as file:
            # No more than that, should it grow meanwhile.
            return file.read(size)
    except OSError as error:
        raise NetworkError(
            f"network file {shown(path)} cannot be read: {error.strerror or error}"
        ) from error


def parsed(content: bytes, path: Path) -> onnx.ModelProto:
    """The model in the content of a file, without weights in other files.

    Raises
    ------
    NetworkError
        It is not ONNX, or built in a way that no network is.
    """
    import onnx

    from dreamlayer.core.network.limits.structure import check_model

    kind = onnx.serialization.registry.get_format_from_file_extension(path.suffix)
    if kind not in (None, "protobuf") and len(content) > _MOST_TEXT:
        raise NetworkError(
            f"{shown(path)} has {len(content) >> 20} MiB of text, but at most {_MOST_TEXT >> 20} "
            f"are read; give a file that ends in .onnx"
        )
    try:
        model = onnx.load_model_from_string(content, kind or "protobuf")
    except MemoryError:
        raise
    except Exception as error:
        # Each of the formats has errors of its own, and text may be nested without end.
        raise NetworkError(
            f"{shown(path)} is not an ONNX file; give one that ends in .onnx"
        ) from error
    if not model.graph.node:
        raise NetworkError(
            f"{shown(path)} is not an ONNX file with a network in it; give one that has nodes"
        )
    check_model(model, path)
    return model


def weights_outside(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    """The weights that lie in other files."""
    from onnx.external_data_helper import uses_external_data

    return [tensor for tensor in _tensors(model.graph) if uses_external_data(tensor)]


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """All tensors of a graph, those in attributes and in subgraphs included."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def complete(model: onnx.ModelProto, path: Path) -> None:
    """Read the weights that lie in other files, in place.

    Raises
    ------
    NetworkError
        They are not beside the model.
    """
    import onnx

    outside = weights_outside(model)
    if not outside:
        return
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
        # Older versions of onnx accept a truncated file.
        whole = all(len(tensor.raw_data) == _bytes(tensor) for tensor in outside)
    except (OSError, ValueError, onnx.checker.ValidationError):
        whole = False
    if not whole:
        raise NetworkError(
            f"network {shown(path)} has its weights in another file, which is missing or too "
            f"short; put it beside the network"
        )


def _bytes(tensor: onnx.TensorProto) -> int:
    from onnx.helper import tensor_dtype_to_np_dtype

    return int(math.prod(tensor.dims) * tensor_dtype_to_np_dtype(tensor.data_type).itemsize)


def read_model(path: Path) -> onnx.ModelProto:
    """Read an ONNX file, including weights in other files.

    Raises
    ------
    NetworkError
        The file is missing, unreadable or not ONNX, or its weights are not beside it.
    """
    model = parsed(content_of(path), path)
    complete(model, path)
    return model
