# ruff: noqa: I001 - each name stands once, with its module
# What type checkers see: at run time most of these names are imported when they are first asked for.
import _compat_pickle as _compat_pickle
import pickle
from collections.abc import Callable
from pickle import *  # noqa: F403
from pickle import bytes_types as bytes_types, decode_long as decode_long, encode_long as encode_long
from typing import Any

from oxipickle._hookable_pickler import HookablePickler as HookablePickler
from oxipickle._hookable_unpickler import HookableUnpickler as HookableUnpickler
from oxipickle._install import (
    install as install,
    installed as installed,
    uninstall as uninstall,
)
from oxipickle._oxipickle import (  # type: ignore[assignment]  # in place of `pickle`'s
    Pickler as Pickler,
    Unpickler as Unpickler,
    dis as dis,
    dump as dump,
    dumps as dumps,
    genops as genops,
    load as load,
    loads as loads,
    optimize as optimize,
)
from oxipickle._python_functions import (
    _dump as _dump,
    _dumps as _dumps,
    _load as _load,
    _loads as _loads,
)
from oxipickle.importer import (
    Importer as Importer,
    ObjMismatchError as ObjMismatchError,
    ObjNotFoundError as ObjNotFoundError,
    OrderedImporter as OrderedImporter,
    sys_importer as sys_importer,
)
from oxipickle.package import (
    PackagePickler as PackagePickler,
    PackageUnpickler as PackageUnpickler,
    create_pickler as create_pickler,
    create_unpickler as create_unpickler,
)

__version__: str

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
__all__ += pickle.__all__

_Pickler = HookablePickler
_Unpickler = HookableUnpickler

# What the stubs of `pickle` leave out.
format_version: str
compatible_formats: list[str]
dispatch_table: dict[type, Callable[[Any], str | tuple[Any, ...]]]
_extension_registry: dict[tuple[str, str], int]
_inverted_registry: dict[int, tuple[str, str]]
_extension_cache: dict[int, Any]
_tuplesize2code: list[bytes]

def whichmodule(obj: Any, name: str) -> str: ...
def _getattribute(obj: Any, name: Any) -> Any: ...

class _Stop(Exception):
    value: Any
    def __init__(self, value: Any) -> None: ...

class _Framer:
    current_frame: Any
    file_write: Callable[[Any], Any]
    def __init__(self, file_write: Callable[[Any], Any]) -> None: ...
    def start_framing(self) -> None: ...
    def end_framing(self) -> None: ...
    def commit_frame(self, force: bool = False) -> None: ...
    def write(self, data: Any) -> Any: ...
    def write_large_bytes(self, header: Any, payload: Any) -> None: ...

class _Unframer:
    current_frame: Any
    file_read: Callable[[int], Any]
    file_readline: Callable[[], Any]
    def __init__(
        self, file_read: Callable[[int], Any], file_readline: Callable[[], Any], file_tell: Any = None
    ) -> None: ...
    def readinto(self, buf: Any) -> int: ...
    def read(self, n: int) -> Any: ...
    def readline(self) -> Any: ...
    def load_frame(self, frame_size: int) -> None: ...
