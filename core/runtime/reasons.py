"""What errors of ONNX Runtime and onnx say, without their codes and places in their source."""

from __future__ import annotations

import re

from dreamlayer.core.errors import printable, shown

_MOST = 240
"""Characters of a reason, at most."""

_CODES = re.compile(
    r"^\[\w+Error\] (?:: \d+ : \w+ : )?|^Load model from .*? failed: ?|^This is an invalid model\. "
)
_SIGNATURE = r"(?:[\w:<>*&]+ )*[\w:<>~]+::[\w~]+\((?:[^()]|\([^()]*\))*\)(?: const)? "  # of C++
_PLACES = re.compile(rf"^.* was false\. ?|\S+\.(?:cc|cpp|h):\d+ (?:{_SIGNATURE}|[\w:]+ )?")
"""What stands before a reason: codes, conditions, and places in their own source."""

_FORMS = (
    re.compile(
        r"^Non-zero status code returned while running (?P<op>\w+) node\. Name:'(?P<node>.*?)' "
        r"Status Message: (?P<why>.*)"
    ),
    re.compile(r"^Node \((?P<node>.*?)\) Op \((?P<op>\w+)\) (?P<why>.*)"),
    re.compile(r"^In Node, \(\"(?P<node>.*?)\", (?P<op>\w+), .* , Error (?P<why>.*)"),
    re.compile(r"^\(op_type:(?P<op>\w+)(?:, node name: (?P<node>.*?))?\):? (?P<why>.*)"),
)
"""How they name a node, its operator, and what is wrong with it."""


def reason_of(error: Exception) -> str:
    """The reason that an error of ONNX Runtime or of onnx gives, as a clause on one line.

    Parameters
    ----------
    error : Exception
        As they raise it; the first line tells what is wrong.

    Returns
    -------
    str
        Such as ``Add 'sum': Attempting to broadcast an axis by a dimension other than 1``; the
        error's class where it says nothing.
    """
    first = next(iter(str(error).strip().splitlines()), "")
    told = _without(_CODES, first)
    for form in _FORMS:
        found = form.match(told)
        if found is not None:
            named = found["node"] and f" {shown(found['node'])}"
            told = f"{found['op']}{named or ''}: {_bare(found['why']) or 'its inputs do not fit'}"
            break
    else:
        told = _bare(told)
    told = printable(told or first or type(error).__name__)
    return told if len(told) <= _MOST else f"{told[: _MOST - 3]}..."


def _bare(text: str) -> str:
    return _without(_PLACES, _without(_CODES, text)).rstrip(". ")


def _without(pattern: re.Pattern[str], text: str) -> str:
    before = None
    while text != before:
        before = text
        text = pattern.sub("", text, count=1).strip()
    return text
