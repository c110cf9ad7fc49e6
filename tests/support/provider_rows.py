"""Rows of the provider table changed for one test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dreamlayer.core.runtime.providers import PROVIDERS


def change_row(monkeypatch: pytest.MonkeyPatch, name: str, **changes: Any) -> None:
    """Give a provider other properties until the test ends."""
    monkeypatch.setitem(PROVIDERS, name, replace(PROVIDERS[name], **changes))  # type: ignore[arg-type]
