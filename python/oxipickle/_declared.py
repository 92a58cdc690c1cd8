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

from oxipickle._digest import digest as digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from collections.abc import Callable
    from typing import Any

    Predicate = Callable[[type], bool | str | None]
    Standins = Callable[[types.ModuleType], list[tuple[Any, str, Any]]]

# Predicates by the digest of the method's code.
_known: dict[str, Predicate] = {}


def know(predicate: Predicate, *digests: str) -> None:
    """Has the predicate speak for every method whose code has one of these digests."""
    for each in digests:
        _known[each] = predicate


# What else `install()` exchanges of a library: gives owners, names and stand-ins for a module. By the name of
# the module whose functions are hooks of picklers.
libraries: dict[str, Standins] = {}


def know_library(module_name: str, standins: Standins) -> None:
    """Has what a library has beside its picklers be exchanged under `install()`."""
    libraries[module_name] = standins


# Classes of `dispatch` mappings that give what they have, as a dict does, but for classes: digests of
# `get` and of `__missing__`.
_mappings: set[tuple[str, str]] = set()


def know_mapping(get: str, missing: str) -> None:
    """Has subclasses of dict whose `get` and `__missing__` have these digests be read as dicts are."""
    _mappings.add((get, missing))


def is_known_mapping(cls: type) -> bool:
    """Whether a subclass of dict is one of these."""
    import oxipickle.adapters  # noqa: F401 - which fills `_mappings`

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
    return (digest(get.__code__), digest(missing.__code__)) in _mappings


def _of_method(method: Any) -> Predicate | None:
    function = getattr(method, "__func__", method)
    code = getattr(function, "__code__", None)
    predicate = _known.get(digest(code)) if isinstance(code, types.CodeType) else None
    if predicate is not None and isinstance(function, types.FunctionType):
        module_name = function.__globals__.get("__name__")
        if module_name in libraries:
            from oxipickle._install import serve_library

            # It was imported since `install()`, if it is not served yet.
            serve_library(module_name)
    return predicate


def predicate_of(pickler: Any, name: str) -> Predicate | None:
    """The predicate for the pickler's method of this name; None where nothing is declared of it.

    A method may call the next one in the order of the classes, so all of them are asked.
    """
    import oxipickle.adapters  # noqa: F401 - which fills `_known`
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
