"""Scripts for PowerShell, as commands that no quotation mark in them breaks."""

from __future__ import annotations

import base64


def powershell(script: str) -> list[str]:
    """The command that runs a script."""
    encoded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    return ["powershell", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]


def text(value: str) -> str:
    """A text in PowerShell's language: within single quotes only these are special, of any form.

    Examples
    --------
    >>> text("Ann's")
    "'Ann''s'"
    """
    return "'" + "".join(one * 2 if one in "'‘’‚‛" else one for one in value) + "'"
