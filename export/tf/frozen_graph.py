"""Read a frozen TensorFlow graph, from its own file or from the archive that it comes in."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.tf.network import import_tensorflow

LARGEST = 2**31 - 1  # bytes that one protobuf message may have


def read_bytes(path: Path) -> bytes:
    """Read a graph's bytes from a .pb file, or from a .zip file that holds one.

    Parameters
    ----------
    path
        A .pb or a .zip file.

    Returns
    -------
    bytes
        Not parsed yet.

    Raises
    ------
    NetworkError
        The file is missing or unreadable, too large, or an archive without a graph.
    """
    try:
        if path.suffix != ".zip" and not zipfile.is_zipfile(path):
            return path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            graphs = [entry for entry in archive.infolist() if entry.filename.endswith(".pb")]
            if len(graphs) != 1:
                held = ", ".join(archive.namelist()[:5]) or "nothing"
                raise NetworkError(
                    f"{path} holds {len(graphs)} .pb files ({held}); give the .pb file itself"
                )
            if graphs[0].file_size > LARGEST:
                raise NetworkError(
                    f"{graphs[0].filename} in {path} is too large; a graph has 2 GiB at most"
                )
            return archive.read(graphs[0])
    except FileNotFoundError as error:
        raise NetworkError(f"there is no file {path}; give the .pb file or its .zip") from error
    except OSError as error:
        raise NetworkError(
            f"{path} cannot be read ({error.strerror or error}); give the .pb file or its .zip"
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise NetworkError(f"{path} is a damaged archive ({error}); download it again") from error


def parse(content: bytes, name: str) -> Any:
    """Parse a graph.

    Parameters
    ----------
    content
        What `read_bytes` gave.
    name
        Name of the graph in an error.

    Returns
    -------
    tensorflow.compat.v1.GraphDef
        With at least one node.

    Raises
    ------
    NetworkError
        The content is not a frozen graph, or TensorFlow is not installed.
    """
    graph = import_tensorflow().compat.v1.GraphDef()
    try:
        graph.ParseFromString(content)
    except DecodeError:
        graph.Clear()
    if not graph.node:
        raise NetworkError(
            f"{name} is not a frozen TensorFlow graph; give tensorflow_inception_graph.pb, or the "
            "inception5h.zip that it comes in"
        )
    return graph


def ancestors(graph: Any, name: str) -> list[Any]:
    """Return the nodes that a node depends on, and itself, in topological order.

    Parameters
    ----------
    graph
        A GraphDef.
    name
        Of one of its nodes.

    Returns
    -------
    list of NodeDef
        Inputs first.

    Raises
    ------
    NetworkError
        A node reads one that does not exist, or itself.
    """
    nodes = {node.name: node for node in graph.node}
    found: dict[str, Any] = {}
    entered: set[str] = set()
    stack = [name]
    while stack:
        current = stack[-1]
        if current in found or current not in nodes:
            if current not in nodes:
                raise NetworkError(
                    f"the graph is damaged: it lacks the node {current}; download it again"
                )
            stack.pop()
            continue
        sources = [_node_name(text) for text in nodes[current].input]
        waiting = [source for source in sources if source not in found]
        if not waiting:
            found[current] = nodes[stack.pop()]
        elif current in entered:
            raise NetworkError(
                f"the graph is damaged: {current} depends on itself; download it again"
            )
        else:
            entered.add(current)
            stack.extend(reversed(waiting))
    return list(found.values())


def _node_name(text: str) -> str:
    """Return the node that an input names: ``name``, ``name:1`` or ``^name``."""
    return text.removeprefix("^").split(":")[0]
