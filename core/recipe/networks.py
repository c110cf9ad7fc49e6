"""The names of the networks that ship; `core.network.files` has their files."""

from __future__ import annotations

DEFAULT_NETWORK = "default"
"""What a recipe calls the shipped network that has its layers; see `core.network.shipped`."""

SHIPPED_NETWORKS = ("mobilenet_v2_block13", "inception_v3_mixed5")
"""Their names, the default first."""


def ships(name: str) -> bool:
    """Whether a network comes with the package."""
    return name == DEFAULT_NETWORK or name in SHIPPED_NETWORKS
