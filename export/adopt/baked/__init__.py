"""Sizes that an exporter wrote into a network as numbers, and what stands in their place."""
