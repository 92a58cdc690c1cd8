"""The hookable pickler at native speed.

`import oxipickle as pickle` gives every public name of the running `pickle`, with its functions,
`Pickler` and `Unpickler` from the native core. `HookablePickler` and `HookableUnpickler` stand in
for `pickle._Pickler` and `pickle._Unpickler`, `create_pickler` and `PackageUnpickler` for what has
these names in torch.package. `install()` serves programs and libraries as they are. `genops`, `dis` and
`optimize` look at pickles without loading them, and so does `python -m oxipickle`.
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
from types import ModuleType as _ModuleType

from oxipickle._hookable_pickler import HookablePickler
from oxipickle._hookable_unpickler import HookableUnpickler
from oxipickle._install import install, installed, uninstall
from oxipickle._oxipickle import (  # type: ignore[assignment]  # in place of `pickle`'s
    Pickler,
    Unpickler,
    __version__,
    dis,
    dump,
    dumps,
    genops,
    load,
    loads,
    optimize,
)
from oxipickle._python_functions import _dump, _dumps, _load, _loads
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
    "dis",
    "encode_long",
    "format_version",
    "genops",
    "install",
    "installed",
    "optimize",
    "sys_importer",
    "uninstall",
    "whichmodule",
]
__all__ += _pickle.__all__

# What `pickle` has beside its public names, and programs import from it: `_getattribute`, `_Stop`,
# `bytes_types` and the like; but for the modules that it imports for itself.
for _name in set(vars(_pickle)) - set(globals()):
    if _name.startswith("_") or not isinstance(vars(_pickle)[_name], _ModuleType):
        globals()[_name] = vars(_pickle)[_name]
del _name
