"""Arguments as they are typed, brought into a form that argparse takes."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIGNED = re.compile(r"-[\d.]")


def joined(argv: Sequence[str], options: Sequence[str]) -> list[str]:
    """Join ``--jitter -9..9`` to ``--jitter=-9..9``, for argparse takes ``-9..9`` for an option.

    Parameters
    ----------
    argv : sequence of str
        What was typed.
    options : sequence of str
        Options whose value may begin with a minus.
    """
    result: list[str] = []
    for argument in argv:
        if result and result[-1] in options and _SIGNED.match(argument):
            result[-1] += f"={argument}"
        else:
            result.append(argument)
    return result
