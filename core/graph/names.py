"""Names of inputs and outputs that all networks and gradient models have."""

IMAGE = "image"
"""The input of every network file, and of every gradient model."""

LOSS, GRADIENT = "loss", "gradient"
"""The outputs of a gradient model."""
