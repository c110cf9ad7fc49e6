"""The table of time and memory by size."""

from __future__ import annotations

from bench.measure.large import Run, table


def test_table_has_what_a_megapixel_takes() -> None:
    """With start-up and without, beside the peak and what was told of it."""
    run = Run(start=0.5, whole=12.5, peak=3 * 2**30, told=2.5 * 2**30)
    assert table([(12.0, run)]).splitlines()[-1] == (
        "| 12 | 0.50 | 12.0 | 1.000 | 1.042 | 3.00 | 2.50 |"
    )
