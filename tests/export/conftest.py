"""Networks of Keras with few channels, for tests that need every layer but not every weight."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

SHARE = 8


@pytest.fixture(scope="session")
def narrow_networks() -> dict[str, Callable[..., Any]]:
    """By title, what builds a network with an eighth of the channels, under the same names."""
    keras = pytest.importorskip(
        "keras", reason="needs TensorFlow: pip install 'dreamlayer[export]'"
    )

    def narrowed(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.cache
        def plan(top: bool) -> tuple[Any, dict[str, Any]]:
            keras.backend.clear_session()
            model = original(weights=None, include_top=top)
            return type(model), _narrow(model.get_config())

        @functools.wraps(original)
        def build(*, weights: None, include_top: bool) -> Any:
            assert weights is None
            kind, config = plan(include_top)
            return kind.from_config(copy.deepcopy(config))

        return build

    titles = ("InceptionV3", "VGG16", "VGG19")
    return {title: narrowed(getattr(keras.applications, title)) for title in titles}


@pytest.fixture(scope="module")
def narrow_keras(narrow_networks: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """For the rest of a module, let Keras build the narrow networks."""
    import keras

    with pytest.MonkeyPatch.context() as patch:
        for title, build in narrow_networks.items():
            patch.setattr(keras.applications, title, build)
        yield


def _narrow(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of a Keras model with fewer channels."""
    result = copy.deepcopy(config)
    for layer in result["layers"]:
        layer.pop("build_config", None)  # it has the old number of channels
        for key in ("filters", "units"):
            if key in layer["config"]:
                layer["config"][key] //= SHARE
    return result
