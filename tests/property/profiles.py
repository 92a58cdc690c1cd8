"""Two profiles: a quick one that tries the same graphs every time, and a long one that never does.

`OXIPICKLE_PROPERTY=long` chooses the long one, for a night or an hour; `OXIPICKLE_EXAMPLES` says how
many examples that is for each test.
"""

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "quick", max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=SLOW
)
settings.register_profile(
    "long",
    max_examples=int(os.environ.get("OXIPICKLE_EXAMPLES", "20000")),
    database=None,
    deadline=None,
    suppress_health_check=SLOW,
)
PROFILE = os.environ.get("OXIPICKLE_PROPERTY", "quick")
settings.load_profile(PROFILE)


def examples(quickly):
    """Settings for a test whose examples take little time: so many of them in the quick profile."""
    return settings(max_examples=quickly) if PROFILE == "quick" else settings()
