"""PyTorch 2.15: what `torch.package.PackageExporter` does with pickles."""

import pickletools
import sys
import types
from collections.abc import Iterator
from typing import Any

from oxipickle import _oxipickle
from oxipickle._declared import digest

# The code of each function, as the releases of CPython compile it.
SAVE_PICKLE = (
    "113a91225ac6473ee4d7349e23e6b9a7",  # 3.11
    "dd11dcb0a44ba146ff9f42f2b1a82e57",  # 3.12
    "b7250a353354b7bf26e7ccd6a00c7d01",  # 3.13
    "3006e81b6488aba5c6923bdda18b2e90",  # 3.14
    "322fca3a3d7e82f197ff6623af7555dc",  # 3.15
)


Instruction = tuple[pickletools.OpcodeInfo, Any, int | None]


def naming_globals(pickle: Any) -> Iterator[Instruction]:
    """The instructions that name globals: GLOBAL, and STACK_GLOBAL behind the two whose strings it takes.

    All instructions of what is malformed, or not written as a binary pickler writes.
    """
    found = _oxipickle.named_globals(pickle) if type(pickle) is bytes else None
    if found is None:
        return pickletools.genops(pickle)
    opcodes = pickletools.code2op
    return ((opcodes[code], argument, position) for code, argument, position in found)


class Pickletools(types.ModuleType):
    """`pickletools`, but that `save_pickle` gets of `genops` no more than it looks at.

    It looks for the names of globals: in GLOBAL, and at protocol 4 in the two strings that were pushed last
    before a STACK_GLOBAL. For these it follows the memo; here a string that is fetched is given in place of
    its GET, so no other instruction has to be given to it.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(pickletools, name)

    def genops(self, pickle: Any) -> Iterator[Instruction]:
        """The instructions of a pickle, or those that the caller looks at where that is known."""
        if digest(sys._getframe(1).f_code) in SAVE_PICKLE:
            return naming_globals(pickle)
        return pickletools.genops(pickle)
