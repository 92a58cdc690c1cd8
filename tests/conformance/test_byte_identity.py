"""Every pickle that the interpreter's own tests make with ours is compared with the model's.

Their `dumps` is wrapped: what ours writes is held against the class that it stands in for, in the
same process, unless pickling the object twice with the model gives two different pickles.
"""

import copy
import pickle
import unittest

import interpreter_tests
import oxipickle
import pytest
from bound_cases import bound_cases

if interpreter_tests.load() is None:
    pytest.skip("this Python comes without test.pickletester", allow_module_level=True)

# Tests whose objects pickle by the dice, or change while they are pickled,
NOT_REPEATABLE = {
    "test_concurrent_mutation_in_buffer_with_bytearray",
    "test_concurrent_mutation_in_buffer_with_memoryview",
    "test_evil_class_mutating_dict",
}

MODELS = {oxipickle.Pickler: pickle.Pickler, oxipickle.HookablePickler: pickle._Pickler}


def _replaying(answers):
    remaining = iter(answers)
    return lambda buffer: next(remaining)


class Compared:
    """Over a test class of the interpreter: compares each pickle with the model's."""

    def dumps(self, obj, *args, **options):
        if self._testMethodName in NOT_REPEATABLE:
            return super().dumps(obj, *args, **options)
        before = copy.copy(vars(self))
        answers = []
        callback = options.get("buffer_callback")
        if callback is not None:

            def recording(buffer):
                answers.append(callback(buffer))
                return answers[-1]

            options["buffer_callback"] = recording
        ours = super().dumps(obj, *args, **options)
        after = copy.copy(vars(self))
        expected = []
        for _ in range(2):
            vars(self).clear()
            vars(self).update(before)
            if callback is not None:
                options["buffer_callback"] = _replaying(answers)
            expected.append(self.model_dumps(obj, *args, **options))
        vars(self).clear()
        vars(self).update(after)
        if expected[0] == expected[1]:
            self.assertEqual(ours, expected[0])
        return ours

    def model_dumps(self, obj, *args, **options):
        if hasattr(self, "pickler"):
            self.pickler = MODELS[type(self).pickler]
            return super().dumps(obj, *args, **options)
        return pickle.dumps(obj, *args, **options)


def _compared_cases():
    for name, case in bound_cases().items():
        if callable(getattr(case, "dumps", None)) and getattr(case, "pickler", None) in MODELS:
            yield f"{name}Compared", type(name, (Compared, case), {"__module__": __name__})
        elif name == "InMemoryPickleTests":
            yield f"{name}Compared", type(name, (Compared, case), {"__module__": __name__})


CASES = dict(_compared_cases())
globals().update(CASES)


def test_both_faces_are_compared():
    assert {getattr(case, "pickler", None) for case in CASES.values()} == {*MODELS, None}


def test_a_difference_is_noticed():
    class Wrong(unittest.TestCase):
        pickler = oxipickle.Pickler

        def dumps(self, obj):
            return b"ours" if self.pickler is oxipickle.Pickler else b"the model's"

    with pytest.raises(AssertionError):
        type("Wrong", (Compared, Wrong), {})().dumps(None)
