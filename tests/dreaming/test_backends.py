"""Choice of the path, with made-up providers."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamlayer.core.device.objective import DeviceObjective
from dreamlayer.core.dreaming import backends
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.errors import OptionError, ProviderError
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.installed import full_name
from dreamlayer.core.runtime.providers import Execution


@pytest.mark.parametrize(
    ("backend", "provider", "offered", "loaded", "expected"),
    [
        ("auto", "auto", ["cpu"], "cpu", None),
        ("auto", "cpu", ["cuda", "cpu"], "cpu", None),
        ("auto", "auto", ["cuda", "cpu"], "cuda", "cuda"),
        ("auto", "auto", ["cuda", "cpu"], "cpu", None),
        ("auto", "cuda", ["cuda", "cpu"], "cuda", "cuda"),
        ("auto", "openvino", ["openvino", "cuda"], "openvino", None),
        ("numpy", "cuda", ["cuda", "cpu"], "cuda", None),
        ("device", "cpu", ["cpu"], "cpu", "cpu"),
        ("device", "auto", ["cuda", "cpu"], "cuda", "cuda"),
    ],
)
def test_backend_goes_by_the_provider_that_loads(
    backend: str,
    provider: str,
    offered: list[str],
    loaded: str,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """auto keeps the image on a GPU that really loaded, and nowhere else."""
    names = offered if provider == "auto" else [provider]
    monkeypatch.setattr(backends, "candidates", lambda _: names)
    monkeypatch.setattr(backends, "loaded_provider", lambda *_: loaded)
    assert backends.device_provider(backend, Execution(provider)) == expected


def test_unknown_backend_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(OptionError, match="backend 'gpu' is not known; use one of auto, numpy"):
        Dreamer(backend="gpu")


def test_dreamer_takes_the_backend_that_is_asked_for(small_network: Path) -> None:
    """On the CPU numpy's, unless the other is demanded; a missing provider is refused."""
    recipe = Recipe(network=str(small_network), layers=(Term("deep"),))
    for backend, kind in (("auto", Objective), ("numpy", Objective), ("device", DeviceObjective)):
        found = Dreamer(network_of(recipe), "cpu", 1, backend).objective(recipe)
        assert type(found) is kind
        assert found.provider == "cpu"
    with pytest.raises(ProviderError):
        Dreamer(network_of(recipe), "cuda" if not _has_cuda() else "coreml").objective(recipe)


def _has_cuda() -> bool:
    try:
        full_name("cuda")
    except ProviderError:
        return False
    return True
