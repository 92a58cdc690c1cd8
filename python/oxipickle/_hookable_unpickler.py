"""`HookableUnpickler`, which stands in for `pickle._Unpickler`."""

from oxipickle._hookable import _made
from oxipickle._oxipickle import unpickler_methods
from oxipickle._pristine_python import PythonUnpickler

HookableUnpickler = _made(
    "HookableUnpickler",
    PythonUnpickler,
    unpickler_methods,
    __doc__="""Reads pickles of every protocol from `file`, which has `read(n)` and `readline()` methods, and
    no further than the present opcode or frame.

    Stands in for the Python class `pickle._Unpickler` of the running release: same results, and everything
    that a subclass or an instance overrides is used as there. A malformed pickle raises what `Unpickler`
    raises for it, unless something other than `find_class` and `persistent_load` is overridden: then
    upstream's own code reads the pickle.
    """,
)
