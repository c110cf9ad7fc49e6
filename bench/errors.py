"""What the benchmark raises on purpose: one sentence for whoever runs it."""

from __future__ import annotations

from dreamlayer.core.errors import DreamlayerError


class BenchError(DreamlayerError):
    """A measurement that cannot be made, or whose numbers could not be trusted."""


class UnavailableError(BenchError):
    """A peer that cannot be measured here; the report says so in its row, with the reason."""
