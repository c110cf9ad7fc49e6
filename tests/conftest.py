"""Shared fixtures; the folder itself is on the import path so that tests share their helpers."""
