"""The command: `python -m bench`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.measuring import measure
from bench.report import report, this_machine, usable_cores
from core.errors import DreamlayerError
from core.network import Network
from core.term import Term, format_term, parse_term

_LAYERS = ("mixed3", "mixed5")
_SIDES = (299, 512)
_ROUNDS = 7


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns 0, or 2 where a sentence on the standard error says why not."""
    options = _parser().parse_args(argv)
    try:
        _run(options)
    except DreamlayerError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench: cancelled", file=sys.stderr)
        return 130
    return 0


def _run(options: argparse.Namespace) -> None:
    terms: list[Term] = [parse_term(text) for text in options.layer or _LAYERS]
    _check(terms, options)
    results = measure(terms, options.size, options.rounds, options.threads, say=_say)
    objective = [format_term(term) for term in terms]
    text = report(results, this_machine(), objective, options.threads, options.rounds)
    # First to the terminal: minutes of measuring must not be lost to a full disk.
    print(text, end="", flush=True)
    if options.output is not None:
        try:
            options.output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise BenchError(f"--output cannot be written: {error.strerror}") from error


def _check(terms: Sequence[Term], options: argparse.Namespace) -> None:
    """Find what cannot work before minutes are spent on measuring."""
    network = Network()
    network.check(terms)
    smallest = min(options.size)
    least = network.grid([term.layer for term in terms], smallest, overlap=0).minimum
    if smallest < least:
        raise BenchError(f"--size {smallest} is too small; {least} is the least")
    for name in ("rounds", "threads"):
        if getattr(options, name) < 1:
            raise BenchError(f"--{name} must be at least 1, but is {getattr(options, name)}")
    if options.output is not None and not options.output.absolute().parent.is_dir():
        raise BenchError(f"the folder of --output {str(options.output)!r} does not exist")


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"bench: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure seconds per gradient and per ascent step on the CPU, beside PyTorch "
        "and TensorFlow where they are installed, and print the ratios as Markdown.",
    )
    parser.add_argument(
        "--layer",
        action="append",
        metavar="LAYER",
        help="part of the objective, as NAME[:WEIGHT[:CHANNELS[:KIND]]]; repeat for several "
        f"(default: {' and '.join(_LAYERS)})",
    )
    parser.add_argument(
        "--size",
        type=int,
        nargs="+",
        default=_SIDES,
        metavar="PIXELS",
        help="sides of the tiles whose gradient is timed (default: 299 512)",
    )
    parser.add_argument(
        "--rounds", type=int, default=_ROUNDS, help="turns of each (default: %(default)s)"
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=usable_cores(),
        help="threads of each (default: all cores, here %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write the report to as well"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
