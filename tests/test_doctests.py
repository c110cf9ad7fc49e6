"""The examples in the docstrings of the public names do what they show."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path

import pytest

import dreamlayer

WITH_EXAMPLES = {"dream", "read", "write", "preset", "Dreamer"}


@pytest.mark.parametrize("name", sorted(set(dreamlayer.__all__) - {"__version__"}))
def test_examples(name: str, coffee: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each runs in a folder with a photo; those that people begin with have one."""
    shutil.copy(coffee, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    found = doctest.DocTestFinder(recurse=False).find(getattr(dreamlayer, name), name, globs={})
    examples = [test for test in found if test.examples]
    assert examples or name not in WITH_EXAMPLES
    runner = doctest.DocTestRunner(verbose=False)
    for test in examples:
        assert runner.run(test).failed == 0
