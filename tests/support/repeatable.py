"""Settings of property tests: the same examples in every run, however long a busy machine takes."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

REPEATABLE = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
