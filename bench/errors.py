"""Errors of the benchmark: one sentence for its user."""

from __future__ import annotations

from dreamlayer.core.errors import DreamlayerError


class BenchError(DreamlayerError):
    """A measurement that is impossible, or whose numbers would be wrong."""


class UnavailableError(BenchError):
    """A peer that cannot be measured on this machine; the report gives the reason in its row."""
