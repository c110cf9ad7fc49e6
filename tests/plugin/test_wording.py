"""The worker's sentences as a painter reads them."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dreamlayer import Dreamer, Recipe
from dreamlayer.core.errors import DreamlayerError
from dreamlayer.core.network.files import find

plain: Callable[[str], str] = importlib.import_module(
    "dreamlayer.plugin.dreamlayer.editor.wording"
).plain

CORE = Path(__file__).parents[2] / "core"
ELSEWHERE = {"cli", "style", "visualize"}
"""Rooms that the worker does not enter."""

_GRAY = np.full((64, 64, 3), 0.5, np.float32)

TERMINAL = re.compile(r"--[a-z]|`")
INSTALLATION = ("install", "nvidia-smi", "noheader", "nounits")
"""Words of sentences about an installation, and of calls of another program."""


def _texts(tree: ast.AST) -> Iterator[str]:
    """All texts of a module but docstrings, with an `x` for each value in them."""
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "x" for p in node.values]
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and id(node) not in inside | told:
            yield str(node.value)


def _sentences() -> list[str]:
    found = set()
    for path in CORE.rglob("*.py"):
        if path.relative_to(CORE).parts[0] not in ELSEWHERE:
            found.update(_texts(ast.parse(path.read_text(encoding="utf-8"))))
    sentences = [text for text in found if TERMINAL.search(text) and " " in text]
    return sorted(s for s in sentences if not any(word in s for word in INSTALLATION))


@pytest.mark.parametrize("sentence", _sentences())
def test_no_words_of_the_command_line(sentence: str) -> None:
    """No sentence of the core names an option, command or document once an editor shows it."""
    assert not TERMINAL.search(plain(sentence)), plain(sentence)
    assert "docs/" not in plain(sentence)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (
            lambda: find("vgg16"),
            "network vgg16 is not on this machine; choose a preset that needs no other network",
        ),
        (
            lambda: Dreamer().dream(
                _GRAY, Recipe.from_dict({"layers": "block_7_depthwise_relu:1::guide"})
            ),
            "choose a guide picture",
        ),
    ],
)
def test_sentences_that_painters_meet(act: Callable[[], object], told: str) -> None:
    """What the core raises tells a painter what to do in GIMP."""
    with pytest.raises(DreamlayerError) as caught:
        act()
    assert told in plain(str(caught.value))


def test_guide_of_a_stored_recipe() -> None:
    """A recipe whose guide was a layer asks for another in words of the dialog."""
    handlers = (CORE / "worker" / "handlers.py").read_text(encoding="utf-8")
    said = "the recipe's guide was a layer, which it does not contain; send it in 'guides'"
    assert said in handlers
    assert "guides'" not in plain(said)
    assert plain(said).endswith("; choose a guide picture")


def test_other_sentences_stay() -> None:
    """A sentence without such words stays, also with names that look like options."""
    for sentence in ("steps must be 0 or more, but is -1", "no layer is called 'a--b'"):
        assert plain(sentence) == sentence
