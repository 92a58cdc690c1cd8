"""The package pickler: globals are named by an importer, not by `sys.modules`.

`PackagePickler` and `create_pickler` are drop-ins for torch.package's.
"""

import pickle
from typing import Any

from oxipickle._oxipickle import HookablePickler
from oxipickle.importer import attribute, is_sys_importer, lookup_errors, register_with_torch


class _SettablePickler(HookablePickler):
    """A pickler whose `persistent_id` may be set on the instance, also as `_persistent_id`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._persistent_id = None

    def persistent_id(self, obj: Any) -> Any:
        if self._persistent_id is None:
            return super().persistent_id(obj)
        return self._persistent_id(obj)


class PackagePickler(HookablePickler):
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
