# -*- coding: utf-8 -*-
"""The worker's sentences in the words of an editor: no options or commands, for Python 2.7 and 3.

The core writes them for its command line as well. What is said about an installation keeps its
commands: those are run in a terminal, and nothing in an editor helps.
"""

from __future__ import unicode_literals

import re

_RULES = [
    (re.compile(pattern), words)
    for pattern, words in (
        (
            r"make it with `[^`]*` and put it into .*?, or use a preset whose name begins with "
            r"like-, made for a network that ships",
            "choose a preset that needs no other network",
        ),
        (r"make one with `[^`]*` or give the path of an \.onnx file", "or choose an .onnx file"),
        (
            r": choose with --layer; `[^`]*` lists all",
            "; choose a layer in the list",
        ),
        (r"see `[^`]*layers` for those it has", "choose one in the list"),
        (r"choose a layer that `[^`]*layers` lists", "choose a layer in the list"),
        (r" \(see `[^`]*layers`\)", ""),
        (
            r"(has no layer [^;]*); network (\S+) has it$",
            r"\1; choose the network \2, which has it",
        ),
        (r"set guide to a picture file \(--guide FILE\)", "choose a guide picture"),
        (
            r"the recipe's guide was a layer, which it does not contain; send it in 'guides'",
            "the guide picture was a layer, which is not known any more; choose a guide picture",
        ),
        (r"or give --(guide|network) FILE", r"or choose another \1"),
        (r"or give the style pictures as arguments", "or choose others"),
        (r"give at least one, such as --layer ", "choose at least one, such as "),
        (r"; raise --max-megapixels if you trust the file", "; choose a smaller one"),
        (r"use --backend numpy, or another provider", "set Provider to auto"),
        (r"use --provider (\w+)", r"set Provider to \1"),
        (r"use a smaller tile \(--tile\s+(\d+)\)", r"set Tile to \1"),
        (r"use a tile of (\S+) \(--tile [^)]*\)", r"set Tile to \1"),
        (
            r"(?:; bring it to the contract|: convert it) with `[^`]*`",
            "; choose another network, or have this one converted by dreamlayer-export",
        ),
        # What else names an option: its value, or the name as a setting's.
        (r" \(--[a-z][^)]*\)", ""),
        (r"(?:use|raise|give) (?<![\w-])--([a-z])([a-z-]*)(?: [A-Z]+\b)?", None),
        (r"(?<![\w-])--([a-z])([a-z-]*)(?: [A-Z]+\b)?", None),
        (r"`([^`]*)`", r"'\1'"),
    )
]


def plain(sentence):
    """A sentence of the worker as it is shown in an editor."""
    for pattern, words in _RULES:
        sentence = pattern.sub(_setting if words is None else words, sentence)
    return sentence


def _setting(found):
    """An option as the title of a setting."""
    title = "'{}{}'".format(found.group(1).upper(), found.group(2).replace("-", " "))
    return "change {}".format(title) if not found.group(0).startswith("--") else title
