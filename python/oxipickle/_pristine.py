"""Copies of the interpreter's own picklers, which nobody else has seen and so nobody has changed.

Any program may exchange `pickle.Pickler`, `_pickle.Pickler` or entries of `pickle._Pickler.dispatch`
(dill does so when it is imported), before oxipickle is imported or after. How this release pickles is
therefore asked of instances of the modules `_pickle` and `pickle` that are made here and are in
`sys.modules` under no name.
"""

import builtins
import pickle
import sys
import types

# What a program catches, makes or hands over in a method of its own: `pickle`'s own objects, of which there
# must be one each.
_SHARED = ("PickleError", "PicklingError", "UnpicklingError", "_Stop", "_Framer", "_Unframer")

# Bit of a class's `__flags__`: it was made at run time, and is no constant of the executable.
_HEAP_TYPE = 1 << 9


def _static_classes():
    """The C classes of a release that has one of each in the process (up to 3.11), by name.

    They can't be made anew, nor changed, but `_pickle` may name others by now; `object` knows them.
    """
    found = {}
    for cls in type.__subclasses__(object):
        is_static = not type.__getattribute__(cls, "__flags__") & _HEAP_TYPE
        if is_static and cls.__module__ in ("_pickle", "pickle"):
            found[cls.__name__] = cls
    return found


def _c_module():
    """An instance of `_pickle`, or what stands for it."""
    static = _static_classes()
    if "Pickler" in static:
        module = types.ModuleType("_pickle")
        vars(module).update(static)
        return module
    spec = sys.modules["_pickle"].__spec__
    spec = type(spec)(spec.name, spec.loader, origin=spec.origin)
    module = spec.loader.create_module(spec)
    spec.loader.exec_module(module)
    return module


def _python_module(c_module):
    """An instance of `pickle` whose C half is `c_module`."""

    def import_(name, *args, **kwargs):
        return c_module if name == "_pickle" else builtins.__import__(name, *args, **kwargs)

    module = types.ModuleType(__name__)
    vars(module)["__builtins__"] = {**vars(builtins), "__import__": import_}
    exec(pickle.__spec__.loader.get_code("pickle"), vars(module))
    vars(module).update((name, getattr(pickle, name)) for name in _SHARED)
    return module


try:
    _c = _c_module()
    _python = _python_module(_c)
except (AttributeError, ImportError, KeyError):
    # A frozen program may have neither the code of `pickle` nor a loader that gives a second
    # `_pickle`. What it has at this moment is all there is to ask.
    _c = _python = pickle

Pickler = _c.Pickler
Unpickler = _c.Unpickler
PickleBuffer = _c.PickleBuffer
PythonPickler = _python._Pickler
PythonUnpickler = _python._Unpickler
PythonUnframer = _python._Unframer
