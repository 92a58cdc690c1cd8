"""The hookable pickler at native speed.

`import oxipickle as pickle` gives every public name of the running `pickle`, with `dump`, `dumps`
and `Pickler` from the native core. `HookablePickler` stands in for `pickle._Pickler`, and
`create_pickler` for the function of that name in torch.package.
"""

import pickle as _pickle
from pickle import *  # noqa: F403 - the opcodes and errors of the running release
from pickle import compatible_formats, decode_long, encode_long, format_version, whichmodule

from oxipickle._oxipickle import HookablePickler, Pickler, dump, dumps
from oxipickle.importer import (
    Importer,
    ObjMismatchError,
    ObjNotFoundError,
    OrderedImporter,
    sys_importer,
)
from oxipickle.package import PackagePickler, create_pickler

_Pickler = HookablePickler

HIGHEST_PROTOCOL = _pickle.HIGHEST_PROTOCOL
DEFAULT_PROTOCOL = _pickle.DEFAULT_PROTOCOL

__all__ = [
    *_pickle.__all__,
    "DEFAULT_PROTOCOL",
    "HIGHEST_PROTOCOL",
    "HookablePickler",
    "Importer",
    "ObjMismatchError",
    "ObjNotFoundError",
    "OrderedImporter",
    "PackagePickler",
    "compatible_formats",
    "create_pickler",
    "decode_long",
    "encode_long",
    "format_version",
    "sys_importer",
    "whichmodule",
]
