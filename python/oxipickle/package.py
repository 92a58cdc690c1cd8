"""The package pickler and unpickler: globals are named by an importer, not by `sys.modules`.

`PackagePickler`, `create_pickler` and `PackageUnpickler` are drop-ins for torch.package's.
"""

import collections.abc
import sys
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from types import ModuleType
from typing import Any, ClassVar, Literal

from oxipickle._hookable_pickler import HookablePickler
from oxipickle._hookable_unpickler import HookableUnpickler
from oxipickle._pristine import pickle
from oxipickle.importer import attribute, is_sys_importer, lookup_errors, register_with_torch


class _SettablePickler(HookablePickler):
    """A pickler whose `persistent_id` may be set on the instance, also as `_persistent_id`.

    Upstream's class overrides `persistent_id` to look for `_persistent_id` at each object. Here it
    is put in place when it is assigned, so that a pickler without one is never asked.
    """

    @property
    def _persistent_id(self) -> collections.abc.Callable[[Any], Any] | None:
        return self.__dict__.get("_persistent_id")

    @_persistent_id.setter
    def _persistent_id(self, value: collections.abc.Callable[[Any], Any] | None) -> None:
        own = self.__dict__
        before = own.get("_persistent_id")
        own["_persistent_id"] = value
        # What was set as `persistent_id` itself comes first, as upstream.
        if own.get("persistent_id") is before:
            own.pop("persistent_id", None)
            if value is not None:
                own["persistent_id"] = value


class PackagePickler(_SettablePickler):
    """A pickler that asks `importer` for the name of every global, functions included.

    `file`, `protocol` and the options are those of `HookablePickler`. Raises PicklingError for
    what the importer does not find, or finds to be another object.
    """

    global_style: ClassVar[Literal["interpreter", "package"]] = "package"

    def __init__(self, importer: Any, *args: Any, **kwargs: Any) -> None:
        register_with_torch()
        self.importer = importer
        super().__init__(*args, **kwargs)

    def resolve_global(self, obj: Any, name: str | None = None, /) -> tuple[str, str, Any]:  # type: ignore[override]
        """The importer's name for `obj`, and the object that holds its last part."""
        try:
            module_name, qualname = self.importer.get_name(obj, name)
        except lookup_errors() as error:
            raise pickle.PicklingError(f"Can't pickle {obj}: {error}") from error
        module = self.importer.import_module(module_name)
        attribute(module, qualname)
        path, _, _ = qualname.rpartition(".")
        parent = attribute(module, path) if path else module
        return module_name, qualname, None if parent is module else parent


def create_pickler(data_buf: Any, importer: Any, protocol: int = 4) -> HookablePickler:
    """A pickler that writes to `data_buf`, a file with `write(bytes)`, and names classes and functions by
    `importer`: a `PackagePickler`.

    For `sys_importer` itself, ours or torch.package's, it is a `HookablePickler`, which names them the
    ordinary way.
    """
    if is_sys_importer(importer):
        return _SettablePickler(data_buf, protocol=protocol)
    return PackagePickler(importer, data_buf, protocol=protocol)


class PackageUnpickler(HookableUnpickler):
    """An unpickler that finds modules by `importer.import_module`, asked once for each per load.

    `file` and the options are those of `HookableUnpickler`. From protocol 4 on a dotted name leads
    to a nested class; below protocol 3 the names of Python 2 are mapped to today's.
    """

    def __init__(self, importer: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._importer = importer
        self._modules: dict[str, ModuleType] | None = None

    def load(self) -> Any:
        """The object of the next pickle in the file."""
        # A load within this one is refused, and leaves what this one found.
        outer, self._modules = self._modules, {}
        try:
            return super().load()
        finally:
            self._modules = outer

    def find_class(self, module: str, name: str) -> Any:
        """The global of this name, from where the importer finds it.

        Raises what the importer raises, and AttributeError.
        """
        sys.audit("pickle.find_class", module, name)
        if self.proto < 3 and self.fix_imports:
            if (module, name) in NAME_MAPPING:
                module, name = NAME_MAPPING[module, name]
            else:
                module = IMPORT_MAPPING.get(module, module)
        modules = {} if self._modules is None else self._modules
        found = modules.get(module)
        if found is None:
            found = modules[module] = self._importer.import_module(module)
        if self.proto >= 4 and "." in name:
            return attribute(found, name)
        return getattr(found, name)


def create_unpickler(data_buf: Any, importer: Any) -> HookableUnpickler:
    """An unpickler that reads from `data_buf`, a file with `read` and `readline`, and finds classes and
    functions by `importer`: a `PackageUnpickler`.

    For `sys_importer` itself, ours or torch.package's, it is a `HookableUnpickler`, which finds them the
    ordinary way.
    """
    if is_sys_importer(importer):
        return HookableUnpickler(data_buf)
    return PackageUnpickler(importer, data_buf)
