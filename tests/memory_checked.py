"""A plugin for runs under valgrind (`make sanitize`): reports by test.

    valgrind --log-file=LOG ... python -m pytest -p memory_checked

A test during which something is written to the file that `OXIPICKLE_CHECKER_LOG` names has failed, with what
is written there. Python is some thirty times slower there, so that a sample of the cases runs (`sampled.py`).

What is tested in a process of its own takes far longer under the checker: only cases with that mark are
checked there, or all, if `OXIPICKLE_CHECK_ALL` says so.
"""

import os
import pathlib

import pytest


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
