"""Every gradient rule against finite differences, and the table against its own promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from finite_differences import Case, check, projected_gradient
from rule_cases import CASES

from dreamlayer.core.autodiff.rules import REFUSED, RULES, ZERO_GRADIENT
from dreamlayer.core.autodiff.rules.rule import Refusal, Variadic
from dreamlayer.core.autodiff.variants import INDICES, TAPS, VARIANTS

VARYING = {op for op, entries in RULES.items() if VARIANTS["portable"].rules[op] is not entries}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule_agrees_with_finite_differences(case: Case) -> None:
    """A rule gives the slope that differences of the operator itself show."""
    check(case)


@pytest.mark.parametrize("name", ["blocked", "portable"])
@pytest.mark.parametrize("case", [case for case in CASES if case.op in VARYING], ids=str)
def test_rules_of_variants_agree_with_finite_differences(case: Case, name: str) -> None:
    """Rules that depend on the runtime are right in each form."""
    variant = VARIANTS[name]
    if variant.max_pool == TAPS:
        # That form is for transposed networks; tests/autodiff/test_max_pool_compare.py has it.
        variant = replace(variant, max_pool=INDICES)
    check(case, variant)


def test_every_rule_has_a_case() -> None:
    """A rule for any input of any operator is tested at least once."""
    tested = {(case.op, case.wrt) for case in CASES}
    missing = []
    for op, entries in RULES.items():
        if isinstance(entries, Variadic):
            needed = {(op, 0), (op, 1)}
        else:
            needed = {
                (op, i)
                for i, entry in enumerate(entries)
                if entry is not None and not isinstance(entry, Refusal)
            }
        missing += sorted(needed - tested)
    assert not missing, f"rules without a case: {missing}"


def test_operator_has_one_state() -> None:
    """No operator is listed both as having a rule and as having none."""
    assert not set(RULES) & ZERO_GRADIENT
    assert not set(RULES) & set(REFUSED)
    assert not ZERO_GRADIENT & set(REFUSED)


def test_every_operator_of_the_standard_has_a_state() -> None:
    """Each has a rule, has no gradient anywhere, or is refused with a reason of its own."""
    every = {schema.name for schema in onnx.defs.get_all_schemas() if not schema.domain}
    unlisted = every - set(RULES) - ZERO_GRADIENT - set(REFUSED)
    assert not unlisted, f"operators without a state: {sorted(unlisted)}"


def test_table_has_only_operators_of_the_standard() -> None:
    """A name that is misspelled would never be looked up."""
    every = {schema.name for schema in onnx.defs.get_all_schemas_with_history()}
    assert not {*RULES, *ZERO_GRADIENT, *REFUSED} - every


def test_rules_are_as_many_as_inputs() -> None:
    """An operator's last optional input has an entry too, even if its gradient is zero."""
    for op, entries in RULES.items():
        if not isinstance(entries, Variadic):
            assert len(entries) == len(onnx.defs.get_schema(op).inputs), op


def test_max_pool_tie_goes_to_the_first_maximum() -> None:
    """Where a window holds its maximum twice, the first one in row order gets the gradient."""
    x = np.ones((1, 1, 2, 4), np.float32)
    case = Case("MaxPool", (x,), {"kernel_shape": [2, 2], "strides": [2, 2]})
    gradient = projected_gradient(case, [np.ones((1, 1, 1, 2), np.float32)], symbolic=True)
    assert gradient.tolist() == [[[[1, 0, 1, 0], [0, 0, 0, 0]]]]


def test_global_max_pool_tie_goes_to_the_first_maximum() -> None:
    """The first of equal maxima gets all of the gradient."""
    x = np.ones((1, 1, 2, 2), np.float32)
    case = Case("GlobalMaxPool", (x,))
    gradient = projected_gradient(case, [np.ones((1, 1, 1, 1), np.float32)], symbolic=True)
    assert gradient.tolist() == [[[[1, 0], [0, 0]]]]


def test_norm_at_the_origin_has_a_finite_gradient() -> None:
    """ReduceL2 of zeros gives zeros, not NaN."""
    case = Case("ReduceL2", (np.zeros((2, 3), np.float32),), {"keepdims": 0})
    gradient = projected_gradient(case, [np.ones((), np.float32)], symbolic=True)
    assert not gradient.any()
