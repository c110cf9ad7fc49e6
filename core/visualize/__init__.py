"""Sheets and figures: feature maps, galleries of layers, and the course of a run."""
