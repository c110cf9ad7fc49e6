"""Compare all gradients with onnx's own tests of operators, and print the numbers.

`python tests/autodiff/node_tests.py [OPERATOR ...]` takes about three minutes for all operators.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from node_trial import OUTCOMES, REFUSED, RIGHT, UNSUITED, Verdict, node_tests, verdicts

from dreamlayer.core.autodiff.variants import PORTABLE


def main(operators: set[str]) -> int:
    """Print what is not right, then how many comparisons ended how; 1 if one is wrong."""
    found: list[Verdict] = []
    tests = node_tests()
    for test in tests:
        if operators and not operators.intersection(n.op_type for n in test.model.graph.node):
            continue
        found += verdicts(test, PORTABLE)
    for verdict in found:
        if verdict.outcome not in (RIGHT, UNSUITED, REFUSED) or operators:
            print(f"{verdict.outcome}: {verdict.test}, input {verdict.position}: {verdict.detail}")
    counts = Counter(verdict.outcome for verdict in found)
    print(f"{len(tests)} tests, {len(found)} float inputs")
    for outcome in OUTCOMES:
        print(f"{counts[outcome]:6} {outcome}")
    right = {verdict.operator for verdict in found if verdict.outcome == RIGHT}
    print(f"{len(right)} operators with a right gradient")
    refused = sorted({v.operator for v in found if v.outcome == REFUSED} - right)
    print(f"refused: {', '.join(refused)}")
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
