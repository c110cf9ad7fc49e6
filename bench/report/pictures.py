"""The report on whole pictures: times, memory, growth with the size, the profile."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.measure.profile import BEFORE, NETWORK
from bench.measure.results import (
    PictureMeasure,
    Profile,
    Results,
    best_ratio,
    median_ratio,
    short,
)
from bench.peers.table import OLD_LABEL
from bench.report.tables import NOTHING, counted, table

_PICTURES = """\
Seconds from the start of a new process to the finished PNG, by the default recipe with {steps} on \
each octave: Python, imports, loading, reading the \
JPEG, octaves from 120 pixels to the picture's size, natural colors, pyramid, headroom, anchor, \
tone. Ours is `python -m core dream`; PyTorch and TensorFlow have loops of their own in \
`bench/peers/`, as their users would write them, that do the very same steps; onnx-ad and OpenVINO \
by hand have none and use ours. The others read and write with Pillow. The last column compares \
the changes in the middle of the pictures with those of the first row; every step builds on the \
one before, so that roundings grow. Up to 4 megapixels each has made the picture once before, \
which does not count: torch.compile, OpenVINO and we then have in our caches what we compiled. \
"{old}" is the plain recipe of version 0.1 on InceptionV3."""


def picture_sections(results: Results) -> list[str]:
    """Write the tables of all sizes, then the growth with the size."""
    if not results.pictures:
        return []
    steps = counted(results.pictures[0].steps, "step")
    parts = ["## Whole pictures", _PICTURES.format(steps=steps, old=OLD_LABEL)]
    for measured in results.pictures:
        title = f"### {measured.megapixels:.2f} megapixels: {measured.width} × {measured.height}"
        parts += [title, _one_size(measured, results)]
        if measured.failed:
            parts.append("\n".join(f"- {name}: {why}" for name, why in measured.failed.items()))
    growth = _growth(results)
    return parts + growth


def _one_size(measured: PictureMeasure, results: Results) -> str:
    bases = [label for label in results.ours if label in measured.runs]
    rows = []
    for label in results.labels:
        runs = measured.runs.get(label)
        if not runs:
            rows.append((label, NOTHING, *["–"] * (len(bases) + 4)))
            continue
        times = {name: [run.seconds for run in measured.runs[name]] for name in (label, *bases)}
        seconds = statistics.median(times[label])
        peaks = [run.peak for run in runs if run.peak is not None]
        ratios = (
            f"{median_ratio(times[label], times[base]):.2f}"
            f" ({best_ratio(times[label], times[base]):.2f})"
            for base in bases
        )
        rows.append(
            (
                label,
                f"{seconds:.1f}",
                f"{min(times[label]):.1f}",
                *ratios,
                f"{seconds / measured.megapixels:.2f}",
                f"{max(peaks) / 2**20:.0f}" if peaks else "not known",
                f"{measured.cosines[label]:.3f}" if label in measured.cosines else "–",
            )
        )
    heads = [f"÷ {short(label)} (best)" for label in bases]
    return table(
        ("seconds", "median", "best", *heads, "per megapixel", "peak MiB", "cosine of the change"),
        rows,
    )


def _growth(results: Results) -> list[str]:
    """Compare the time per megapixel from one megapixel to the largest picture."""
    large = sorted((p for p in results.pictures if p.megapixels >= 1), key=lambda p: p.megapixels)
    if len(large) < 2:
        return []
    rows = []
    for label in results.labels:
        if all(label in one.runs for one in large):
            times = [
                statistics.median(run.seconds for run in one.runs[label]) / one.megapixels
                for one in large
            ]
            cells = (f"{time:.2f}" for time in times)
            rows.append((label, *cells, f"{times[-1] / times[0] - 1:+.0%}"))
    sizes = (f"{one.megapixels:.1f} MP" for one in large)
    head = ("seconds per megapixel", *sizes, "growth")
    return ["### Growth with the size", table(head, rows)]


def profile_section(profiles: Sequence[Profile]) -> list[str]:
    """Write how the time of our own runs is divided."""
    first = profiles[0]
    head = ["part", *(profile.label for profile in profiles)]
    rows = [
        [part, *(f"{p.seconds[part]:.2f} s, {p.seconds[part] / p.total:.1%}" for p in profiles)]
        for part in first.seconds
    ]
    rows.append(["**all**", *(f"{profile.total:.2f} s" for profile in profiles)])
    rows.append(["**not the network**", *(f"**{overhead(p):.1%}**" for p in profiles)])
    note = (
        f"The default recipe with {counted(first.steps, 'step')} on each octave, on "
        f"{first.width} × {first.height} pixels, with a clock around the functions named in "
        f"`bench/measure/profile.py`. The last line is the share of roll, resizing, pyramid, "
        f"colors, update, reading and writing in the run without its start (Python, "
        f"imports, network and provider), which happens once per process."
    )
    return ["## Where our own time goes", table(head, rows), note]


def overhead(profile: Profile) -> float:
    """The share of everything but the network in a run without its start."""
    dream = profile.total - sum(profile.seconds[part] for part in BEFORE)
    return 1 - profile.seconds[NETWORK] / dream
