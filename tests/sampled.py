"""A plugin that runs a sample of the cases, where `OXIPICKLE_SAMPLE` says how many of each test function.

They are taken at even distances, beginning with another case for each function and for each release of
Python, so that all releases together have more of them. Cases with the mark `freed` all run.
"""

import itertools
import os
import sys

import pytest

MOST = int(os.environ.get("OXIPICKLE_SAMPLE", "0"))

# Counts the functions, so that those with the same parameters don't all begin with the same case.
functions = itertools.count(sys.version_info.minor)


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc):
    """Leaves the other cases out before they are made: thousands of them take long to be made too."""
    result = yield
    cases = metafunc._calls
    if 0 < MOST < len(cases):
        first = next(functions)
        kept = {(first + i * len(cases) // MOST) % len(cases) for i in range(MOST)}
        if metafunc.definition.get_closest_marker("freed"):
            kept = set(range(len(cases)))
        kept |= {i for i, case in enumerate(cases) if any(mark.name == "freed" for mark in case.marks)}
        metafunc._calls = [cases[i] for i in sorted(kept)]
    return result


def pytest_report_header():
    return f"of each test function {MOST} cases at the most" if MOST else None
