"""A network file, parsed only when its graph is needed; what else is known of it is cached."""

from __future__ import annotations

import hashlib
import json
import math
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamlayer.core.errors import NetworkError, shown
from dreamlayer.core.isolation.place import inside, possible
from dreamlayer.core.network import contract, files, trials
from dreamlayer.core.runtime import cache
from dreamlayer.core.runtime.facts import strings, truth, whole

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class Summary:
    """What is known of a network that meets the contract, without its graph.

    Attributes
    ----------
    metadata : dict
        The file's metadata.
    tensors : tuple of str
        What its nodes compute, in the file's order.
    weights : int
        The number of its weights.
    outside : bool
        Whether some weights lie in other files.
    """

    metadata: dict[str, str]
    tensors: tuple[str, ...]
    weights: int
    outside: bool

    @property
    def listed(self) -> list[str] | None:
        """The layers that the file lists; None if it lists none."""
        listed = self.metadata.get("dreamlayer.layers")
        return [str(name) for name in json.loads(listed)] if listed else None

    @property
    def aliases(self) -> dict[str, str]:
        """Layers by other names that the file gives them."""
        return dict(json.loads(self.metadata.get("dreamlayer.aliases", "{}")))


class LazyModel:
    """The model of a network file.

    A file whose content met the contract before is not parsed to find that it does. Its bytes are
    held until then, so that model and digest belong together when the file is replaced meanwhile.
    One that is not known, nor ships, is looked at in a process of its own first.

    Parameters
    ----------
    path : Path
        The file.
    content : bytes, optional
        What this process is about to write there; it is read from the file where None.

    Attributes
    ----------
    summary : Summary
        What is known without the graph.

    Raises
    ------
    NetworkError
        As for `core.network.files.read_model`, or the file does not meet the contract.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        self._path, self._is_own = path, content is not None
        self._content = files.content_of(path) if content is None else content
        self._model: onnx.ModelProto | None = None
        self._parsing = threading.Lock()
        self._outside = False
        self._own_digest = hashlib.sha256(self._content).hexdigest()
        self.summary = self._known_summary()
        if self.summary.outside:
            # The cache does not know whether those files are still there.
            self.model()

    @cached_property
    def digest(self) -> str:
        """Digest of the content, weights in other files included."""
        if not self.summary.outside:
            return self._own_digest
        return hashlib.sha256(self.model().SerializeToString(deterministic=True)).hexdigest()

    def model(self) -> onnx.ModelProto:
        """The model, parsed once."""
        with self._parsing:
            if self._model is None:
                from dreamlayer.core.network.limits.divisions import guard_divisions

                model = files.parsed(self._content, self._path)
                self._outside = bool(files.weights_outside(model))
                files.complete(model, self._path)
                contract.check(model, self._path)
                guard_divisions(model, self._path)
                self._model, self._content = model, b""
            return self._model

    def told(self) -> dict[str, Any]:
        """The digest of the file itself and its summary, as JSON can hold them."""
        return {"digest": self._own_digest, "summary": self._summarized()}

    def _known_summary(self) -> Summary:
        if inside() or self._is_own:
            # What is not yet through must not be remembered.
            return _summary(self._summarized())
        # The end of the name tells the format.
        identity = ("summary", self._own_digest, self._path.suffix)
        return cache.memoize(self._looked_at, *identity, read=_summary)

    def _looked_at(self) -> Any:
        """The summary, from a process of its own where that is needed."""
        if self._path in files.SHIPPED.values() or not possible():
            return self._summarized()
        # What lies in other files has no part in the digest.
        alone = b"location" not in self._content
        told = trials.look(self._path, self._own_digest if alone else None)
        if told["digest"] != self._own_digest:
            raise NetworkError(f"network {shown(self._path)} changed while it was read; try again")
        return told["summary"]

    def _summarized(self) -> list[Any]:
        from dreamlayer.core.network.limits.divisions import PREFIX

        model = self.model()
        computed = [name for node in model.graph.node for name in node.output]
        return [
            {entry.key: entry.value for entry in model.metadata_props},
            [name for name in computed if not name.startswith(PREFIX)],
            sum(math.prod(tensor.dims) for tensor in model.graph.initializer),
            self._outside,
        ]


def _summary(value: Any) -> Summary:
    metadata, tensors, weights, outside = value
    named = dict(zip(strings(list(metadata.keys())), strings(list(metadata.values())), strict=True))
    return Summary(named, tuple(strings(tensors)), whole(weights), truth(outside))
