"""What every export says at its end: what was written, and how to dream with it."""

from __future__ import annotations

from pathlib import Path

from dreamlayer.core.network import files as network_files


def written(output: Path, size: int) -> str:
    """Say what was written and how to use it.

    Parameters
    ----------
    output
        The network file.
    size
        Its size in bytes.

    Returns
    -------
    str
        Two lines for the terminal.
    """
    return f"{output}: {size / 1e6:.1f} MB\n{_how_to_use(output)}"


def _how_to_use(output: Path) -> str:
    """Give the command that dreams with a network, and the folder where its name is enough."""
    command = "dreamlayer dream photo.jpg --network"
    found = network_files.available().get(output.stem)
    if found is not None and found.samefile(output):
        return f"Use it with: {command} {_quoted(output.stem)}"
    return (
        f"Use it with: {command} {_quoted(str(output))} (or put it into the folder "
        f"{network_files.folders()[-1]} and call it {output.stem})"
    )


def _quoted(text: str) -> str:
    """Put double quotes, which every shell takes, around a text with spaces."""
    return f'"{text}"' if " " in text else text
