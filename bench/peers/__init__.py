"""The frameworks that are measured, each with its own gradient and loop."""
