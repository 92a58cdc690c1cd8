"""`HookablePickler`: the stand-in for `pickle._Pickler`."""

from __future__ import annotations

from oxipickle._hookable import _made
from oxipickle._oxipickle import pickler_methods
from oxipickle._pristine_python import PythonPickler

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any


def _methods(cls: Any, module: str) -> dict[str, Any]:
    methods = pickler_methods(cls, module)
    # Upstream's class has neither of these.
    references = methods["global_references"]
    methods["global_references"] = property(references.__get__(None, cls), doc=references.__doc__)
    return methods


HookablePickler = _made(
    "HookablePickler",
    PythonPickler,
    _methods,
    {
        "persistent_id": "The id to save in place of `obj`; None to save the object itself, which is the\n"
        "answer for all objects unless this is overridden. Asked for every object, numbers and strings\n"
        "included.",
        "save_pers": "Saves a persistent id that `persistent_id` gave.",
        "put": "The opcode that stores what was saved last in the memo of the loading side. A pickler in\n"
        "which this is overridden is served by the Python code of `pickle._Pickler`.",
        "get": "The opcode that fetches what is at `i` in the memo of the loading side. A pickler in\n"
        "which this is overridden is served by the Python code of `pickle._Pickler`.",
    },
    __doc__="""Writes pickles to `file`, which has a `write(bytes)` method, in `protocol` 0 to 5 (None: the
    running release's default; negative: the highest).

    With `fix_imports`, below protocol 3, modules and classes are named as in Python 2. `buffer_callback`,
    from protocol 5 on, is called with each `PickleBuffer`, whose bytes stay out of the pickle unless it
    answers with something true.

    Stands in for the Python class `pickle._Pickler` of the running release, method by method: same bytes,
    same order of calls, same errors. Whatever that class lets a subclass override, set on an instance or
    register can be overridden here; and `resolve_global`, which names the globals, beside it. What is
    overridden is called at every object. A method for a type, as `save_list`, is called by way of
    `dispatch`, a dict `{type: function}`. `proto`, `bin`, `fast`, `memo`, `write` and `framer` are
    attributes of the instance.

    `asks`, a dict in the class, says for which types an overridden `save`, `memoize` or `persistent_id` has
    anything to say: `asks = {"save": predicate}`. `predicate(cls)` answers False where the method does for
    instances of exactly that `cls` what `HookablePickler`'s own does, so that it need not be called, and
    True where it is to be called. For `memoize` it may answer None: nothing is done for such an object. For
    `persistent_id` it may answer with the name of an attribute, the same one for all types: objects that
    have it are asked about.

    `progress` is called as by `Pickler`. Where the Python code of `pickle._Pickler` serves the pickler, that
    is once, at the end of each dump.

    Raises TypeError for a file without `write` and for a `progress` that can't be called, ValueError for a
    protocol above 5 and for a `buffer_callback` below protocol 5.
    """,
    # How globals are written below protocol 4: "interpreter", or "package" as torch.package does.
    global_style="interpreter",
)
