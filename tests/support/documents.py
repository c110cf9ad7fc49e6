"""The documents of the checkout: their commands, links, tables and blocks of code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/command-line.md",
    "docs/editors.md",
    "docs/gradients.md",
    "docs/plugin.md",
    "docs/recipes.md",
    "docs/worker.md",
)

_PROGRAMS = r"(dreamlayer|dreamlayer-export|dreamlayer-plugin|python|pip|bash)"
_INDENTED = re.compile(rf"^ {{4}}({_PROGRAMS} .*)$", re.MULTILINE)
_INLINE = re.compile(rf"`({_PROGRAMS} [^`]+)`")
_LINK = re.compile(r"\]\(([^)#]+)(#[^)]*)?\)")
_PATH = re.compile(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:py|md|toml))`")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def text(name: str) -> str:
    """A document, by its path from the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


def commands(document: str) -> list[list[str]]:
    """The words of every command that a document shows, without comments and redirections."""
    shown = [match[0] for match in _INDENTED.findall(document) + _INLINE.findall(document)]
    return [words for line in shown for words in _simple(line)]


def _simple(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|<>")
    lexer.whitespace_split = True
    words: list[str] = []
    skipped = False
    for word in lexer:
        if word in ("&&", "||", "|"):
            yield words
            words = []
        elif skipped or word in ("<", ">"):
            skipped = not skipped
        else:
            words.append(word)
    yield words


def links(document: str) -> list[str]:
    """The files that a document links to, without those on the web."""
    return [target for target, _ in _LINK.findall(document) if "://" not in target]


def paths(document: str) -> list[str]:
    """What is written like the path of a file or folder of the checkout."""
    return [path for path in _PATH.findall(document) if "://" not in path]


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of code in a language."""
    return [code for name, code in _BLOCK.findall(document) if name == language]


def section(document: str, title: str) -> str:
    """What stands under a heading, whatever its level, up to the next of that level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n", document, re.MULTILINE)
    assert found is not None, f"no heading is called {title!r}"
    rest = document[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest
