"""The running interpreter's own pickle tests, with its picklers exchanged for ours.

`test.test_pickle` and the mixins of `test.pickletester` are imported a second time while
stand-ins answer to the names `pickle` and `_pickle`: their picklers, unpicklers and functions are
ours, everything else is the interpreter's. So every test class is bound exactly as
the running release binds it, and a test that a later release adds is run without anybody's help.
"""

import functools
import importlib
import io
import os
import pickle
import sys
import types

import oxipickle

MODULES = ("test.pickletester", "test.test_pickle")
REQUIRED = "OXIPICKLE_REQUIRE_STDLIB_TESTS"


def hookable_dump(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None):
    """`pickle._dump` with the hookable face."""
    oxipickle.HookablePickler(file, protocol, fix_imports=fix_imports, buffer_callback=buffer_callback).dump(
        obj
    )


def hookable_dumps(obj, protocol=None, *, fix_imports=True, buffer_callback=None):
    """`pickle._dumps` with the hookable face."""
    file = io.BytesIO()
    hookable_dump(obj, file, protocol, fix_imports=fix_imports, buffer_callback=buffer_callback)
    return file.getvalue()


def hookable_load(file, **options):
    """`pickle._load` with the hookable face."""
    return oxipickle.HookableUnpickler(file, **options).load()


def hookable_loads(data, /, **options):
    """`pickle._loads` with the hookable face."""
    if isinstance(data, str):
        raise TypeError("Can't load pickle from unicode string")
    return hookable_load(io.BytesIO(data), **options)


def _stand_in(name, **ours):
    module = types.ModuleType(name)
    vars(module).update(vars(importlib.import_module(name)))
    vars(module).update(ours)
    return module


def _import_again(stand_ins):
    interpreters_own = {name: sys.modules[name] for name in stand_ins}
    for name in MODULES:
        sys.modules.pop(name, None)
    sys.modules.update(stand_ins)
    try:
        return [importlib.import_module(name) for name in MODULES]
    finally:
        sys.modules.update(interpreters_own)


@functools.cache
def load():
    """The two test modules with ours inside; None on a Python that comes without them."""
    try:
        # Whatever they import must hold the real `pickle`, so all of it is imported before.
        for name in MODULES:
            importlib.import_module(name)
    except ImportError:
        if os.environ.get(REQUIRED, "0") != "0":
            raise
        return None
    lean = {
        name: getattr(oxipickle, name) for name in ("Pickler", "dump", "dumps", "Unpickler", "load", "loads")
    }
    hookable = {
        "_Pickler": oxipickle.HookablePickler,
        "_dump": hookable_dump,
        "_dumps": hookable_dumps,
        "_Unpickler": oxipickle.HookableUnpickler,
        "_load": hookable_load,
        "_loads": hookable_loads,
    }
    mixins, cases = _import_again(
        {"pickle": _stand_in("pickle", **lean, **hookable), "_pickle": _stand_in("_pickle", **lean)}
    )
    assert mixins.pickle is not pickle
    return mixins, cases
