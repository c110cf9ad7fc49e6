"""Weights in other files: where they may lie, and how large they may be."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx

from dreamlayer.core.errors import shown
from dreamlayer.core.network.limits.file_size import MOST

_NUMBER = re.compile(r"\d{1,19}")
_ELSEWHERE = re.compile(r"[\\/]|[A-Za-z]:|\.\.")
"""How the name of a file begins that is not in or below the network's own folder."""


def wrong_places(graphs: Sequence[onnx.GraphProto], path: Path) -> Iterator[str]:
    """What is wrong with the files that a network's weights lie in, as parts of a sentence.

    Parameters
    ----------
    graphs : sequence of onnx.GraphProto
        All graphs of the model.
    path : Path
        The network's file.
    """
    total = 0
    for tensor in _outside(graphs):
        entries = {entry.key: entry.value for entry in tensor.external_data}
        name = entries.get("location", "")
        if problem := _wrong_name(name, path.parent):
            yield f"has its weights in {shown(name)}, {problem}"
            return
        for key in ("offset", "length"):
            if key in entries and not _NUMBER.fullmatch(entries[key]):
                yield f"has weights whose {key} in {shown(name)} is {shown(entries[key])}"
                return
        state = _state(path.parent / name)
        if state is None or not stat.S_ISREG(state.st_mode):
            yield (
                f"has its weights in another file, which is missing or too short ({shown(name)}); "
                f"put it beside the network"
            )
            return
        offset, length = int(entries.get("offset", 0)), int(entries.get("length", 0))
        if offset + length > state.st_size:
            yield (
                f"has its weights in another file, which is missing or too short ({shown(name)} "
                f"has {state.st_size} bytes of {offset + length}); put it beside the network"
            )
            return
        total += length or state.st_size - offset
        if total > MOST:
            yield (
                f"has more than {MOST >> 20} MiB of weights in other files, the limit of protocol "
                f"buffers"
            )
            return


def _outside(graphs: Sequence[onnx.GraphProto]) -> Iterator[onnx.TensorProto]:
    for graph in graphs:
        tensors = list(graph.initializer)
        tensors += [part for one in graph.sparse_initializer for part in (one.values, one.indices)]
        for node in graph.node:
            for attribute in node.attribute:
                tensors += [attribute.t, *attribute.tensors]
        for tensor in tensors:
            if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
                yield tensor


def _wrong_name(name: str, folder: Path) -> str:
    if not name or "\0" in name or len(name) > 1000:
        return "which is not a file name"
    parts = re.split(r"[\\/]", name)
    if _ELSEWHERE.match(name) or ".." in parts:
        return "which is not in the network's folder; put them beside it"
    resolved, inside = os.path.realpath(folder / name), os.path.realpath(folder)
    if os.path.commonpath([resolved, inside]) != inside:
        return "a link to another folder; put them beside the network"
    return ""


def _state(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None
