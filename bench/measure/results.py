"""The results of the benchmark, before the report is written."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.measure.agreement import Agreement
from bench.measure.machine import Machine


@dataclass(frozen=True)
class Measure:
    """The gradient of one objective on one size of tile, for every row in turns.

    Attributes
    ----------
    subject, title : str
        Its name on the command line, and for headings.
    side : int
        Side of the tile in pixels.
    seconds : dict
        For each label one number per round.
    agreements : dict
        For each label but the first, how well it agrees with that.
    failed : dict
        Labels that were not timed, with the reason.
    operations : float
        Floating-point operations of the gradient, 0 where unknown.
    family : bool
        Whether the network is one of torchvision's families.
    """

    subject: str
    title: str
    side: int
    seconds: dict[str, list[float]]
    agreements: dict[str, Agreement] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    operations: float = 0.0
    family: bool = False


@dataclass(frozen=True)
class Gradients:
    """What timing gradients gave.

    Attributes
    ----------
    versions : dict
        Versions of the framework, by label.
    missing : dict
        Rows that could not be measured at all, with the reason.
    measures : list of Measure
        One for each subject and size of tile.
    memory : dict
        Peak bytes of each process by label, None where the system does not report it.
    """

    versions: dict[str, str]
    missing: dict[str, str]
    measures: list[Measure]
    memory: dict[str, int | None]


@dataclass(frozen=True)
class Run:
    """One whole picture by a new process.

    Attributes
    ----------
    seconds : float
        From the start of the process to its end, the picture written.
    peak : int or None
        Peak memory in bytes, None where the system does not report it.
    """

    seconds: float
    peak: int | None


@dataclass(frozen=True)
class PictureMeasure:
    """Whole pictures of one size.

    Attributes
    ----------
    width, height : int
        Size in pixels.
    steps : int
        Steps on each octave.
    runs : dict
        For each label one run per round.
    cosines : dict
        By label, the cosine between the change of the picture and that of the first row's.
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
        """Size of the picture in millions of pixels."""
        return self.width * self.height / 1e6


@dataclass(frozen=True)
class Profile:
    """How the time of one of our own runs is divided.

    Attributes
    ----------
    label : str
        The row.
    width, height, steps : int
        The picture, and the steps on each octave.
    seconds : dict
        By part, in the order of `bench.measure.profile.PARTS`.
    """

    label: str
    width: int
    height: int
    steps: int
    seconds: dict[str, float]

    @property
    def total(self) -> float:
        """Seconds of all parts."""
        return sum(self.seconds.values())


@dataclass(frozen=True)
class Results:
    """All results.

    Attributes
    ----------
    labels : list of str
        All rows that were asked for, in order.
    precisions : dict
        Precision of each row.
    ours : list of str
        Our own rows that were measured; ratios are taken to the first.
    gradients : Gradients
        The gradients, and what is missing.
    peaks : dict
        By precision and library, measured operations per second of matrix multiplications.
    pictures : list of PictureMeasure
        One for each size.
    profiles : list of Profile
        One for each of our own rows.
    """

    labels: list[str]
    precisions: dict[str, str]
    ours: list[str]
    gradients: Gradients
    peaks: dict[tuple[str, str], float] = field(default_factory=dict)
    pictures: list[PictureMeasure] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)

    def peak_of(self, label: str) -> float:
        """The machine's highest measured speed in a row's precision, 0 where unknown."""
        precision = self.precisions[label]
        return max((v for (kind, _), v in self.peaks.items() if kind == precision), default=0.0)


@dataclass(frozen=True)
class Conditions:
    """The conditions of a run.

    Attributes
    ----------
    machine : Machine
        The machine.
    objectives : dict
        By network, the terms as on a command line.
    threads, rounds : int
        Threads and turns of each row.
    device : str
        `cpu` or `cuda`.
    """

    machine: Machine
    objectives: Mapping[str, Sequence[str]]
    threads: int
    rounds: int
    device: str = "cpu"


def median_ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """The median of the ratios within each round, so that slow moments count for both sides."""
    return statistics.median(b / a for a, b in zip(ours, theirs, strict=True))


def best_ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """The ratio of the best rounds: what the machine gives when nothing disturbs it."""
    return min(theirs) / min(ours)


def geometric_mean(numbers: Iterable[float]) -> float:
    """The mean of ratios: that of the inverses is its inverse."""
    return statistics.geometric_mean(numbers)


def short(label: str) -> str:
    """The label of one of our rows without the name that all of them share."""
    return label.removeprefix("dreamlayer, ")
