"""What the notification says at the end: how many pictures, where, and what failed and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dreamlayer.core.errors import bare
from dreamlayer.core.images.formats import NAMES
from dreamlayer.plugin.file_managers.dreams import Outcome

_NAMED = 3
"""Files that are named."""


def summary(outcome: Outcome, others: Sequence[str], wanted: int) -> str:
    """The sentences.

    Parameters
    ----------
    outcome : Outcome
        What came of the pictures.
    others : sequence of str
        Selected files that are no pictures.
    wanted : int
        How many pictures there were.
    """
    parts = []
    if outcome.cancelled:
        count = f"{len(outcome.done)} of {_pictures(wanted)}"
        parts.append(f"Cancelled; {count} {_are(len(outcome.done))} finished.")
    elif outcome.error and not outcome.done:
        parts.append(f"Nothing was dreamed: {outcome.error}.")
    if outcome.done and not outcome.cancelled:
        parts.append(_finished(outcome.done))
    if outcome.error and outcome.done:
        parts.append(f"The others were not dreamed: {outcome.error}.")
    reasons = [(name, why) for name, why in outcome.failed if why != outcome.error]
    if reasons:
        parts.append(f"{_pictures(len(reasons))} failed: {_with_reasons(reasons)}.")
    if outcome.skipped:
        parts.append(f"{len(outcome.skipped)} skipped: {_with_reasons(outcome.skipped)}.")
    if others:
        parts.append(f"Left out, since no picture can be made of it: {_listed(others)}.")
    return " ".join(parts)


def nothing_selected(others: Sequence[str]) -> str:
    """What is said where there is no picture to dream on."""
    formats = ", ".join(name for key, name in NAMES.items() if key != "gif")
    if not others:
        return (
            "No file on a disk of this computer was selected; select pictures "
            f"({formats}), and copy those from elsewhere here first."
        )
    return f"No picture was selected, only {_listed(others)}; select pictures ({formats})."


def _finished(targets: Sequence[str]) -> str:
    folders = list(dict.fromkeys(str(Path(target).parent) for target in targets))
    place = f"in {bare(folders[0])}" if len(folders) == 1 else "beside the originals"
    if len(targets) == 1:
        return f"Finished: {_listed(targets)}, {place}."
    return f"{_pictures(len(targets))} are finished: {_listed(targets)}, {place}."


def _listed(paths: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    names = [bare(Path(path).name) for path in paths[:_NAMED]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _with_reasons(failed: Sequence[tuple[str, str]]) -> str:
    told = [f"{bare(Path(name).name)} ({why})" for name, why in failed[:_NAMED]]
    more = len(failed) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _pictures(count: int) -> str:
    return f"{count} {'picture' if count == 1 else 'pictures'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
