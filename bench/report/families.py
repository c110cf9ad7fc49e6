"""The report on torchvision's families: each beside the fastest of PyTorch, and the mean of all."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.measure.results import (
    Measure,
    Results,
    best_ratio,
    geometric_mean,
    median_ratio,
    short,
)
from bench.peers.table import FULL
from bench.report.tables import milliseconds, table

RIVAL = "PyTorch"
"""What the labels of the rows begin with whose fastest is taken for each family."""

_NOTE = """\
Networks of torchvision with random weights, as `python -m bench.peers.families` writes them; the \
objective is the mean of squares of a middle layer and that of a late one. PyTorch runs \
torchvision's own module, and for each network and precision the table has its fastest way by the \
median. A ratio is its time divided by ours in the same round, the median of these; in parentheses \
that of the best rounds. Above 1, ours is faster."""

_ALL = """\
All rows, as ratios to {first}: the median of the ratios within the rounds, and their geometric \
mean over the networks."""


def family_measures(results: Results) -> dict[int, list[Measure]]:
    """The measures of families by side of the tile, in order."""
    found: dict[int, list[Measure]] = {}
    for measure in results.gradients.measures:
        if measure.family:
            found.setdefault(measure.side, []).append(measure)
    return found


def family_sections(results: Results) -> list[str]:
    """Write the tables of each size of tile."""
    parts: list[str] = []
    for side, measures in family_measures(results).items():
        if not parts:
            parts += ["## Eight families", _NOTE]
        parts += [f"### Families, tile of {side} × {side}", _beside_fastest(measures, results)]
        parts += [_ALL.format(first=results.ours[0]), _all_rows(measures, results)]
        reasons = _reasons(measures, results)
        if reasons:
            parts.append("\n".join(f"- {line}" for line in reasons))
    return parts


def fastest(measure: Measure, results: Results, *, full: bool) -> str | None:
    """The label of PyTorch's fastest row in float32, or in bf16; None where there is none."""
    rivals = [
        label
        for label in measure.seconds
        if label.startswith(RIVAL) and (results.precisions[label] == FULL) == full
    ]
    return min(rivals, key=lambda label: statistics.median(measure.seconds[label]), default=None)


def _pairs(results: Results) -> list[tuple[str, bool]]:
    """Our first row in float32 and our first in reduced precision."""
    found: dict[bool, str] = {}
    for label in results.ours:
        found.setdefault(results.precisions[label] == FULL, label)
    return [(label, full) for full, label in sorted(found.items(), reverse=True)]


def _beside_fastest(measures: Sequence[Measure], results: Results) -> str:
    pairs = _pairs(results)
    head, rows = ["milliseconds"], [[measure.title] for measure in measures]
    means = ["**geometric mean**"]
    for ours, full in pairs:
        head += [short(ours), f"{RIVAL}'s fastest {'float32' if full else 'bf16'}", "ratio (best)"]
        ratios: list[tuple[float, float]] = []
        for row, measure in zip(rows, measures, strict=True):
            rival = fastest(measure, results, full=full)
            if rival is None or ours not in measure.seconds:
                row += ["–"] * 3
                continue
            times, base = measure.seconds[rival], measure.seconds[ours]
            ratios.append((median_ratio(times, base), best_ratio(times, base)))
            way = rival.removeprefix(RIVAL).strip()
            row += [
                milliseconds(statistics.median(base)),
                f"{milliseconds(statistics.median(times))}, {way}",
                "{:.2f} ({:.2f})".format(*ratios[-1]),
            ]
        means += ["", "", _mean_of(ratios)]
    return table(head, [*rows, means])


def _mean_of(ratios: Sequence[tuple[float, float]]) -> str:
    if not ratios:
        return "–"
    middle, best = (geometric_mean(column) for column in zip(*ratios, strict=True))
    return f"**{middle:.2f} ({best:.2f})**"


def _all_rows(measures: Sequence[Measure], results: Results) -> str:
    first = results.ours[0]
    rows = []
    for label in results.labels:
        ratios = [
            median_ratio(one.seconds[label], one.seconds[first]) if label in one.seconds else None
            for one in measures
        ]
        known = [ratio for ratio in ratios if ratio is not None]
        if known:
            whole = len(known) == len(ratios)
            mean = f"**{geometric_mean(known):.2f}**" if whole else "–"
            cells = ("–" if ratio is None else f"{ratio:.2f}" for ratio in ratios)
            rows.append([label, *cells, mean])
    return table(["", *(one.title for one in measures), "geometric mean"], rows)


def _reasons(measures: Sequence[Measure], results: Results) -> list[str]:
    """Why rows were not timed: each reason once, with the networks."""
    found: dict[tuple[str, str], list[str]] = {}
    for measure in measures:
        for label, reason in measure.failed.items():
            found.setdefault((label, reason), []).append(measure.title)
    lines = []
    for (label, reason), titles in found.items():
        where = "" if len(titles) == len(measures) else f" on {', '.join(titles)}"
        lines.append(f"{label}{where}: {reason}")
    far = _far(measures, results)
    return [*lines, far] if far else lines


def _far(measures: Sequence[Measure], results: Results) -> str:
    """The cosines of rows in reduced precision, which random weights bring far from float32."""
    parts = []
    for label in results.labels:
        cosines = [one.agreements[label].cosine for one in measures if label in one.agreements]
        if cosines and results.precisions[label] != FULL:
            parts.append(f"{label} {', '.join(f'{cosine:.3f}' for cosine in cosines)}")
    if not parts:
        return ""
    return f"Cosines of the gradients in reduced precision, in this order: {'; '.join(parts)}"
