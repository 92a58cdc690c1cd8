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
    __doc__="""Writes pickles to `file`, which has a `write(bytes)` method, in `protocol` 0 to 5 (None: the
    running release's default; negative: the highest).

    Stands in for the Python class `pickle._Pickler` of the running release, method by method: same bytes,
    same order of calls, same errors. Whatever that class lets a subclass override, set on an instance or
    register can be overridden here; and `resolve_global`, which names the globals, beside it.

    Raises TypeError for a file without `write`, ValueError for a protocol above 5 and for a
    `buffer_callback` below protocol 5.
    """,
    # How globals are written below protocol 4: "interpreter", or "package" as torch.package does.
    global_style="interpreter",
)
