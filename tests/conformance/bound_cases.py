"""Which test classes of the interpreter are run, which are left out, and which tests must fail.

Nothing is left out silently: what stands in none of these tables is run, and a test of
`DIFFERENT_ON_PURPOSE` that passes after all is a failure.
"""

import contextlib
import functools
import unittest

import interpreter_tests

# Classes that neither save nor load, and those that look at what belongs to the C structures.
NOT_ABOUT_PICKLES = {
    "CompatPickleTests": "reads the tables of _compat_pickle",
    "CommandLineTest": "runs the command line of pickle.py",
    "LazyImportTest": "asks what importing pickle.py imports",
}

# Mixins of `test.pickletester` without a class of ours, with the reason.
UNBOUND_MIXINS: dict[str, str] = {
    "PyMethodsTest": "a class whose methods the other tests pickle, no test case",
}

# "Class.test" and why it can't hold for ours.
DIFFERENT_ON_PURPOSE: dict[str, str] = {
    "SizeofTests.test_pickler": "adds up the fields of the C structure",
    "SizeofTests.test_unpickler": "adds up the fields of the C structure",
    "HeapTypesTests.test_immutable": "methods of ours can be assigned on the class, as on pickle._Pickler",
}


def _must_fail(test, reason):
    @functools.wraps(test)
    def checked(self):
        self.subTest = lambda *args, **kwargs: contextlib.nullcontext()
        try:
            test(self)
        except unittest.SkipTest:
            raise
        except Exception:
            return
        raise AssertionError(f"passes, though the table says that it can't: {reason}")

    return checked


# Both our unpicklers raise what the C class raises for bad data; the Python class raises whatever
# comes of it.
ERRORS_OF_BAD_DATA = ("bad_stack_errors", "truncated_errors", "truncated_data_error", "size_overflow_error")


def _bind(case, model):
    changes = {"__module__": __name__, "__doc__": case.__doc__}
    if case.__name__ == "PyUnpicklerTests":
        changes |= {name: getattr(model, name) for name in ERRORS_OF_BAD_DATA if hasattr(model, name)}
    for test_name in unittest.TestLoader().getTestCaseNames(case):
        reason = DIFFERENT_ON_PURPOSE.get(f"{case.__name__}.{test_name}")
        if reason is not None:
            changes[test_name] = _must_fail(getattr(case, test_name), reason)
    return type(case.__name__, (case,), changes)


def bound_cases() -> dict[str, type]:
    """The interpreter's test classes that save or load, bound to ours, by name."""
    loaded = interpreter_tests.load()
    if loaded is None:
        return {}
    return {
        name: _bind(case, loaded[1].CUnpicklerTests)
        for name, case in vars(loaded[1]).items()
        if isinstance(case, type) and issubclass(case, unittest.TestCase) and name not in NOT_ABOUT_PICKLES
    }
