"""PyTorch 2.15: what `torch.package.PackageExporter` does with pickles."""

import collections.abc
import pickletools
import sys
import types
from typing import Any

from oxipickle import _oxipickle
from oxipickle._adapted import know, know_library
from oxipickle._digest import digest
from oxipickle.adapters.pretence import pretends

# The code of each function, as the releases of CPython compile it.
SAVE_PICKLE = (
    "113a91225ac6473ee4d7349e23e6b9a7",  # 3.11
    "dd11dcb0a44ba146ff9f42f2b1a82e57",  # 3.12
    "b7250a353354b7bf26e7ccd6a00c7d01",  # 3.13
    "3006e81b6488aba5c6923bdda18b2e90",  # 3.14
    "322fca3a3d7e82f197ff6623af7555dc",  # 3.15
)

PERSISTENT_ID = (
    "30974600674561e78c75d1a624b710db",  # 3.11
    "32bc1fbe178d33743da10f2594d6c308",  # 3.12
    "8a9d533266e854ffe3406b02634d4ee7",  # 3.13
    "9c993363706eff16042aa0064a89b8de",  # 3.14
    "893cb01f8c5c2d2bc7865075d2aa4d24",  # 3.15
)

# `torch.is_storage`, which that calls.
IS_STORAGE = (
    "4562a047df17a755e26e135de76dc3a2",  # 3.11
    "cda9c7c390a735d9858314df07538611",  # 3.12
    "45445d69218e0cda4376740a0cc537ec",  # 3.13
    "69193a7fa330c4ae81861c2b0205ed3e",  # 3.14
    "69fea0b2ab53ac77814ba06c6940d9a1",  # 3.15
)


def compares(metaclass: type) -> bool:
    """Whether classes may hash or compare in a way of their own, and so be found in a set as others."""
    return any("__eq__" in vars(base) or "__hash__" in vars(base) for base in metaclass.__mro__[:-2])


def persistent_id_speaks(cls: type) -> bool | str:
    """Exact, since it takes storages, which it tells by their exact type or `isinstance`, and objects that
    have `__reduce_package__`, and has nothing to say of any other."""
    torch: Any = sys.modules.get("torch")
    is_storage = getattr(torch, "is_storage", None)
    if digest(getattr(is_storage, "__code__", _NONE)) not in IS_STORAGE or compares(type(cls)):
        return True
    typed_storage = torch.storage.TypedStorage
    if type(typed_storage) is not type or typed_storage in cls.__mro__ or pretends(cls):
        return True
    return cls in torch._storage_classes or "__reduce_package__"


# Whoever puts another function in its place wants it called.
_GENOPS = pickletools.genops

_NONE = compile("", "", "exec")

Instruction = tuple[pickletools.OpcodeInfo, Any, int | None]


def naming_globals(pickle: Any) -> collections.abc.Iterator[Instruction]:
    """The instructions that name globals: GLOBAL, and STACK_GLOBAL behind the two whose strings it takes.

    All instructions of what is malformed, or not written as a binary pickler writes.
    """
    found = _oxipickle.named_globals(pickle) if type(pickle) is bytes else None
    if found is None:
        return pickletools.genops(pickle)
    opcodes = pickletools.code2op  # type: ignore[attr-defined]
    return ((opcodes[code], argument, position) for code, argument, position in found)


class Pickletools(types.ModuleType):
    """`pickletools`, but that `save_pickle` gets of `genops` no more than it looks at.

    It looks for the names of globals: in GLOBAL, and at protocol 4 in the two strings that were pushed last
    before a STACK_GLOBAL. For these it follows the memo; here a string that is fetched is given in place of
    its GET, so no other instruction has to be given to it.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(pickletools, name)

    def genops(self, pickle: Any) -> collections.abc.Iterator[Instruction]:
        """The instructions of a pickle, or those that the caller looks at where that is known."""
        if pickletools.genops is _GENOPS and digest(sys._getframe(1).f_code) in SAVE_PICKLE:
            return naming_globals(pickle)
        return pickletools.genops(pickle)


def standins(exporter: types.ModuleType) -> list[tuple[Any, str, Any]]:
    """The exporter's `pickletools`, where `save_pickle` is one that is known."""
    own = vars(exporter)
    # Another thread may be importing it.
    cls = own.get("PackageExporter")
    save_pickle = vars(cls).get("save_pickle") if isinstance(cls, type) else None
    code = getattr(save_pickle, "__code__", _NONE)
    if own.get("pickletools") is not pickletools or digest(code) not in SAVE_PICKLE:
        return []
    return [(exporter, "pickletools", Pickletools(pickletools.__name__, pickletools.__doc__))]


know(persistent_id_speaks, *PERSISTENT_ID)
know_library("torch.package.package_exporter", standins)
