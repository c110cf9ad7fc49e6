"""What was found out about each network, kept beside the tests: one file of JSON for each.

The table of docs/networks.md is written from all of them, so that trying some networks again does
not lose the others. Each tells the versions that it was measured with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from families import Family

FOLDER = Path(__file__).parent / "results"


def read(families: Iterable[Family], folder: Path = FOLDER) -> dict[Family, dict[str, Any]]:
    """What `measure.py` found about those of the families that were tried."""
    files = {family: folder / f"{family.stem}.json" for family in families}
    kept = {family: file for family, file in files.items() if file.exists()}
    return {family: json.loads(file.read_text("utf-8")) for family, file in kept.items()}


UNTRIED = ("not exported: ", "not measured: ")
"""How problems begin that may be the machine's, such as a full disk, and not the network's."""


def keep(
    found: dict[Family, dict[str, Any]],
    family: Family,
    result: dict[str, Any],
    folder: Path | None = FOLDER,
) -> None:
    """Put a result in place of what was found before, unless it says nothing of the network.

    Parameters
    ----------
    found
        What is known, changed in place.
    family, result
        The network, and what came of trying it.
    folder
        Where results are kept; None where they are not.
    """
    if family in found and str(result.get("problem", "")).startswith(UNTRIED):
        return
    found[family] = result
    if folder is not None:
        write(family, result, folder)


def write(family: Family, result: Mapping[str, Any], folder: Path = FOLDER) -> None:
    """Keep what `measure.py` found about a family, in place of what was known of it."""
    folder.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (folder / f"{family.stem}.json").write_text(f"{text}\n", encoding="utf-8")
