"""Sessions of OpenVINO's own package, which computes on the processor, and their cache."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import io
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dreamlayer.core.errors import NetworkError, ProviderError, bare
from dreamlayer.core.installation import install_command
from dreamlayer.core.runtime import cache
from dreamlayer.core.runtime.protocol import Array, failed_on
from dreamlayer.core.runtime.providers import FAST, Execution, provider_of

if TYPE_CHECKING:
    import onnx

NAME, _DEVICE = "openvino", "CPU"

_TELEMETRY = "openvino_telemetry"
"""It writes an identifier into the user's home when it is imported, and reports to Google."""

_KEPT_IN_FULL = frozenset({"GroupConvolutionBackpropData"})
"""Operators that `fast` leaves in float32: in bfloat16, depthwise transposed convolutions take
eight times as long."""

# The attribute that keeps an operator in float32 can only be read from a model in OpenVINO's own
# format, and then be copied to operators of another.
_MARKED = """
<net name="marked" version="11"><layers>
<layer id="0" name="x" type="Parameter" version="opset1">
<data shape="1" element_type="f32"/><rt_info><attribute name="precise" version="0"/></rt_info>
<output><port id="0" precision="FP32"><dim>1</dim></port></output></layer>
<layer id="1" name="y" type="Result" version="opset1">
<input><port id="0" precision="FP32"><dim>1</dim></port></input></layer>
</layers><edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/></edges></net>
"""

_importing = threading.Lock()


class OpenVinoSession:
    """A model that OpenVINO compiled.

    Parameters
    ----------
    compiled : openvino.CompiledModel
        The model.
    """

    provider = NAME

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self._running = threading.Lock()

    def run(self, names: Sequence[str], feeds: Mapping[str, Array]) -> list[Array]:
        """As for `core.runtime.protocol.Session`."""
        # A request has one set of tensors.
        with self._running:
            try:
                found = self._request.infer(dict(feeds), share_inputs=True, share_outputs=True)
                return [np.array(found[name]) for name in names]
            except (RuntimeError, ValueError) as error:
                raise failed_on(feeds, _reason(error)) from error


def is_installed() -> bool:
    """Whether the package is installed; it may still fail to load."""
    return NAME in sys.modules or importlib.util.find_spec(NAME) is not None


def load() -> None:
    """Load the package, and find the processor.

    Raises
    ------
    ProviderError
        It is not installed, does not load, or does not support this processor.
    """
    _core()


def version() -> str:
    """The version of the installed package.

    Raises
    ------
    ProviderError
        It is not installed, or does not load.
    """
    return str(_load().__version__)


def open_model(
    make: Callable[[], onnx.ModelProto], identity: tuple[object, ...], execution: Execution
) -> tuple[OpenVinoSession, Callable[[], None] | None]:
    """Open a session from the cache, or make the model, and cache what OpenVINO compiled.

    Parameters
    ----------
    make : callable
        Makes the model.
    identity : tuple
        Everything that the model depends on; empty to bypass the cache.
    execution : Execution
        The threads and precision.

    Returns
    -------
    (OpenVinoSession, callable or None)
        What deletes the model from the cache, where it came from there.

    Raises
    ------
    ProviderError
        OpenVINO is not installed, does not load, or does not support this processor.
    NetworkError
        OpenVINO rejects the model.
    """
    openvino, core = _load(), _core()
    settings = provider_of(NAME).settings(execution.precision, execution.threads)
    key = (*identity, NAME, settings, openvino.get_version(), cache.machine())
    blob = cache.load_blob(*key) if identity else None
    if blob is not None:
        # Its content is what was stored; should another OpenVINO have done so, it is made again.
        with contextlib.suppress(RuntimeError):
            session = OpenVinoSession(core.import_model(blob, _DEVICE, settings))
            return session, functools.partial(cache.delete_blob, *key)
    try:
        model = core.read_model(make().SerializeToString())
        _crop_before_padding(model)
        if execution.precision == FAST:
            _keep_in_full(core, model)
        compiled = core.compile_model(model, _DEVICE, settings)
        session = OpenVinoSession(compiled)
    except RuntimeError as error:
        raise NetworkError(f"OpenVINO rejects the network: {_reason(error)}") from error
    if identity and cache.folder() is not None:
        # What cannot be stored is made again next time.
        with contextlib.suppress(RuntimeError):
            stream = io.BytesIO()
            compiled.export_model(stream)
            cache.store_blob(stream.getvalue(), *key)
    return session, None


