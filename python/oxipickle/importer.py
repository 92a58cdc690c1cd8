"""Importers: environments that give names to objects and find modules by name.

The protocol is torch.package's, and importers of both kinds can be mixed: theirs in an
`OrderedImporter` of ours, and the reverse. PyTorch is never imported from here.
"""

import importlib
import sys
from abc import ABC, abstractmethod
from types import ModuleType
from typing import Any

from oxipickle._pristine import pickle

_TORCH_IMPORTER = "torch.package.importer"

# A module has one of these names where it may say that it came out of a package.
_MARKS = frozenset(["__torch_package__", "__getattr__"])


class ObjNotFoundError(Exception):
    """The importer does not find the object under its name."""


class ObjMismatchError(Exception):
    """The importer finds another object under the object's name."""


_joined: dict[tuple[type[Exception], type[Exception]], type[Exception]] = {}


def _join(ours: type[Exception], theirs: type[Exception]) -> type[Exception]:
    """A class that is caught as ours and as torch.package's, and pickled as ours."""
    if (ours, theirs) not in _joined:

        def reduce(error: Exception) -> tuple[Any, ...]:
            return ours, error.args

        attributes = {"__module__": ours.__module__, "__reduce__": reduce}
        _joined[ours, theirs] = type(ours.__name__, (ours, theirs), attributes)
    return _joined[ours, theirs]


def _error(ours: type[Exception], message: str) -> Exception:
    """The error to raise: torch.package, once loaded, must be able to catch it as its own."""
    torch_importer = sys.modules.get(_TORCH_IMPORTER)
    theirs = getattr(torch_importer, ours.__name__, None)
    return (ours if theirs is None else _join(ours, theirs))(message)


def lookup_errors() -> tuple[type[Exception], ...]:
    """Every class that says an importer failed to name an object, torch.package's included."""
    torch_importer = sys.modules.get(_TORCH_IMPORTER)
    # While torch.package is being imported by another thread, the classes may not be there yet.
    theirs = (getattr(torch_importer, name, None) for name in ("ObjNotFoundError", "ObjMismatchError"))
    return (ObjNotFoundError, ObjMismatchError, *filter(None, theirs))


def demangle(name: str) -> str:
    """`name` without the prefix `<torch_package_N>.` of modules that came out of a package."""
    if not name.startswith("<torch_package_"):
        return name
    # Imported late, since there is hardly ever such a name.
    import re

    if re.match(r"<torch_package_\d+>", name):
        return name.partition(".")[2]
    return name


def attribute(module: Any, path: str) -> Any:
    """The attribute at the end of a dotted path. Raises AttributeError, also for `<locals>`."""
    if path.isidentifier():
        return getattr(module, path)
    found = module
    for part in path.split("."):
        if part == "<locals>":
            raise AttributeError(f"Can't get local attribute {path!r} on {module!r}")
        found = getattr(found, part)
    return found


class Importer(ABC):
    """An environment to import modules from, and to name objects in.

    `module_name, qualname = importer.get_name(obj)` and then
    `importer.import_module(module_name)` lead back to `obj`. A subclass gives `import_module`, and in
    `modules` a dict of modules by name, which are searched for objects that do not tell their module.
    """

    modules: dict[str, ModuleType]

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        # torch.package tests `isinstance(importer, its own abstract class)`, which reads this
        # attribute first. Registering here works whether torch was imported before or after.
        register_with_torch()
        return type(self)

    @abstractmethod
    def import_module(self, module_name: str) -> ModuleType:
        """The module of this name; raises ModuleNotFoundError as `importlib.import_module`."""

    def get_name(self, obj: Any, name: str | None = None) -> tuple[str, str]:
        """The pair (module name, qualified name) of `obj` in this environment.

        `name` is the string that the object's `__reduce__` returned, if a pickler asked it.
        Raises ObjNotFoundError where the name leads nowhere, ObjMismatchError where it leads to
        another object.
        """
        if name is None:
            name = self._name_of(obj)
        module_name = demangle(self.whichmodule(obj, name))
        try:
            found = attribute(self.import_module(module_name), name)
        except (ImportError, KeyError, AttributeError):
            raise _error(ObjNotFoundError, f"{obj} was not found as {module_name}.{name}") from None
        if found is obj:
            return module_name, name
        raise _error(ObjMismatchError, self._mismatch(obj, found, name))

    @staticmethod
    def _name_of(obj: Any) -> str:
        name = None
        # Like upstream: the object's truth and its `__reduce__` are asked, in that order, unless
        # the pickler has a method for the type.
        if obj and pickle._Pickler.dispatch.get(type(obj)) is None:
            reduce = getattr(obj, "__reduce__", None)
            if reduce is not None:
                try:
                    value = reduce()
                except Exception:
                    value = None
                if isinstance(value, str):
                    name = value
        if name is None:
            name = getattr(obj, "__qualname__", None)
        return obj.__name__ if name is None else name

    def _mismatch(self, obj: Any, found: Any, name: str) -> str:
        mine, my_place, my_importer = self._origin(obj, name)
        other, other_place, other_importer = self._origin(found, name)
        return (
            f"\n\nThe object is from '{mine}', which belongs to {my_place}."
            f"\nImporting '{other}' gives another one, which belongs to {other_place}."
            f"\nAn importer that lists {my_importer} before {other_importer} resolves this."
        )

    def _origin(self, obj: Any, name: str) -> tuple[str, str, str]:
        module_name = self.whichmodule(obj, name)
        if module_name != demangle(module_name):
            package = module_name.partition(".")[0]
            return module_name, package, f"the importer for {package}"
        return module_name, "the current Python environment", "'sys_importer'"

    def whichmodule(self, obj: Any, name: str) -> str:
        """The name of the module that `obj` belongs to: its `__module__`, or the first of
        `modules` that shows it as `name`, or `__main__`."""
        module_name: str | None = getattr(obj, "__module__", None)
        if module_name is not None:
            return module_name
        # A copy, since looking may import.
        for module_name, module in self.modules.copy().items():
            if module_name in ("__main__", "__mp_main__") or module is None:
                continue
            try:
                if attribute(module, name) is obj:
                    return module_name
            except AttributeError:
                pass
        return "__main__"


