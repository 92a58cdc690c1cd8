"""What overriding methods of hookable picklers have to say, where somebody has declared it.

A class of picklers says in a dict `asks` about which types its `save`, `memoize` or `persistent_id` has
anything to say: `asks = {"save": predicate}`. The predicate gets a class, is asked once for each in a
dump, and answers

* False: for an instance of exactly this class the method does what upstream's does, and need not be called;
* True: it is to be called;
* None, for `memoize` only: it does nothing at all, and need not be called;
* the name of an attribute, for `persistent_id` only, and for all types the same one: it is to be called for
  objects that have this attribute, as `hasattr` says, and where Python code would have to be asked for that.

Whoever is asked about classes is asked about them as about all objects: each time that one is named.

The methods of well-known libraries have predicates too (`oxipickle/adapters`). They are told by a digest
of their code, so any other version of a library is called plainly.
"""

from __future__ import annotations

import types

from oxipickle import _adapted
from oxipickle._digest import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any

    from oxipickle._adapted import Predicate


def is_known_mapping(cls: type) -> bool:
    """Whether a subclass of dict is one of these."""
    import oxipickle.adapters  # noqa: F401 - which fills `_adapted.mappings`

    own: dict[str, Any] = {}
    for base in reversed(cls.__mro__[: cls.__mro__.index(dict)]):
        own.update(vars(base))
    get, missing = own.get("get"), own.get("__missing__")
    if (
        "__getitem__" in own
        or not isinstance(get, types.FunctionType)
        or not isinstance(missing, types.FunctionType)
    ):
        return False
    return (digest(get.__code__), digest(missing.__code__)) in _adapted.mappings


def _of_method(method: Any) -> Predicate | None:
    function = getattr(method, "__func__", method)
    code = getattr(function, "__code__", None)
    predicate = _adapted.predicates.get(digest(code)) if isinstance(code, types.CodeType) else None
    if predicate is not None and isinstance(function, types.FunctionType):
        module_name = function.__globals__.get("__name__")
        if module_name in _adapted.libraries:
            from oxipickle._install import serve_library

            # It was imported since `install()`, if it is not served yet.
            serve_library(module_name)
    return predicate


def predicate_of(pickler: Any, name: str) -> Predicate | None:
    """The predicate for the pickler's method of this name; None where nothing is declared of it.

    A method may call the next one in the order of the classes, so all of them are asked.
    """
    import oxipickle.adapters  # noqa: F401 - which fills `_adapted.predicates`
    from oxipickle._oxipickle import is_upstreams_method

    found: list[Predicate] = []
    own = vars(pickler).get(name)
    if own is not None:
        # Set on the instance: what the classes have is not called unless this does.
        predicate = _of_method(own)
        return predicate
    for cls in type(pickler).__mro__:
        contents = vars(cls)
        asks = contents.get("asks")
        if isinstance(asks, dict) and name in asks:
            found.append(asks[name])
            break
        method = contents.get(name)
        if method is None:
            continue
        if is_upstreams_method(name, method):
            break
        predicate = _of_method(method)
        if predicate is None:
            return None
        found.append(predicate)
    if len(found) == 1:
        return found[0]

    def any_of(cls: type) -> bool | str | None:
        answers = [answer for answer in (predicate(cls) for predicate in found) if answer is not False]
        # Each may look for an attribute of its own.
        if len(answers) > 1 and any(isinstance(answer, str) for answer in answers):
            return True
        return answers[0] if answers else False

    return any_of if found else None
