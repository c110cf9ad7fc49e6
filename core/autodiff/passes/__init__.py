"""Rewriting of networks ahead of differentiation."""
