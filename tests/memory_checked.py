"""A plugin for runs under valgrind (`make sanitize`): a sample of the cases, and reports by test.

    valgrind --log-file=LOG ... python -m pytest -p memory_checked

Under valgrind Python is some thirty times slower, so of each test function only `OXIPICKLE_SAMPLE` cases
run, at even distances, beginning with another case for each function. A test during which something
is written to the file that `OXIPICKLE_CHECKER_LOG` names has failed, with what is written there. Cases
with the mark `freed` all run.

What is tested in a process of its own takes far longer under the checker: only cases with that mark are
checked there, or all, if `OXIPICKLE_CHECK_ALL` says so.
"""

import itertools
import os
import pathlib

import pytest

# Counts the functions, so that those with the same parameters don't all begin with the same case.
functions = itertools.count()


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc):
    """Leaves the other cases out before they are made: thousands of them would take minutes here."""
    result = yield
    cases, most = metafunc._calls, int(os.environ.get("OXIPICKLE_SAMPLE", "0"))
    if 0 < most < len(cases):
        first = next(functions)
        kept = {(first + i * len(cases) // most) % len(cases) for i in range(most)}
        if metafunc.definition.get_closest_marker("freed"):
            kept = set(range(len(cases)))
        kept |= {i for i, case in enumerate(cases) if any(mark.name == "freed" for mark in case.marks)}
        metafunc._calls = [cases[i] for i in sorted(kept)]
    return result


def written():
    path = os.environ.get("OXIPICKLE_CHECKER_LOG")
    if path is None or not pathlib.Path(path).exists():
        return ""
    return pathlib.Path(path).read_text(errors="replace")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    before = len(written())
    with pytest.MonkeyPatch.context() as patch:
        if not (os.environ.get("OXIPICKLE_CHECK_ALL") or pyfuncitem.get_closest_marker("freed")):
            patch.delenv("OXIPICKLE_CHECKER", raising=False)
        result = yield
    reported = written()[before:]
    if reported:
        pytest.fail(f"the memory checker reports:\n{reported}", pytrace=False)
    return result
