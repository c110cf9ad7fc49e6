"""Measure the peers: gradients, steps, whole pictures, profiles."""
