"""Fixtures for every test, and the summary of what was left out.

A run that skips tests says so at its end, reason by reason: what a Python or a machine lacks must
not look like something that passed.
"""

import gc
import pickle
import re
from collections import Counter

import pytest

pytest.register_assert_rewrite("faces")

from faces import HOOKABLE, LEAN, PROTOCOLS, SPEAKS_NEWEST_WORDS  # noqa: E402 - after its assertions were registered

UPSTREAMS_DISPATCH = pickle._Pickler.dispatch.copy()

# How many were left out, by reason.
LEFT_OUT = Counter()


def pytest_collection_modifyitems(config, items):
    """What is marked `newest_words` is asked of the newest release, and selected there alone."""
    if SPEAKS_NEWEST_WORDS:
        return
    others = [item for item in items if item.get_closest_marker("newest_words")]
    items[:] = [item for item in items if not item.get_closest_marker("newest_words")]
    config.hook.pytest_deselected(items=others)


def pytest_runtest_setup(item):
    """The interpreter's picklers are asked what is right: what a library has registered there, as dill
    does when it is imported, is taken out."""
    dispatch = pickle._Pickler.dispatch
    if dispatch != UPSTREAMS_DISPATCH:
        dispatch.clear()
        dispatch.update(UPSTREAMS_DISPATCH)


@pytest.fixture(scope="module", autouse=True)
def frozen():
    """Tests, and reports of them, are many objects: one that runs the collector need not look at them."""
    gc.freeze()


@pytest.fixture(params=[LEAN, HOOKABLE], ids=lambda face: face.name)
def face(request):
    """One of our two picklers together with the interpreter's class that it stands in for."""
    return request.param


@pytest.fixture(params=PROTOCOLS, ids=lambda protocol: f"protocol{protocol}")
def protocol(request):
    """Each pickle protocol."""
    return request.param


# How pytest says that a module is missing.
MISSING = re.compile(r"could not import '([^']+)': No module named .*", re.DOTALL)


def _reason(report):
    if not isinstance(report.longrepr, tuple):
        return str(report.longrepr)
    return MISSING.sub(r"\1 is not installed", report.longrepr[2].removeprefix("Skipped: "))


def _count_skipped(report):
    """Called where the summary is printed, for the reports of all processes."""
    if report.skipped and not hasattr(report, "wasxfail"):
        LEFT_OUT[_reason(report)] += 1


pytest_runtest_logreport = pytest_collectreport = _count_skipped


def pytest_terminal_summary(terminalreporter):
    if not LEFT_OUT:
        return
    terminalreporter.section(f"{LEFT_OUT.total()} left out")
    for reason, count in sorted(LEFT_OUT.items(), key=lambda each: (-each[1], each[0])):
        terminalreporter.write_line(f"{count:5} x {reason}")
