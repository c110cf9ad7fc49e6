"""Peers without a network, for the benchmark's own tests: their gradients are the image itself."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from bench.errors import BenchError, UnavailableError


class Fake:
    """Objective a factor, gradient the tile times it; its loop makes the picture black."""

    version = "fake 1.0"

    def __init__(self, factor: float = 1.0) -> None:
        self._factor = factor

    def prepare(self, tile: Any) -> Any:
        return tile

    def gradient(self, tile: Any) -> Any:
        return self._factor, tile

    def __call__(self, tile: Any) -> Any:
        return self._factor, tile

    def loop(self) -> Any:
        return self

    def dream(self, planes: Any, recipe: Any) -> Any:
        assert recipe.steps
        return np.zeros_like(planes)


def good(source: Any, setting: Any) -> Fake:
    return Fake()


def other(source: Any, setting: Any) -> Fake:
    return Fake(factor=2.0)


def near(source: Any, setting: Any) -> Fake:
    return Fake(factor=1.01)


class _Compiling(Fake):
    def __call__(self, tile: Any) -> Any:
        raise RuntimeError("the compiler went wrong")


def compiling(source: Any, setting: Any) -> Fake:
    """Compiles at its first gradient, and fails."""
    return _Compiling()


def chatty(source: Any, setting: Any) -> Fake:
    """Prints to its standard output, by Python and below it."""
    print("a greeting", flush=True)
    os.write(1, b"a note of a library\n")
    return Fake()


def absent(source: Any, setting: Any) -> Fake:
    import no_such_framework  # noqa: F401

    return Fake()


def unable(source: Any, setting: Any) -> Fake:
    raise UnavailableError("there is no NVIDIA GPU")


def broken(source: Any, setting: Any) -> Fake:
    raise BenchError("does not know Tanh")


class _Failing(Fake):
    def __call__(self, tile: Any) -> Any:
        os._exit(3)


def failing(source: Any, setting: Any) -> Fake:
    """Ends with its first gradient."""
    return _Failing()


def picky(source: Any, setting: Any) -> Fake:
    """Knows one network only."""
    if "inception" in source.subject.network:
        raise BenchError("does not know Concat")
    return Fake()


def dying(source: Any, setting: Any) -> Fake:
    print("it went wrong", file=sys.stderr, flush=True)
    os._exit(3)
