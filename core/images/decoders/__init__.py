"""Decoders: what a file of each format is, and its pixels as RGB, whatever the format."""