def register_with_torch() -> None:
    """Makes our importers instances of torch.package's abstract class, if that is loaded."""
    torch_importer = sys.modules.get(_TORCH_IMPORTER)
    theirs = getattr(torch_importer, "Importer", None)
    if theirs is not None and not issubclass(Importer, theirs):
        theirs.register(Importer)


class _SysImporter(Importer):
    """The interpreter's own environment: `sys.modules` and `importlib`."""

    # `pickle.whichmodule` is not asked: from 3.14 it raises PicklingError for what it does not find,
    # and a chain of importers would not go on to the next.

    @property
    def modules(self) -> dict[str, ModuleType]:  # type: ignore[override]
        return sys.modules

    def import_module(self, module_name: str) -> ModuleType:
        module = sys.modules.get(module_name)
        # One that another thread imports at present is waited for.
        if module is None or getattr(getattr(module, "__spec__", None), "_initializing", False):
            return importlib.import_module(module_name)
        return module


sys_importer: Importer = _SysImporter()


def is_sys_importer(importer: object) -> bool:
    """Whether this is `sys_importer`, ours or torch.package's."""
    torch_importer = sys.modules.get(_TORCH_IMPORTER)
    theirs = getattr(torch_importer, "sys_importer", sys_importer)
    return importer is sys_importer or importer is theirs


class OrderedImporter(Importer):
    """Several importers, tried in order: the first that has an answer gives it."""

    def __init__(self, *args: Any) -> None:
        self._importers: list[Importer] = list(args)

    def get_name(self, obj: Any, name: str | None = None) -> tuple[str, str]:
        """The first name that an importer finds; raises ObjNotFoundError if none finds one."""
        for importer in self._importers:
            try:
                return importer.get_name(obj, name)
            except lookup_errors() as error:
                # Imported late, since there is hardly ever anything to say.
                from logging import getLogger

                warning = "%s does not name %s (name %s): %s"
                getLogger(__name__).warning(warning, importer, obj, name, error)
        raise _error(
            ObjNotFoundError,
            f"Could not find obj {obj} and name {name} in any of the importers {self._importers}",
        )

    def import_module(self, module_name: str) -> ModuleType:
        """The module from the first importer that has it; raises ModuleNotFoundError if none has."""
        last_error = None
        for importer in self._importers:
            if not _is_importer(importer):
                raise TypeError(
                    f"{importer} is not an Importer. "
                    "All importers in OrderedImporter must inherit from Importer."
                )
            try:
                module = importer.import_module(module_name)
            except ModuleNotFoundError as error:
                last_error = error
                continue
            if not _is_package_dummy(module):
                return module
        raise last_error or ModuleNotFoundError(module_name)

    def whichmodule(self, obj: Any, name: str) -> str:
        """The first answer that is not `__main__`."""
        for importer in self._importers:
            module_name = importer.whichmodule(obj, name)
            if module_name != "__main__":
                return module_name
        return "__main__"


def _is_importer(importer: object) -> bool:
    if Importer in type(importer).__mro__:
        return True
    torch_importer = sys.modules.get(_TORCH_IMPORTER)
    theirs = getattr(torch_importer, "Importer", Importer)
    return isinstance(importer, (Importer, theirs))


def _is_package_dummy(module: ModuleType) -> bool:
    """Whether torch.package made the module only to hold others: a package without a file, which
    would hide the real one behind it."""
    # A module that is asked for what it lacks makes an error first, which takes longer than all else here.
    if type(module) is ModuleType and vars(module).keys().isdisjoint(_MARKS):
        return False
    return (
        getattr(module, "__torch_package__", False)
        and hasattr(module, "__path__")
        and getattr(module, "__file__", None) is None
    )
