"""The package pickler: globals are named by an importer, not by `sys.modules`.

`PackagePickler` and `create_pickler` are drop-ins for torch.package's.
"""

import pickle
from collections.abc import Callable
from typing import Any

from oxipickle._oxipickle import HookablePickler
from oxipickle.importer import attribute, is_sys_importer, lookup_errors, register_with_torch


class _SettablePickler(HookablePickler):
    """A pickler whose `persistent_id` may be set on the instance, also as `_persistent_id`.

    Upstream's class overrides `persistent_id` to look for `_persistent_id` at each object. Here it
    is put in place when it is assigned, so that a pickler without one is never asked.
    """

    @property
    def _persistent_id(self) -> Callable[[Any], Any] | None:
        return self.__dict__.get("_persistent_id")

    @_persistent_id.setter
    def _persistent_id(self, value: Callable[[Any], Any] | None) -> None:
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

    global_style = "package"

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
    """A pickler that writes to `data_buf` and names globals by `importer`.

    For `sys_importer` itself, ours or torch.package's, it names them the ordinary way.
    """
    if is_sys_importer(importer):
        return _SettablePickler(data_buf, protocol=protocol)
    return PackagePickler(importer, data_buf, protocol=protocol)
