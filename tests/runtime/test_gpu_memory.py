"""Free memory of a GPU, with fake libraries and drivers."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from dreamlayer.core.runtime.gpu_memory import free_bytes

GIB = 2.0**30


class Cuda:
    """Fake CUDA runtime that reports its memory or an error code, and nothing else."""

    def __init__(self, free: int, code: int = 0) -> None:
        self._free, self._code = free, code

    def cudaMemGetInfo(self, free: Any, total: Any) -> int:  # noqa: N802  (its name)
        free._obj.value, total._obj.value = self._free, 2 * self._free
        return self._code


def absent(name: str) -> Any:
    """No library is there."""
    raise OSError(f"{name}: cannot open shared object file")


GPUS = "0, GPU-aaaa-1, 8000\n1, GPU-bbbb-2, 24000\n2, GPU-cccc-3, [N/A]\n"


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, 8000),
        ("1", 24000),
        ("1,0", 24000),
        ("GPU-bbbb", 24000),
        ("GPU-bbbb-2", 24000),
        ("2", None),
        ("7", None),
        ("", None),
        ("-1", None),
        ("MIG-1", None),
    ],
)
def test_free_memory_is_that_of_the_first_visible_gpu(
    visible: str | None, expected: int | None
) -> None:
    """By number or name, as CUDA itself numbers them."""
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    found = free_bytes("cuda", load=absent, ask=lambda: GPUS, environment=environment)
    assert found == (None if expected is None else expected * 2**20)


def test_cuda_is_asked_before_its_tool() -> None:
    """CUDA knows the visible devices; if it and the tool fail, nothing is claimed."""

    def nobody() -> str:
        raise FileNotFoundError("nvidia-smi")

    def slow() -> str:
        raise subprocess.TimeoutExpired("nvidia-smi", 10)

    assert free_bytes("cuda", load=lambda _: Cuda(5 << 30), ask=nobody) == 5 * GIB
    assert free_bytes("cuda", load=lambda _: Cuda(5, code=100), ask=slow, environment={}) is None
    assert free_bytes("cuda", load=absent, ask=nobody, environment={}) is None
    assert free_bytes("cpu", load=lambda _: Cuda(5), ask=nobody) is None
    assert free_bytes("rocm", load=lambda _: Cuda(5), ask=nobody) is None
