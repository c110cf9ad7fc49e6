"""The texts of the GIMP filter that are marked for translation, and the files of its languages.

`python tests/support/translations.py de fr` brings the files of these languages in line with the
code, and begins those that are missing: new texts are added, to be translated; what is no longer
marked goes; translations stay. Without a language, all that there are. Texts are marked as
`plugin/dreamlayer/editor/translation.py` says; those of `description.json` are by being there.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLUGIN = Path(__file__).parents[2] / "plugin" / "dreamlayer"

MARKS = {"_": 1, "N_": 1, "ngettext": 2}
"""The functions that mark texts, and how many of their first arguments are texts."""

DESCRIBED = {"presets": ("title", "section", "description"), "parameters": ("help",)}
"""What a painter reads of `description.json`."""

UNREAD_FILES = {
    "pykrita/frames.py": "what Krita's own files say",
    "editor/translation.py": "it reads the translations, and its one error is caught there",
    "editor/wording.py": "its words go into sentences of the worker, which are in English",
}
"""Files without texts to translate, and why."""

UNREAD = {
    "Gimp": "a library",
    "Loop": "a name that a toolkit must have",
    "' is no signal of these arguments": "for programmers alone",
    "dreamlayer cannot be used: {}": "in Krita's log, where even the translations may be missing",
    "dreamlayer: {}": "in Krita's log",
    "dreamlayer: {}: {}": "in Krita's log",
    "The recipe of a dream, see dreamlayer": "in Krita's files",
    "Gegl": "a library",
    "Babl": "a library",
    "Gtk": "a library",
    "Gdk": "a library",
    "R'G'B'A u8": "a format of pixels",
    "R'G'B'A float": "a format of pixels",
    "Y u8": "a format of pixels",
    "Y float": "a format of pixels",
    "RGB*, GRAY*": "kinds of images, for GIMP",
    "{} ({}ms) (replace)": "what GIMP reads of a frame's name",
    "Rasterizable": "a type of GIMP",
    "dreamlayer, MIT licence": "names",
    "as before": "what the code calls a tile, which has a title of its own",
    "the dream was cancelled": "the dialog says in other words that it was",
    "unrecognized arguments: --protocol": "what an older worker says",
}
"""Texts in the code that look as if a painter read them, and why none does, or in no language."""

_NO_TEXTS = {"namedtuple", "compile"}
"""Functions whose arguments are names and patterns."""

_LETTER = re.compile("[^\\W\\d_]")
_WORD = re.compile(r"_?[A-Z]_?[a-z]+(_[a-z]+)?(\.\.\.|…)?")
"""One word as on a label, perhaps with a mnemonic."""

PLURALS = {
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "ja": "nplurals=1; plural=0;",
    "zh_CN": "nplurals=1; plural=0;",
}
"""How the languages that are begun here count (as gettext's manual has it)."""

_FIELD = re.compile(r"{[^{}]*}")


@dataclass
class Text:
    """One text.

    Attributes
    ----------
    one : str
        The English text, or that for one thing.
    many : str
        That for several; empty where there is one form only.
    places : list of str
        Where it is marked.
    """

    one: str
    many: str = ""
    places: list[str] = field(default_factory=list)


def translation() -> Any:
    """The plug-in's own reader."""
    spec = importlib.util.spec_from_file_location(
        "translation", PLUGIN / "editor" / "translation.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def collect(plugin: Path = PLUGIN) -> list[Text]:
    """All marked texts, in the order of their places.

    Raises
    ------
    ValueError
        Something else than a plain text is marked, or one text in two ways.
    """
    found: dict[str, Text] = {}
    for one, many, place in [*_in_code(plugin), *_in_description(plugin)]:
        text = found.setdefault(one, Text(one, many))
        if many and text.many and many != text.many:
            raise ValueError(f"{place}: {one!r} has another plural in {text.places[0]}")
        text.many = text.many or many
        text.places.append(place)
    return list(found.values())


def _in_code(plugin: Path) -> Iterator[tuple[str, str, str]]:
    for path in sorted(plugin.rglob("*.py")):
        if path.name == "translation.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name in MARKS:
                place = f"{path.relative_to(plugin).as_posix()}:{call.lineno}"
                if name == "_" and not _is_text(call.args[:1]):
                    # It shows what was marked elsewhere.
                    if call.args and isinstance(call.args[0], (ast.JoinedStr, ast.BinOp)):
                        raise ValueError(f"{place}: only whole, plain texts can be marked")
                    continue
                texts = call.args[: MARKS[name]]
                if len(texts) < MARKS[name] or not _is_text(texts):
                    raise ValueError(f"{place}: only whole, plain texts can be marked")
                one, *more = (ast.literal_eval(text) for text in texts)
                yield one, more[0] if more else "", place


def _is_text(nodes: list[ast.expr]) -> bool:
    return bool(nodes) and all(
        isinstance(node, ast.Constant) and isinstance(node.value, str) for node in nodes
    )


def _in_description(plugin: Path) -> Iterator[tuple[str, str, str]]:
    path = plugin / "description.json"
    described = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for part, prefix in ((described, ""), (described.get("style", {}), "style.")):
        for kind, keys in DESCRIBED.items():
            entries = part.get(kind, {})
            named = entries if isinstance(entries, dict) else {e["name"]: e for e in entries}
            for name, entry in named.items():
                for key in keys:
                    if entry.get(key):
                        yield entry[key], "", f"description.json:{prefix}{kind}.{name}.{key}"


def unmarked(plugin: Path = PLUGIN) -> dict[str, str]:
    """What a painter seems to read in the code and is not marked, with a place where it stands.

    Those are texts of several words, or of one that begins with a capital, beside docstrings,
    patterns and names of fields.
    """
    found: dict[str, str] = {}
    for path in sorted(plugin.rglob("*.py")):
        name = path.relative_to(plugin).as_posix()
        if name in UNREAD_FILES:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        skipped = {id(part) for node in ast.walk(tree) for part in _unread_parts(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in skipped:
                text = node.value
                text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
                if isinstance(text, str) and _is_read(text):
                    found.setdefault(text, f"{name}:{node.lineno}")
    return found


def _unread_parts(node: ast.AST) -> list[ast.expr]:
    """The parts of a node that are docstrings, marked, or of no painter's concern."""
    if isinstance(node, ast.Expr):
        return [node.value]
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in _NO_TEXTS:
            return node.args
        return node.args[: MARKS.get(name, 0)]
    return []


def _is_read(text: str) -> bool:
    several = len(text.split()) > 1 and _LETTER.search(text) is not None
    return several or _WORD.fullmatch(text) is not None


def languages(plugin: Path = PLUGIN) -> dict[str, Path]:
    """The files of all languages."""
    files = sorted((plugin / "locale").glob("*/dreamlayer.po"))
    return {path.parent.name: path for path in files}


def faults(path: Path, texts: list[Text]) -> list[str]:
    """What a language's file lacks, or has too much or wrong, as sentences."""
    catalog, found = translation().read(str(path)), []
    for text in texts:
        there = catalog.plurals if text.many else catalog.texts
        if text.one not in there:
            found.append(f"{text.one!r} is not translated")
            continue
        forms = there[text.one] if text.many else [there[text.one]]
        allowed = [_fields(text.one), *([_fields(text.many)] if text.many else [])]
        found += [
            f"{form!r} has other fields than {text.one!r}"
            for form in forms
            if _fields(form) not in allowed
        ]
    marked = {text.one for text in texts}
    more = [one for one in [*catalog.texts, *catalog.plurals] if one not in marked]
    return found + [f"{one!r} is not marked" for one in more]


def _fields(text: str) -> list[str]:
    return sorted(_FIELD.findall(text))


def update(path: Path, texts: list[Text]) -> None:
    """Write a language's file, with the translations that it has."""
    language = path.parent.name
    old = translation().read(str(path)) if path.is_file() else translation().Catalog()
    rule = PLURALS.get(language, "nplurals=2; plural=(n != 1);")
    header = old.header or (
        f"Language: {language}\nContent-Type: text/plain; charset=UTF-8\nPlural-Forms: {rule}\n"
    )
    parts = [_entry({"msgid": "", "msgstr": header}, [])]
    forms = int(match[1]) if (match := re.search(r"nplurals=(\d+)", header)) else 2
    for text in texts:
        if text.many:
            there = old.plurals.get(text.one, [""] * forms)
            entry = {"msgid": text.one, "msgid_plural": text.many}
            entry |= {f"msgstr[{number}]": form for number, form in enumerate(there)}
        else:
            entry = {"msgid": text.one, "msgstr": old.texts.get(text.one, "")}
        parts.append(_entry(entry, text.places))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8", newline="\n")


def _entry(values: Mapping[str, str], places: list[str]) -> str:
    # Line numbers would change with every edit of the code.
    files = dict.fromkeys(place.rpartition(":")[0] for place in places)
    lines = [f"#: {' '.join(files)}"] if files else []
    return "\n".join([*lines, *(f"{key} {_quoted(value)}" for key, value in values.items()), ""])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    lines = [f'"{line}"' for line in escaped.replace("\n", "\\n\n").split("\n")]
    if len(lines) > 2 or (len(lines) == 2 and lines[1] != '""'):
        return "\n".join(['""', *(line for line in lines if line != '""')])
    return lines[0]


def main(names: list[str], plugin: Path = PLUGIN) -> None:
    """Bring the files of some languages in line with the code, or those of all."""
    texts = collect(plugin)
    for name in names or languages(plugin):
        file = plugin / "locale" / name / "dreamlayer.po"
        update(file, texts)
        print(f"{file}: {len(faults(file, texts))} of {len(texts)} texts are to be done")


if __name__ == "__main__":
    main(sys.argv[1:])
