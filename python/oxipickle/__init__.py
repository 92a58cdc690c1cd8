"""The hookable pickler at native speed.

`import oxipickle as pickle` gives every public name of the running `pickle`, with its functions,
`Pickler` and `Unpickler` from the native core. `HookablePickler` and `HookableUnpickler` stand in
for `pickle._Pickler` and `pickle._Unpickler`, `create_pickler` and `PackageUnpickler` for what has
these names in torch.package.
"""

import pickle as _pickle
from pickle import *  # noqa: F403 - the opcodes and errors of the running release
from pickle import (  # type: ignore[attr-defined]  # the type stubs of `pickle` leave some out
    compatible_formats,
    decode_long,
    encode_long,
    format_version,
    whichmodule,
)

from oxipickle._oxipickle import (  # type: ignore[assignment]  # in place of `pickle`'s
    HookablePickler,
    HookableUnpickler,
    Pickler,
    Unpickler,
    __version__,
    dump,
    dumps,
    load,
    loads,
)
from oxipickle.importer import (
    Importer,
    ObjMismatchError,
    ObjNotFoundError,
    OrderedImporter,
    sys_importer,
)
from oxipickle.package import PackagePickler, PackageUnpickler, create_pickler, create_unpickler

_Pickler = HookablePickler
_Unpickler = HookableUnpickler

__all__ = [
    "HookablePickler",
    "HookableUnpickler",
    "Importer",
    "ObjMismatchError",
    "ObjNotFoundError",
    "OrderedImporter",
    "PackagePickler",
    "PackageUnpickler",
    "compatible_formats",
    "create_pickler",
    "create_unpickler",
    "decode_long",
    "encode_long",
    "format_version",
    "sys_importer",
    "whichmodule",
]
__all__ += _pickle.__all__
