"""Options of every command that makes a picture: format, provider, limits and reports."""

from __future__ import annotations

import argparse


def add_run_options(parser: argparse.ArgumentParser, *, reads: bool = True) -> None:
    """Add what is no part of a recipe; `reads` is False where no picture is read."""
    parser.add_argument("--format", choices=("png", "jpeg", "tiff", "webp"), help="format for -o -")
    parser.add_argument(
        "--provider", default="auto", help="execution provider: auto, cpu, cuda, openvino, ..."
    )
    parser.add_argument(
        "--threads", type=int, default=0, help="processor threads, 0 for all (default: 0)"
    )
    if reads:
        parser.add_argument(
            "--max-megapixels",
            type=_megapixels,
            default=500.0,
            metavar="N",
            help="refuse larger pictures (default: 500)",
        )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="report as JSON lines on standard error")
    shown.add_argument("--quiet", action="store_true", help="report errors only")


def _megapixels(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number
