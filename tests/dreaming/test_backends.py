"""Choice of the path, with made-up providers."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamlayer.core.device.objective import DeviceObjective
from dreamlayer.core.dreaming import paths
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.errors import OptionError, ProviderError
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.sessions import full_name


@pytest.mark.parametrize(
    ("path", "provider", "offered", "loaded", "expected"),
    [
        ("auto", "auto", ["cpu"], "cpu", None),
        ("auto", "cpu", ["cuda", "cpu"], "cpu", None),
        ("auto", "auto", ["cuda", "cpu"], "cuda", "cuda"),
        ("auto", "auto", ["cuda", "cpu"], "cpu", None),
        ("auto", "cuda", ["cuda", "cpu"], "cuda", "cuda"),
        ("auto", "openvino", ["openvino", "cuda"], "openvino", None),
        ("numpy", "cuda", ["cuda", "cpu"], "cuda", None),
        ("resident", "cpu", ["cpu"], "cpu", "cpu"),
        ("resident", "auto", ["cuda", "cpu"], "cuda", "cuda"),
    ],
)
def test_path_goes_by_the_provider_that_loads(
    path: str,
    provider: str,
    offered: list[str],
    loaded: str,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """auto keeps the image on a GPU that really loaded, and nowhere else."""
    monkeypatch.setattr(paths, "offered", lambda: offered)
    monkeypatch.setattr(paths, "full_name", lambda name: name)
    monkeypatch.setattr(paths, "loaded_provider", lambda *_: loaded)
    assert paths.device_provider(path, provider) == expected


def test_unknown_path_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(OptionError, match="path 'gpu' is not known; use one of auto, numpy"):
        Dreamer(path="gpu")


def test_dreamer_takes_the_path_that_is_wished(small_network: Path) -> None:
    """On the CPU numpy's, unless the other is demanded; a missing provider is refused."""
    recipe = Recipe(network=str(small_network), layers=(Term("deep"),))
    for path, kind in (("auto", Objective), ("numpy", Objective), ("resident", DeviceObjective)):
        found = Dreamer(recipe.network, "cpu", 1, path).objective(recipe)
        assert type(found) is kind
        assert found.provider == "cpu"
    with pytest.raises(ProviderError):
        Dreamer(recipe.network, "cuda" if not _has_cuda() else "coreml").objective(recipe)


def _has_cuda() -> bool:
    try:
        full_name("cuda")
    except ProviderError:
        return False
    return True
