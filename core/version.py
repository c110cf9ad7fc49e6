"""The version, written once: `pyproject.toml` reads it here."""

VERSION = "0.1.0"
