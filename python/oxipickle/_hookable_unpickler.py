"""`HookableUnpickler`, which stands in for `pickle._Unpickler`."""

from oxipickle._hookable import _made
from oxipickle._oxipickle import unpickler_methods
from oxipickle._pristine_python import PythonUnpickler

HookableUnpickler = _made(
    "HookableUnpickler",
    PythonUnpickler,
    unpickler_methods,
    {
        "__init__": "Reads pickles from `file`; the options are those of `Unpickler`. The Python code of\n"
        "`pickle._Unpickler.__init__`, as it is there.",
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

    A malformed pickle raises an error that is of the class that `Unpickler` raises, such as
    UnpicklingError, and of the class that `pickle._Unpickler` raises by itself, such as IndexError.
    """,
)
