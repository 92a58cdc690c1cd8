"""Attack: another interpreter in the same process imports oxipickle.

It may refuse to be imported there; if it is imported, it uses that interpreter's registries, classes
and errors, and not those of the interpreter that came first.
"""

import pytest
from scripts import said

BEFORE = r"""
import sys
try: import _interpreters
except ImportError: import _xxsubinterpreters as _interpreters
import oxipickle
def create(kind):
    if sys.version_info >= (3, 13): return _interpreters.create(kind)
    return _interpreters.create(isolated=kind == "isolated")
def run(interpreter, code):
    error = _interpreters.run_string(interpreter, code)
    if error is not None: print("error", getattr(error, "formatted", error))
"""

IMPORT = r"""
try: import oxipickle
except ImportError: oxipickle = None
if oxipickle is None: print("refused", flush=True)
"""

REGISTRIES = r"""
import copyreg, pickle
class Registered: pass
copyreg.pickle(Registered, lambda obj: (int, (7,)))
def main():
    print(oxipickle.dumps(Registered(), 4) == pickle.dumps(Registered(), 4))
    try: oxipickle.dumps(lambda: 0)
    except pickle.PicklingError: print(True)
    except BaseException as error: print(type(error))
    try: oxipickle.loads(b"garbage")
    except pickle.UnpicklingError: print(True)
    except BaseException as error: print(type(error))
if oxipickle is not None: main()
"""

KINDS = ["legacy", "isolated"]


@pytest.mark.parametrize("used", ["", "oxipickle.loads(oxipickle.dumps([1]))"], ids=["unused", "used"])
@pytest.mark.parametrize("kind", KINDS)
def test_its_own_registries_and_errors(kind, used):
    script = (
        BEFORE
        + used
        + f"""
code = {IMPORT + REGISTRIES!r}
interpreter = create({kind!r})
run(interpreter, code)
sys.stdout.flush()
_interpreters.destroy(interpreter)
print(oxipickle.loads(oxipickle.dumps("still usable")))
"""
    )
    lines = said(script)
    assert lines in (["refused", "still usable"], ["True", "True", "True", "still usable"])


CLASSES = r"""
import pickle
objs = []
if oxipickle is not None:
    objs = [X() for _ in range(20)]
    for obj in objs:
        for name in X.__slots__: setattr(obj, name, "value of " + name)
    if oxipickle.dumps(objs, 4) != pickle.dumps(objs, 4): print("differs")
"""

# Their type objects lie, more often than not, at the same address, with the same version.
SLOTS = [
    "class X: __slots__ = ('a', 'b', 'c', 'd', 'e', 'f')",
    "class X:\n    __slots__ = ()\n    q = 1\n    r = 2\n    s = 3\n    t = 4\n    u = 5",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_of_another_interpreters_class(kind):
    codes = [IMPORT + slots + CLASSES for slots in SLOTS]
    script = (
        BEFORE
        + f"""
oxipickle.dumps([1])
codes = {codes!r}
for number in range(40):
    interpreter = create({kind!r})
    run(interpreter, codes[number % 2])
    sys.stdout.flush()
    _interpreters.destroy(interpreter)
"""
    )
    assert set(said(script)) <= {"refused"}


@pytest.mark.parametrize("kind", KINDS)
def test_first_imported_there(kind):
    """The main interpreter imports it afterwards, when the other one is gone."""
    script = (
        BEFORE.replace("import oxipickle\n", "")
        + f"""
interpreter = create({kind!r})
run(interpreter, {IMPORT + REGISTRIES!r})
sys.stdout.flush()
_interpreters.destroy(interpreter)
import oxipickle, pickle
print(oxipickle.dumps([1, range(3)], 4) == pickle.dumps([1, range(3)], 4))
"""
    )
    assert said(script)[-1] == "True"
