"""What the benchmark finds out, before it is written down."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.measure.agreement import Agreement
from bench.measure.machine import Machine


@dataclass(frozen=True)
class Measure:
    """One quantity, measured for everyone in turn.

    Attributes
    ----------
    title : str
        What is measured, and on what.
    seconds : dict
        For each label one number a round.
    operations : float
        Floating-point operations of the network in what was timed, 0 where it is not given.
    """

    title: str
    seconds: dict[str, list[float]]
    operations: float = 0.0


@dataclass(frozen=True)
class Run:
    """One whole picture by a fresh process.

    Attributes
    ----------
    seconds : float
        From the start of the process to its end, the picture written.
    peak : int or None
        The most bytes that it held, None where the system does not tell.
    """

    seconds: float
    peak: int | None


@dataclass(frozen=True)
class PictureMeasure:
    """Whole pictures of one size.

    Attributes
    ----------
    width, height : int
        In pixels.
    steps : int
        On each octave.
    runs : dict
        For each label one a round.
    cosines : dict
        By label, of the change of the picture and that of the first row's picture.
    failed : dict
        Labels without a picture, with the reason.
    """

    width: int
    height: int
    steps: int
    runs: dict[str, list[Run]]
    cosines: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def megapixels(self) -> float:
        """Its size."""
        return self.width * self.height / 1e6


@dataclass(frozen=True)
class Profile:
    """Where the time of one of our own runs went.

    Attributes
    ----------
    label : str
        The row.
    width, height, steps : int
        The picture, and the steps on each octave.
    seconds : dict
        By part, those of `bench.measure.profile.PARTS`, in their order.
    """

    label: str
    width: int
    height: int
    steps: int
    seconds: dict[str, float]

    @property
    def total(self) -> float:
        """Of all parts."""
        return sum(self.seconds.values())


@dataclass(frozen=True)
class Results:
    """All that was found out.

    Attributes
    ----------
    labels : list of str
        All rows that were asked for, in order.
    precisions : dict
        What each computes in.
    ours : list of str
        Those of them that are our own and were measured; the first is what is divided by.
    versions : dict
        Of what computes, by label.
    missing : dict
        Labels that could not be measured, with the reason.
    agreements : list of Agreement
        One for each peer and size.
    gradients : list of Measure
        One for each size of tile.
    step : Measure or None
        Of the octave step, a megapixel.
    memory : dict
        Peak bytes of each worker by label, None where the system does not tell.
    overheads : dict
        By label, the share of an octave step that is not the network's, where it is known.
    peaks : dict
        By precision and library, the measured operations a second of matrix multiplications.
    pictures : list of PictureMeasure
        By size.
    profiles : list of Profile
        One for each of our own rows.
    """

    labels: list[str]
    precisions: dict[str, str]
    ours: list[str]
    versions: dict[str, str]
    missing: dict[str, str]
    agreements: list[Agreement]
    gradients: list[Measure]
    step: Measure | None
    memory: dict[str, int | None]
    overheads: dict[str, float] = field(default_factory=dict)
    peaks: dict[tuple[str, str], float] = field(default_factory=dict)
    pictures: list[PictureMeasure] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)

    def peak_of(self, label: str) -> float:
        """The machine's highest measured speed in a row's precision, 0 where none is known."""
        precision = self.precisions[label]
        return max((v for (kind, _), v in self.peaks.items() if kind == precision), default=0.0)


@dataclass(frozen=True)
class Conditions:
    """What the benchmark was run with.

    Attributes
    ----------
    machine : Machine
        Where.
    objective : sequence of str
        The terms, as they are written on a command line.
    threads, rounds : int
        Of each, and turns of each.
    device : str
        `cpu` or `cuda`.
    """

    machine: Machine
    objective: Sequence[str]
    threads: int
    rounds: int
    device: str = "cpu"


def median_ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """The median of the ratios within each round, so that a slow spell hits both sides of one."""
    return statistics.median(b / a for a, b in zip(ours, theirs, strict=True))


def short(label: str) -> str:
    """One of our rows without the name that all of them have."""
    return label.removeprefix("dreamlayer, ")
