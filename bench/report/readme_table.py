"""The short table of the README, between two marks, so that the command can renew it."""

from __future__ import annotations

from pathlib import Path

from bench.errors import BenchError
from bench.measure.results import Results
from bench.report.chart import Bar, Panel, panels
from bench.report.tables import NOTHING, table

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def summary(results: Results) -> str:
    """Write a table of what the chart shows: median and best seconds, ratio to the first row."""
    drawn = panels(results)
    found = {panel.title: {bar.label: bar for bar in panel.bars} for panel in drawn}
    rows = []
    for label in results.labels:
        bars = [found[panel.title].get(label) for panel in drawn]
        cells = [_cell(bar) if bar else NOTHING for bar in bars]
        if any(bars):
            rows.append((label, *cells))
    return table(["seconds: median, best (ratio)", *(_short(panel) for panel in drawn)], rows)


def _cell(bar: Bar) -> str:
    return f"{bar.seconds:.3g}, {bar.best:.3g} ({bar.ratio:.2f})"


def _short(panel: Panel) -> str:
    title = panel.title.removeprefix("Seconds ").removeprefix("per ").removeprefix("from ")
    return title[:1].lower() + title[1:]


def renew(path: Path, results: Results) -> None:
    """Write the table between the marks of a file.

    Raises
    ------
    BenchError
        The file cannot be read or written, or does not have each mark once.
    """
    check(path)
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    try:
        path.write_text(f"{before}{BEGIN}\n\n{summary(results)}\n\n{END}{after}", encoding="utf-8")
    except OSError as error:
        raise BenchError(f"--readme cannot be written: {error.strerror}") from error


def check(path: Path) -> None:
    """Raise what `renew` would raise for this file, before anything is measured."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BenchError(f"--readme {str(path)!r} cannot be read: {error.strerror}") from error
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise BenchError(
            f"--readme {str(path)!r} has no place for the table; put {BEGIN} and {END} into it"
        )
