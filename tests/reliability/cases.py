"""Cases of the same kinds as the public faults, as painters, archivists and others would try them.

Use: python tests/reliability/cases.py [NAME...] prints a table of them with counts.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

import archivist_cases  # noqa: E402
import attacker_cases  # noqa: E402
import painter_cases  # noqa: E402
import script_cases  # noqa: E402
from desk import CASES, Case, Desk  # noqa: E402
from forked_program import ForkedProgram  # noqa: E402

GROUPS = (painter_cases, archivist_cases, script_cases, attacker_cases)
"""The modules that hold them, imported for that."""


def tried(one: Case, program: ForkedProgram) -> tuple[str, str]:
    """What came of a case, and what is wrong with that; nothing where all is well."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            outcome = one.attempt(Desk(Path(folder), program))
        except Exception as error:
            return "failed", f"{type(error).__name__}: {error}".replace("\n", " ")
    if outcome not in one.outcome.split("|"):
        return "failed", f"{outcome}, but {one.outcome} is right"
    return outcome, ""


def main() -> int:
    """Try the cases named, or all; 1 where one failed."""
    counts: Counter[str] = Counter()
    print("| case | what is tried | outcome |")
    print("|---|---|---|")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache,
        ForkedProgram() as program,
    ):
        os.environ["DREAMLAYER_CACHE"] = cache
        for one in CASES:
            if sys.argv[1:] and one.name not in sys.argv[1:]:
                continue
            outcome, why = tried(one, program) if one.here else ("not here", "")
            counts[outcome] += 1
            name = one.name.replace("_", " ")
            print(f"| {name} | {one.about} | {outcome}{why and ': ' + why[:300]} |", flush=True)
    print(f"\n{counts.total()} cases:", ", ".join(f"{n} {word}" for word, n in counts.items()))
    return int(counts["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