def _crop_before_padding(model: Any) -> None:
    """Put the negative part of each Pad behind a transposed convolution into a Slice, in place.

    OpenVINO takes it that a Pad of unknown extent never shrinks an image, and that a transposed
    convolution gives at least as much as its kernel covers, so it fails on small tiles.
    """
    ops = importlib.import_module("openvino.opset13")
    zero, one = ops.constant(np.int64(0)), ops.constant(np.int64(1))
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Pad" or node.get_output_partial_shape(0).is_static:
            continue
        whole, begin, end = (node.input_value(i) for i in range(3))
        if not whole.get_node().get_type_name().endswith("ConvolutionBackpropData"):
            continue
        rank = whole.get_partial_shape().rank.get_length()
        begin, end = (ops.convert(pads, "i64") for pads in (begin, end))
        first = ops.maximum(ops.negative(begin), zero)
        last = ops.subtract(ops.shape_of(whole), ops.maximum(ops.negative(end), zero))
        steps = ops.broadcast(one, ops.constant(np.array([rank], np.int64)))
        cropped = ops.slice(whole, first, last, steps)
        node.input(0).replace_source_output(cropped.output(0))
        for i, pads in ((1, begin), (2, end)):
            node.input(i).replace_source_output(ops.maximum(pads, zero).output(0))
    model.validate_nodes_and_infer_types()


def _keep_in_full(core: Any, model: Any) -> None:
    """Mark the operators of `_KEPT_IN_FULL`, in place."""
    kept = [node for node in model.get_ops() if node.get_type_name() in _KEPT_IN_FULL]
    # Early versions cannot copy attributes, or do not heed them: they are slower.
    if kept and hasattr(kept[0], "set_rt_info"):
        marks = core.read_model(_MARKED.encode()).get_ops()[0].get_rt_info()
        for node in kept:
            for name, mark in marks.items():
                node.set_rt_info(mark, name)


def _load() -> Any:
    """Import openvino, without the package that reports its use."""
    try:
        with _without_telemetry():
            module = importlib.import_module(NAME)
        # A folder of that name can be imported too.
        _ = module.Core, module.get_version
    except (ImportError, AttributeError, OSError) as error:
        raise ProviderError(
            f"provider {NAME!r} does not load ({bare(str(error))}); install it with: "
            f"{install_command(NAME)}"
        ) from error
    return module


@contextlib.contextmanager
def _without_telemetry() -> Iterator[None]:
    """Hide the package during the import only; OpenVINO does without where it is missing."""
    with _importing:
        ours = NAME not in sys.modules
        before = sys.modules.get(_TELEMETRY)
        if ours:
            sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
        try:
            yield
        finally:
            if ours:
                del sys.modules[_TELEMETRY]
                if before is not None:
                    sys.modules[_TELEMETRY] = before


@functools.cache
def _core() -> Any:
    """OpenVINO's registry of devices, on which the processor was found."""
    core = _load().Core()
    try:
        core.get_property(_DEVICE, "FULL_DEVICE_NAME")
    except RuntimeError as error:
        raise ProviderError(
            f"provider {NAME!r} is installed but does not support this processor "
            f"({_reason(error)}); use --provider cpu"
        ) from error
    return core


def _reason(error: Exception) -> str:
    """The last line of an exception; those before name places in OpenVINO's source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
