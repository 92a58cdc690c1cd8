"""What the adapters (`oxipickle/adapters`) tell of libraries, once they are imported.

Methods and mappings are told by a digest of their code, so any other version of a library is not known.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    import types
    from collections.abc import Callable
    from typing import Any

    Predicate = Callable[[type], bool | str | None]
    Standins = Callable[[types.ModuleType], list[tuple[Any, str, Any]]]

# Predicates (`_declared.py`) by the digest of the method's code.
predicates: dict[str, Predicate] = {}


def know(predicate: Predicate, *digests: str) -> None:
    """Has the predicate speak for every method whose code has one of these digests."""
    for each in digests:
        predicates[each] = predicate


# What else `install()` exchanges of a library: gives owners, names and stand-ins for a module. By the name of
# the module whose functions are hooks of picklers.
libraries: dict[str, Standins] = {}


def know_library(module_name: str, standins: Standins) -> None:
    """Has what a library has beside its picklers be exchanged under `install()`."""
    libraries[module_name] = standins


# Classes of `dispatch` mappings that give what they have, as a dict does, but for classes: digests of
# `get` and of `__missing__`.
mappings: set[tuple[str, str]] = set()


def know_mapping(get: str, missing: str) -> None:
    """Has subclasses of dict whose `get` and `__missing__` have these digests be read as dicts are."""
    mappings.add((get, missing))
