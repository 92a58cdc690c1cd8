"""`HookableUnpickler`, which stands in for `pickle._Unpickler`."""

from __future__ import annotations

from oxipickle._hookable import _made
from oxipickle._oxipickle import unpickler_methods
from oxipickle._pristine_python import PythonUnpickler

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any


def __init__(
    self: Any,
    file: Any,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Any = None,
    progress: Any = None,
) -> None:
    """Reads pickles from `file`; the options are those of `Unpickler`.

    Sets the attributes that `pickle._Unpickler.__init__` sets, in its order.
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable or None, not {type(progress).__name__}")
    self._buffers = None if buffers is None else iter(buffers)
    self._file_readline = file.readline
    self._file_read = file.read
    self.memo = {}
    self.encoding = encoding
    self.errors = errors
    self.proto = 0
    self.fix_imports = fix_imports
    if progress is not None:
        # Under a name that no subclass has for something of its own.
        self._oxipickle_progress = progress
    elif "_oxipickle_progress" in self.__dict__:
        del self._oxipickle_progress


__init__.__module__, __init__.__qualname__ = "oxipickle", "HookableUnpickler.__init__"

HookableUnpickler = _made(
    "HookableUnpickler",
    PythonUnpickler,
    unpickler_methods,
    {
        "persistent_load": "The object of a persistent id. To be overridden: there is none by itself.\n\n"
        "Raises UnpicklingError.",
        "get_extension": "Puts the object on the stack that `copyreg.add_extension` has given this code.\n"
        "It is looked up by `find_class` once.",
        "pop_mark": "The objects above the topmost mark of the stack; these and the mark are taken off.",
    },
    __doc__="""Reads pickles of every protocol from `file`, which has `read(n)` and `readline()` methods,
    and no further than the present opcode or frame.

    Stands in for the Python class `pickle._Unpickler` of the running release: same results, and everything
    that a subclass or an instance overrides is used as there: `dispatch`, a dict `{opcode: function}`, the
    `load_*` methods by way of it, and during a load the attributes `stack`, `metastack`, `memo`, `append`,
    `read`, `readinto` and `readline`. The options are those of `Unpickler`.

    `progress` is called as by `Unpickler`. Where the Python code of `pickle._Unpickler` carries a load out,
    that is once, at its end, and only if the file says how much was read.

    A malformed pickle raises an error that is of the class that `Unpickler` raises, such as
    UnpicklingError, and of the class that `pickle._Unpickler` raises by itself, such as IndexError.
    """,
    __init__=__init__,
)
