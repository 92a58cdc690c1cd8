"""The hookable pickler at native speed.

`import oxipickle as pickle` gives every public name of the running `pickle`, with its functions,
`Pickler` and `Unpickler` from the native core. `HookablePickler` and `HookableUnpickler` stand in
for `pickle._Pickler` and `pickle._Unpickler`, `create_pickler` and `PackageUnpickler` for what has
these names in torch.package. `install()` serves programs and libraries as they are. `genops`, `dis` and
`optimize` look at pickles without loading them, and so does `python -m oxipickle`.
"""

import pickle as _pickle
import sys as _sys
from pickle import *  # noqa: F403 - the opcodes and errors of the running release
from types import ModuleType as _ModuleType

from oxipickle._oxipickle import (
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

# What most programs never ask for is imported when it is first asked for: by the name under which it is found
# here, the module that has it, and its name there.
_LATE = {
    name: (module, name)
    for module, names in (
        ("_hookable_pickler", ("HookablePickler",)),
        ("_hookable_unpickler", ("HookableUnpickler",)),
        ("_install", ("install", "installed", "uninstall")),
        ("_python_functions", ("_dump", "_dumps", "_load", "_loads")),
        (
            "importer",
            ("Importer", "ObjMismatchError", "ObjNotFoundError", "OrderedImporter", "sys_importer"),
        ),
        ("package", ("PackagePickler", "PackageUnpickler", "create_pickler", "create_unpickler")),
    )
    for name in names
}
_LATE["_Pickler"] = _LATE["HookablePickler"]
_LATE["_Unpickler"] = _LATE["HookableUnpickler"]
# Modules that are found here without being imported.
_LATE_MODULES = ("importer", "package")

__all__ = sorted(name for name in _LATE if not name.startswith("_"))
__all__ += ["compatible_formats", "decode_long", "dis", "encode_long", "format_version", "genops"]
__all__ += ["optimize", "whichmodule"]
__all__ += _pickle.__all__

# What `pickle` has beside its public names, and programs import from it: `_getattribute`, `_Stop`,
# `bytes_types` and the like; but for the modules that it imports for itself.
for _name in vars(_pickle).keys() - globals().keys() - _LATE.keys():
    if _name.startswith("_") or not isinstance(vars(_pickle)[_name], _ModuleType):
        globals()[_name] = vars(_pickle)[_name]
del _name


def _imported(name):
    from importlib import import_module

    return import_module(f"{__name__}.{name}")


def __getattr__(name):
    if name in _LATE:
        module_name, attribute = _LATE[name]
        found = getattr(_imported(module_name), attribute)
        # From then on it is found without being asked for here.
        return globals().setdefault(name, found)
    if name in _LATE_MODULES:
        return _imported(name)
    words = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(words, name=name, obj=_sys.modules.get(__name__))


def __dir__():
    return sorted({*globals(), *_LATE, *_LATE_MODULES})
