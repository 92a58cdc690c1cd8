"""Copies of the interpreter's own picklers in Python, made for us (`_pristine.py`).

What a program has exchanged by now, in `pickle` or in its classes, is not in them: they are made from the code
that `pickle` was made from.
"""

import builtins
import types

from oxipickle._pristine import SHARED, c_module, pickle


def _python_module():
    """An instance of `pickle` whose C half is the pristine one."""

    def import_(name, *args, **kwargs):
        return c_module if name == "_pickle" else builtins.__import__(name, *args, **kwargs)

    module = types.ModuleType(__name__)
    vars(module)["__builtins__"] = {**vars(builtins), "__import__": import_}
    exec(pickle.__spec__.loader.get_code("pickle"), vars(module))
    vars(module).update(SHARED)
    return module


try:
    _python = _python_module()
except (AttributeError, ImportError, OSError):
    # A frozen program may not have the code of `pickle`. What it has at this moment is all there is to ask.
    _python = pickle

PythonPickler = _python._Pickler
PythonUnpickler = _python._Unpickler
PythonUnframer = _python._Unframer
