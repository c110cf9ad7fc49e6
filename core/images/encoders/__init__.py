"""Encoders: a picture in memory as a file of a format."""
