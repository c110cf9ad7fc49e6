"""What the benchmark raises on purpose: one sentence for whoever runs it."""

from __future__ import annotations

from core.errors import DreamlayerError


class BenchError(DreamlayerError):
    """A measurement that cannot be made, or whose numbers could not be trusted."""


class NotInstalledError(BenchError):
    """A framework to compare with that this Python does not have."""
