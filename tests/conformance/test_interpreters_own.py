"""Runs the interpreter's own pickle tests over our picklers."""

import interpreter_tests
import oxipickle
import pytest
from bound_cases import DIFFERENT_ON_PURPOSE, NOT_ABOUT_PICKLES, UNBOUND_MIXINS, bound_cases

if interpreter_tests.load() is None:
    pytest.skip("this Python comes without test.pickletester", allow_module_level=True)

CASES = bound_cases()
globals().update(CASES)


def _bound_picklers(case):
    for attribute in ("pickler", "pickler_class", "Pickler"):
        bound = getattr(case, attribute, None)
        if isinstance(bound, type):
            yield bound


@pytest.mark.parametrize("ours", [oxipickle.Pickler, oxipickle.HookablePickler])
def test_every_mixin_is_bound_to_both_faces(ours):
    mixins = interpreter_tests.load()[0]
    mixins_of_picklers = {
        name: mixin
        for name, mixin in vars(mixins).items()
        if isinstance(mixin, type)
        and mixin.__module__ == mixins.__name__
        and ("Tests" in name or name.startswith("Abstract"))
        and name not in UNBOUND_MIXINS
    }
    # No pickler is named by what loads only, nor by what goes through the functions.
    for name in ("AbstractUnpickleTests", "BigmemPickleTests"):
        del mixins_of_picklers[name]
    unbound = {
        name
        for name, mixin in mixins_of_picklers.items()
        if not any(
            issubclass(case, mixin) and any(issubclass(p, ours) for p in _bound_picklers(case))
            for case in CASES.values()
        )
        and not any(
            issubclass(case.pickler_class, mixin) for case in CASES.values() if hasattr(case, "pickler_class")
        )
    }
    assert unbound == set()


def test_the_functions_under_test_are_ours():
    assert interpreter_tests.load()[1].pickle.dumps is oxipickle.dumps
    assert CASES["CPickleTests"].dumps is oxipickle.dumps


def test_what_is_left_out_still_exists():
    cases = vars(interpreter_tests.load()[1])
    known_elsewhere = {"CommandLineTest", "LazyImportTest"}
    assert {name for name in NOT_ABOUT_PICKLES if name not in cases} <= known_elsewhere


@pytest.mark.parametrize("name", DIFFERENT_ON_PURPOSE)
def test_what_must_fail_still_exists(name):
    case, _, test = name.partition(".")
    if case not in CASES:
        pytest.skip(f"this Python's test_pickle has no {case}")
    assert hasattr(CASES[case], test)
