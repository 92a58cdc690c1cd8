"""Copies of the interpreter's own picklers in Python, made for us (`_pristine.py`).

What a program has exchanged by now, in `pickle` or in its classes, is not in them: they are made from the
code that `pickle` was made from.
"""

from __future__ import annotations

import builtins
import types

from oxipickle._pristine import SHARED, c_module, pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any


def _python_module() -> Any:
    """An instance of `pickle` whose C half is the pristine one."""

    def import_(name: Any, *args: Any, **kwargs: Any) -> Any:
        return c_module if name == "_pickle" else builtins.__import__(name, *args, **kwargs)

    module = types.ModuleType(__name__)
    vars(module)["__builtins__"] = {**vars(builtins), "__import__": import_}
    loader: Any = pickle.__spec__ and pickle.__spec__.loader
    exec(loader.get_code("pickle"), vars(module))
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
