"""What was done for each GIMP: one line of text, or one object of JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreamlayer.plugin.gimps.gimp import Gimp


@dataclass(frozen=True)
class Outcome:
    """What became of one GIMP.

    Attributes
    ----------
    name : str
        What it is called.
    folder : Path
        The plug-in's folder in it.
    ok : bool
        Whether all is as it was asked for.
    says : str
        What was done, or what is wrong.
    mend : str or None
        The command that mends what is wrong, if any.
    registered : bool or None
        Whether GIMP knows the plug-in; None where it was not asked or gave no answer.
    gimp : Gimp or None
        The GIMP, None for a folder that the user named.
    """

    name: str
    folder: Path
    ok: bool
    says: str
    mend: str | None = None
    registered: bool | None = None
    gimp: Gimp | None = None

    @property
    def line(self) -> str:
        """For the terminal."""
        return f"{self.name}: {self.says}" + (f"; run: {self.mend}" if self.mend else "")

    @property
    def described(self) -> dict[str, Any]:
        """For another program."""
        return {
            "name": self.name,
            "version": self.gimp.version if self.gimp else None,
            "kind": self.gimp.kind if self.gimp else None,
            "folder": str(self.folder),
            "ok": self.ok,
            "registered": self.registered,
            "says": self.says,
            "mend": self.mend,
        }


def show(outcomes: Sequence[Outcome], *, as_json: bool) -> int:
    """Print them; the exit code: 0 where all went well, else 2."""
    ok = all(outcome.ok for outcome in outcomes)
    if as_json:
        report = {"ok": ok, "gimps": [outcome.described for outcome in outcomes]}
        print(json.dumps(report, indent=2))
    else:
        for outcome in outcomes:
            print(outcome.line)
    return 0 if ok else 2
