"""What was done for each editor: one line of text each, or one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreamlayer.plugin.editor import Editor
from dreamlayer.plugin.families import by_list


@dataclass(frozen=True)
class Report:
    """What was done for one editor.

    Attributes
    ----------
    name : str
        What it is called.
    listed : str
        Where JSON lists it, such as `gimps`.
    folder : Path
        The plug-in's folder in it.
    ok : bool
        Whether all went well.
    says : str
        What was done, or what is wrong.
    fix : str or None
        The command that fixes what is wrong, if any.
    registered : bool or None
        Whether the editor knows the plug-in; None where it was not asked or gave no answer.
    editor : Editor or None
        The editor, None for a folder that the user named.
    """

    name: str
    listed: str
    folder: Path
    ok: bool
    says: str
    fix: str | None = None
    registered: bool | None = None
    editor: Editor | None = None

    @property
    def line(self) -> str:
        """For the terminal."""
        if not self.fix:
            return f"{self.name}: {self.says}"
        # Where no command helps, there may be a page that does.
        run = "" if self.fix.startswith("see ") else "run: "
        return f"{self.name}: {self.says}; {run}{self.fix}"

    @property
    def described(self) -> dict[str, Any]:
        """For another program."""
        return {
            "name": self.name,
            "version": (self.editor.version or None) if self.editor else None,
            "kind": self.editor.kind if self.editor else None,
            "folder": str(self.folder),
            "ok": self.ok,
            "registered": self.registered,
            "says": self.says,
            "fix": self.fix,
        }


@dataclass(frozen=True)
class Outcome:
    """What was done for a program that is no editor, such as a file manager.

    Attributes
    ----------
    name : str
        What it is called.
    ok : bool
        Whether all went well.
    says : str
        What was done, or what is wrong.
    path : str
        The file or folder that makes the entry.
    """

    name: str
    ok: bool
    says: str
    path: str

    @property
    def line(self) -> str:
        """For the terminal."""
        return f"{self.name}: {self.says}"

    @property
    def described(self) -> dict[str, Any]:
        """For another program."""
        return {"name": self.name, "ok": self.ok, "says": self.says, "path": self.path}


def show(
    reports: Iterable[Report],
    *,
    as_json: bool,
    more: Callable[[], tuple[bool, dict[str, Any]]] = lambda: (True, {}),
) -> list[Report]:
    """Print reports, as text each as soon as it is made; the list of them.

    `more` is called when all are made: whether all else went well, and what the JSON holds, too.
    """
    shown = []
    for report in reports:
        shown.append(report)
        if not as_json:
            print(report.line, flush=True)
    well, also = more()
    if as_json:
        made = by_list((report.listed, report.described) for report in shown)
        ok = exit_code(shown, well=well) == 0
        print(json.dumps({"ok": ok, **made, **also}, indent=2))
    return shown


def exit_code(reports: Iterable[Report], *, well: bool = True) -> int:
    """0 where all went well, and `well` all else, else 2."""
    return 0 if well and all(report.ok for report in reports) else 2
