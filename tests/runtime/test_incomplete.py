"""An ONNX Runtime that is broken is one sentence, in a dream and in the doctor."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import ROOT, refused, run

CASES = {
    "incomplete": ("", r"onnxruntime is incomplete, .*; run: .* --force-reinstall --no-deps onnx"),
    "foreign": ("raise AttributeError('_ARRAY_API not found')", r"does not load \(_ARRAY_API not"),
    "no library": ("raise OSError('libx.so: invalid ELF header')", r"does not load \(libx\.so"),
    "endless": (f"raise ImportError('x' * {10**6})", r"does not load \(xxx"),
}


@pytest.mark.parametrize(("source", "pattern"), CASES.values(), ids=CASES)
def test_a_broken_runtime_is_one_sentence(
    source: str, pattern: str, photo: Path, tmp_path: Path
) -> None:
    """Several packages share its folder: who removes one takes files of the others."""
    package = tmp_path / "broken" / "onnxruntime"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(source)
    paths = f"{package.parent}:{ROOT}"
    made = run("dream", photo, "--steps", 1, "--provider", "cpu", "--quiet", PYTHONPATH=paths)
    refused(made, pattern)
    assert len(made.stderr) < 1000
    told = run("doctor", PYTHONPATH=paths)
    assert told.returncode == 2, told.stderr
    assert b"Traceback" not in told.stderr
    assert b"does not work: onnxruntime " in told.stdout
