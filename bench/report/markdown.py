"""Write the results as Markdown."""

from __future__ import annotations

import statistics

from bench.measure.agreement import LIMITS, RANDOM_LIMITS, RANDOM_REDUCED, REDUCED, Limits
from bench.measure.flops import COUNTED
from bench.measure.gradients import MOST_PER_TURN, PAUSE, TURN_SECONDS
from bench.measure.results import Conditions, Measure, Results, best_ratio, median_ratio, short
from bench.report.families import family_sections
from bench.report.pictures import picture_sections, profile_section
from bench.report.tables import NOTHING, counted, milliseconds, table
from dreamlayer.core.version import VERSION


def _both(full: Limits, reduced: Limits) -> str:
    return (
        f"{full.loss_error:.0e} and {full.cosine} in float32, {reduced.loss_error:.0e} and "
        f"{reduced.cosine} in reduced precision"
    )


_METHOD = f"""\
Each runs in a process of its own, and only one works at a time: round after round, each round \
beginning with another, every turn after a pause of {PAUSE} s and a gradient that is not timed. A \
turn gives the median of up to {MOST_PER_TURN} gradients, in about {TURN_SECONDS} s. The tables \
show the median over the rounds and the best round. A ratio is the row's time divided by that of \
one of our own rows in the same round, the median of these, and in parentheses that of the best \
rounds: above 1, ours is faster. All have the same weights and the same number of threads, and \
compute in float32 throughout unless the row says bf16, TF32 or fast. "Folded" is PyTorch's \
channels_last with batch normalizations folded into the convolutions; "OpenVINO by hand" runs the \
file of `dreamlayer-export gradient` in the package `openvino`.

Before anything is timed, the objective and the gradient are compared with those of our first row. \
The limits of the relative difference and the cosine are {_both(LIMITS, REDUCED)}; for random \
weights, {_both(RANDOM_LIMITS, RANDOM_REDUCED)}. Rows beyond them are not timed."""

_MEMORY = """\
Peak memory of each process over all gradients, its framework included, a GPU's memory not."""


def report(results: Results, conditions: Conditions) -> str:
    """Write the whole report as Markdown that ends with a line break."""
    found = results.gradients
    parts = [f"# dreamlayer {VERSION} compared with other frameworks", _facts(results, conditions)]
    if found.missing:
        parts.append(_listed("Not measured:", found.missing))
    if found.measures:
        parts += ["## Gradients", _METHOD]
    shipped = [measure for measure in found.measures if not measure.family]
    for measure in shipped:
        parts += [f"### {measure.title}, tile of {measure.side} × {measure.side}"]
        parts.append(_times(measure, results))
        if measure.failed:
            parts.append(_listed("", measure.failed))
    parts += family_sections(results)
    if results.peaks and shipped:
        parts += ["## Share of the machine's peak", _peaks(results, shipped)]
    if found.memory and found.measures:
        parts += ["## Peak memory of gradients", _memory(results), _MEMORY]
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
    versions = results.gradients.versions.values()
    names = [part for version in versions for part in version.split(", ")]
    if names:
        lines.append(f"- Versions: {', '.join(dict.fromkeys(names))}")
    for network, terms in conditions.objectives.items():
        lines.append(f"- Objective on {network}: {' + '.join(terms)}")
    threads = counted(conditions.threads, "thread")
    lines.append(f"- {threads} each, {counted(conditions.rounds, 'round')}")
    return "\n".join(lines)


def _listed(head: str, reasons: dict[str, str]) -> str:
    lines = [f"- {label}: {reason}" for label, reason in reasons.items()]
    return "\n".join([f"{head}\n", *lines] if head else lines)


def _times(measure: Measure, results: Results) -> str:
    bases = [label for label in results.ours if label in measure.seconds]
    share = bool(results.peaks and measure.operations)
    rows = []
    for label in results.labels:
        seconds = measure.seconds.get(label)
        agreement = measure.agreements.get(label)
        cosine = f"{agreement.cosine:.6f}" if agreement else "–"
        if seconds is None and label not in {**measure.failed, **results.gradients.missing}:
            # It has no such gradient, or was not asked for it.
            continue
        if seconds is None:
            rows.append([label, NOTHING, *["–"] * (len(bases) + 1), cosine, *["–"] * share])
            continue
        row = [label, milliseconds(statistics.median(seconds)), milliseconds(min(seconds))]
        for base in bases:
            ours = measure.seconds[base]
            row.append(f"{median_ratio(seconds, ours):.2f} ({best_ratio(seconds, ours):.2f})")
        row.append(cosine)
        if share:
            peak, middle = results.peak_of(label), statistics.median(seconds)
            row.append(f"{measure.operations / middle / peak:.0%}" if peak else "–")
        rows.append(row)
    head = ["milliseconds", "median", "best", *(f"÷ {short(label)} (best)" for label in bases)]
    return table([*head, "cosine", *["share of peak"] * share], rows)


def _peaks(results: Results, shipped: list[Measure]) -> str:
    measured = ", ".join(
        f"{library} {speed / 1e9:.0f} in {precision}"
        for (precision, library), speed in results.peaks.items()
    )
    operations = ", ".join(
        f"{one.operations / 1e9:.2f} for {one.title} at {one.side} × {one.side}" for one in shipped
    )
    return (
        f"Measured peaks of square matrix multiplications in GFLOP/s: {measured}. The shares above "
        f"are of the highest in the precision of the row. GFLOP of a gradient: "
        f"{operations}. {COUNTED}"
    )


def _memory(results: Results) -> str:
    rows = []
    for label, peak in results.gradients.memory.items():
        rows.append((label, "not known" if peak is None else f"{peak / 2**20:.0f}"))
    return table(("", "MiB"), rows)
