"""Work fits into free memory with a margin; where it does not, a sentence says by how much."""

from __future__ import annotations

from dreamlayer.core.dreaming.free_memory import fits, in_units, shortage, usable


def test_a_tenth_is_left_to_others() -> None:
    """What needs nine tenths of the free bytes fits, and more does not."""
    assert fits(900, 1000)
    assert not fits(901, 1000)


def test_shortage() -> None:
    """It says what is needed and free, why that is too little, and what to do."""
    said = str(shortage("this", 3 * 2**30, 2**30, "use less", "GPU memory"))
    assert said == (
        "this needs about 3.0 GiB of GPU memory, but only 1.0 GiB are free; use less, or close "
        "other programs"
    )
    assert "a tenth of that is left to others" in str(shortage("this", 95, 100, "use less"))


def test_units() -> None:
    """MiB below a GiB, GiB from there on."""
    assert in_units(2**30) == "1.0 GiB"
    assert in_units(2**29) == "512 MiB"


def test_usable() -> None:
    """This process may at least use what it has."""
    assert usable() > 1 << 20
