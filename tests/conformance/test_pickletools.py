"""The running interpreter's own tests of `pickletools`, with our functions in it.

`test.test_pickletools` is imported a second time while a stand-in answers to the name `pickletools`, in which
`genops`, `dis` and `optimize` are ours.
"""

import doctest
import importlib
import os
import pickletools
import sys
import types

import oxipickle
import pytest

NAME = "test.test_pickletools"
OURS = {name: getattr(oxipickle, name) for name in ("genops", "dis", "optimize")}

# Classes that ask for what we don't have.
NOT_ABOUT_PICKLES = {
    "MiscTestCase": "asks which names the module has",
    "CommandLineTest": "runs the command line of pickletools.py",
}

STAND_IN = types.ModuleType("pickletools")
vars(STAND_IN).update(vars(pickletools))
vars(STAND_IN).update(OURS)


def import_again():
    try:
        importlib.import_module(NAME)
    except ImportError:
        if os.environ.get("OXIPICKLE_REQUIRE_STDLIB_TESTS", "0") != "0":
            raise
        pytest.skip("this Python comes without test.test_pickletools", allow_module_level=True)
    own = {name: sys.modules.pop(name) for name in (NAME,)}
    sys.modules["pickletools"] = STAND_IN
    try:
        return importlib.import_module(NAME)
    finally:
        sys.modules.update(own, pickletools=pickletools)


TESTS = import_again()
CASES = {
    name: type(name, (case,), {"__module__": __name__})
    for name, case in vars(TESTS).items()
    if isinstance(case, type) and case.__module__ == NAME and hasattr(case, "run")
    if name not in NOT_ABOUT_PICKLES
}
globals().update(CASES)


def test_ours_are_under_test():
    assert TESTS.pickletools is STAND_IN
    assert "OptimizedPickleTests" in CASES


@pytest.mark.parametrize("name", sorted(pickletools.__test__))
def test_examples(name):
    found = {**vars(pickletools), **OURS}
    test = doctest.DocTestParser().get_doctest(pickletools.__test__[name], found, name, None, None)
    assert test.examples
    results = doctest.DocTestRunner(verbose=False).run(test)
    assert results.failed == 0
