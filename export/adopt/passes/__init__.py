"""Rewritings that make a foreign network simple: each does one thing to a model, in place."""
