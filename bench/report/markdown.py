"""Write the results as Markdown."""

from __future__ import annotations

import statistics

from bench.measure.agreement import LIMITS, REDUCED
from bench.measure.flops import COUNTED
from bench.measure.gradients import GRADIENTS_PER_TURN, STEPS_PER_TURN
from bench.measure.results import Conditions, Measure, Results, median_ratio, short
from bench.measure.serving import STEP_SIDE
from bench.peers.sources import TILE
from bench.report.pictures import picture_sections, profile_section
from bench.report.tables import NOTHING, counted, table
from dreamlayer.core.network.shipped import network_for
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.term import parse_term
from dreamlayer.core.version import VERSION

_METHOD = f"""\
Each runs in a process of its own, and only one works at a time: ours, then each other, round \
after round, every turn after a gradient or step that is not timed. A turn gives the median of \
{GRADIENTS_PER_TURN} gradients, or the mean of {STEPS_PER_TURN} octave steps. The tables show the \
median over the rounds and the range, which tells how steady the machine was. A ratio is the row's \
time divided by that of one of our own rows in the same round, and the table has the median of \
these: above 1, ours is faster. All have the same weights and the same number of threads, and \
compute in float32 throughout unless the row says bf16, TF32 or fast."""

_STEP = f"""\
A step is a whole one on an image of {STEP_SIDE} × {STEP_SIDE} pixels, the plain step of \
version 0.1: roll, tiles of {TILE} × {TILE}, gradient, smoothing, normalisation, update. Each \
framework has a loop of its own, as its users would write it, in `bench/peers/`; onnx-ad \
has none and uses ours."""

_MEMORY = """\
Peak memory of each process during the gradients and steps, its framework included, a GPU's memory \
not."""


def report(results: Results, conditions: Conditions) -> str:
    """Write the whole report as Markdown that ends with a line break."""
    parts = [f"# dreamlayer {VERSION} compared with other frameworks", _facts(results, conditions)]
    if results.missing:
        parts.append(_missing(results))
    if results.gradients:
        parts += [_METHOD, *_agreement(results)]
    for measure in results.gradients:
        parts += [f"## {measure.title}", _times(measure, results)]
    if results.step is not None:
        parts += [f"## {results.step.title}", _times(results.step, results), _STEP]
    if results.overheads:
        parts.append(_overheads(results))
    if results.peaks and results.gradients:
        parts += ["## Share of the machine's peak", _peaks(results)]
    if results.memory:
        parts += ["## Peak memory of gradients and steps", _memory(results), _MEMORY]
    parts += picture_sections(results)
    if results.profiles:
        parts += profile_section(results.profiles)
    return "\n\n".join(parts) + "\n"


def _facts(results: Results, conditions: Conditions) -> str:
    machine = conditions.machine
    memory = f", {machine.memory / 2**30:.0f} GiB" if machine.memory else ""
    cores = counted(machine.cores, "core")
    lines = [f"- Machine: {machine.processor}, {cores}{memory}; {machine.system}"]
    if conditions.device == "cuda":
        lines.append(f"- GPU: {machine.gpu or 'not known'}")
    names = [part for version in results.versions.values() for part in version.split(", ")]
    if names:
        lines.append(f"- Versions: {', '.join(dict.fromkeys(names))}")
    layers = [parse_term(text).layer for text in conditions.objective]
    network = network_for(DEFAULT_NETWORK, layers)
    lines.append(f"- Objective: {' + '.join(conditions.objective)} on {network}")
    threads = counted(conditions.threads, "thread")
    lines.append(f"- {threads} each, {counted(conditions.rounds, 'round')}")
    return "\n".join(lines)


def _missing(results: Results) -> str:
    lines = [f"- {label}: {reason}" for label, reason in results.missing.items()]
    return "\n".join(["Not measured:\n", *lines])


def _agreement(results: Results) -> list[str]:
    if not results.agreements:
        return []
    first = results.ours[0]
    rows = [
        (a.label, f"{a.side} × {a.side}", f"{a.loss_error:.1e}", f"{a.cosine:.8f}")
        for a in results.agreements
    ]
    head = (f"compared with {first}", "tile", "relative loss difference", "cosine of the gradients")
    note = (
        f"The limits are {LIMITS.loss_error:.0e} and {LIMITS.cosine} in float32, "
        f"{REDUCED.loss_error:.0e} and {REDUCED.cosine} in reduced precision; rows beyond them are "
        f"not timed."
    )
    return ["## Do all compute the same?", table(head, rows), note]


def _times(measure: Measure, results: Results) -> str:
    bases = [measure.seconds[label] for label in results.ours]
    share = bool(results.peaks and measure.operations)
    rows = []
    for label in results.labels:
        if label not in measure.seconds:
            rows.append((label, NOTHING, *["–"] * (len(bases) + 1 + share)))
            continue
        seconds = measure.seconds[label]
        middle = statistics.median(seconds)
        row = [label, f"{middle:.3f}", f"{min(seconds):.3f} to {max(seconds):.3f}"]
        row += [f"{median_ratio(seconds, base):.2f}" for base in bases]
        if share:
            peak = results.peak_of(label)
            row.append(f"{measure.operations / middle / peak:.0%}" if peak else "–")
        rows.append(tuple(row))
    head = ["", "median", "range", *(f"÷ {short(label)}" for label in results.ours)]
    return table([*head, *["share of peak"] * share], rows)


def _overheads(results: Results) -> str:
    shares = ", ".join(f"{label} {share:.1%}" for label, share in results.overheads.items())
    return f"Share of a step outside the network, where the loop is ours: {shares}."


def _peaks(results: Results) -> str:
    measured = ", ".join(
        f"{library} {speed / 1e9:.0f} in {precision}"
        for (precision, library), speed in results.peaks.items()
    )
    operations = ", ".join(
        f"{measure.operations / 1e9:.2f} for the {measure.title.split(', ')[-1]}"
        for measure in results.gradients
    )
    return (
        f"Measured peaks of square matrix multiplications in GFLOP/s: {measured}. The shares above "
        f"are of the highest in the precision of the row. GFLOP of a gradient: "
        f"{operations}. {COUNTED}"
    )


def _memory(results: Results) -> str:
    rows = []
    for label in results.labels:
        peak = results.memory.get(label)
        known = "not known" if peak is None else f"{peak / 2**20:.0f}"
        rows.append((label, known if label in results.memory else NOTHING))
    return table(("", "MiB"), rows)
