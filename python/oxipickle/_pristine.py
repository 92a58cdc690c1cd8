"""Copies of the interpreter's own picklers in C, which nobody else has seen and so nobody has changed.

Any program may exchange `pickle.Pickler`, `_pickle.Pickler` or entries of `pickle._Pickler.dispatch`
(dill does so when it is imported), before oxipickle is imported or after. How this release pickles is
therefore asked of instances of the modules `_pickle` and `pickle` that are made by us and are in
`sys.modules` under no name. That of `pickle` is made when somebody first needs the hookable classes
(`_pristine_python.py`), from the file that it was made from; what that file does not have is kept here.
"""

import copyreg
import pickle as pickle
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any

# What a program catches, makes or hands over in a method of its own: `pickle`'s own objects, of which there
# must be one each. And what it registers reducers and codes in.
SHARED = {
    name: getattr(module, name)
    for module, names in (
        (pickle, ("PickleError", "PicklingError", "UnpicklingError", "_Stop", "_Framer", "_Unframer")),
        (copyreg, ("dispatch_table", "_extension_registry", "_inverted_registry", "_extension_cache")),
    )
    for name in names
}

# Bit of a class's `__flags__`: it was made at run time, and is no constant of the executable.
_HEAP_TYPE = 1 << 9


def _static_classes() -> "Any":
    """The C classes of a release that has one of each in the process (up to 3.11), by name.

    They can't be made anew, nor changed, but `_pickle` may name others by now; `object` knows them.
    """
    found = {}
    for cls in type.__subclasses__(object):
        is_static = not type.__getattribute__(cls, "__flags__") & _HEAP_TYPE
        if is_static and cls.__module__ in ("_pickle", "pickle"):
            found[cls.__name__] = cls
    return found


def _c_module() -> "Any":
    """An instance of `_pickle`, or what stands for it."""
    static = _static_classes()
    if "Pickler" in static:
        module = types.ModuleType("_pickle")
        vars(module).update(static)
        return module
    spec: Any = sys.modules["_pickle"].__spec__
    spec = type(spec)(spec.name, spec.loader, origin=spec.origin)
    module = spec.loader.create_module(spec)
    spec.loader.exec_module(module)
    return module


try:
    c_module = _c_module()
except (AttributeError, ImportError, KeyError):
    # A frozen program may have no loader that gives a second `_pickle`. What it has at this moment is all
    # there is to ask.
    c_module = pickle

Pickler = c_module.Pickler
Unpickler = c_module.Unpickler
PickleBuffer = c_module.PickleBuffer
