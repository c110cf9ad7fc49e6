"""``python -m export gradient``: a stand-alone model of loss and gradient, for other runtimes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dreamlayer.core.errors import NetworkError, shown
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.trials import guarded_by_name
from dreamlayer.export.gradient import sidecar
from dreamlayer.export.gradient.making import Written, write
from dreamlayer.export.gradient.request import Request
from dreamlayer.export.gradient.runtimes import RUNTIMES
from dreamlayer.export.gradient.trial import Trial, Trials, table
from dreamlayer.export.verify import COSINE_LIMIT


def run(
    request: Request,
    runtimes: Sequence[str] = (),
    modules: Path | None = None,
    *,
    isolated: bool = False,
) -> Iterator[str]:
    """Write the gradient model of an objective and its JSON, and try it in runtimes.

    Parameters
    ----------
    request
        What to export.
    runtimes
        Keys of `export.gradient.runtimes.RUNTIMES`.
    modules
        The folder where onnxruntime-web was installed; the current one where None.
    isolated
        Whether to make the model in a process of its own, which a network from a stranger may end.

    Yields
    ------
    str
        Lines for the terminal.

    Raises
    ------
    DreamlayerError
        The network has no such layer or cannot be read, an operator has no gradient, the file
        cannot be written, or a runtime is missing, all before anything is written; or a runtime
        does not agree.
    """
    sidecar.check_both(request.output)
    versions = {name: RUNTIMES[name].version(modules) for name in dict.fromkeys(runtimes)}
    if isolated:
        rehearsed = bool(versions)
        told = guarded_by_name(request.network, write, request, rehearsed=rehearsed)
    else:
        told = write(request)
    written = Written.from_dict(told)
    yield from written.lines
    if versions:
        yield from _verified(written, request, versions, modules)


def _verified(
    written: Written, request: Request, versions: Mapping[str, str], modules: Path | None
) -> Iterator[str]:
    size = written.sizes.sample()
    trials = Trials(Network(written.network), written.terms, size)
    wrong: list[str] = []

    def rows() -> Iterator[tuple[str, str, Trial]]:
        for name, version in versions.items():
            trial = trials.run(request.output, name, modules)
            if not trial.agrees:
                wrong.append(f"{name} (cosine {trial.cosine:.6f}, loss {trial.loss_error:.1e} off)")
            yield name, version, trial

    yield from table(rows(), size)
    if wrong:
        remedy = "" if request.variant == "portable" else "--variant portable or "
        raise NetworkError(
            f"{shown(request.output)} is written, but not right in {' and '.join(wrong)}: the "
            f"cosine must be {COSINE_LIMIT} or more; use {remedy}another runtime"
        )
