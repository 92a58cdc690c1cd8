"""`install()`: what the interpreter offers under its own names is served natively, in place.

The functions of `pickle._Pickler` and `pickle._Unpickler` are exchanged on these very classes. So every
subclass is served, whenever it was made and whoever made it; names stay upstream's, and what is pickled
under `install()` loads where oxipickle is not installed.
"""

import _pickle
import collections.abc
import contextlib
import gc
import sys
import threading
import time
import types
import warnings
from typing import Any

from oxipickle import _oxipickle, _pristine_python
from oxipickle._adapted import libraries
from oxipickle._oxipickle import pickler_methods, unpickler_methods
from oxipickle._pristine import pickle

_MISSING = object()

# Ours alone: upstream's class has no method of these names.
_NOT_UPSTREAMS = frozenset(["resolve_global", "global_references"])

# How long `uninstall` waits for picklers that are at work, in milliseconds.
_LONGEST_WAIT = 100

_FUNCTIONS = ("dump", "dumps", "load", "loads", "Pickler", "Unpickler")


def _found(owner: Any, name: str) -> Any:
    """What an owner has of its own by this name: a builtin function has no `__dict__`."""
    return vars(owner).get(name, _MISSING) if hasattr(owner, "__dict__") else getattr(owner, name, _MISSING)


class _Exchange:
    """One attribute of a class, module or function, which was exchanged."""

    def __init__(self, owner: Any, name: str, ours: Any) -> None:
        self.owner, self.name, self.ours = owner, name, ours
        self.before = _found(owner, name)
        setattr(owner, name, ours)

    def undo(self) -> bool:
        """Puts back what was there; False where somebody has put another in place of ours since."""
        if _found(self.owner, self.name) is not self.ours:
            return False
        if self.before is _MISSING:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self.before)
        return True

    def __str__(self) -> str:
        return f"{getattr(self.owner, '__qualname__', self.owner.__name__)}.{self.name}"


_lock = threading.RLock()
# What is exchanged: methods while anything is installed, functions while anybody asks for these, and what
# libraries have beside their picklers, once they are loaded.
_methods: list[_Exchange] = []
_functions: list[_Exchange] = []
_libraries: list[_Exchange] = []
# For each `install()` that is not undone yet, whether it was to serve the functions too.
_installed: list[bool] = []


def _is_upstreams(value: Any, pristine: Any) -> bool:
    """Whether a class has its own function still: a patch is left alone, and counts as an override."""
    if value is _MISSING:
        return pristine is _MISSING
    return (
        isinstance(value, types.FunctionType)
        and isinstance(pristine, types.FunctionType)
        and value.__code__ == pristine.__code__
        and value.__globals__ is vars(pickle)
    )


def _exchange_methods(cls: Any, pristine: Any, methods: Any) -> list[str]:
    """Exchanges the methods of a class, and names those that somebody has patched."""
    patched = []
    for name, method in methods(cls, "pickle").items():
        if name in _NOT_UPSTREAMS:
            continue
        if _is_upstreams(vars(cls).get(name, _MISSING), vars(pristine).get(name, _MISSING)):
            _methods.append(_Exchange(cls, name, method))
        else:
            patched.append(f"{cls.__qualname__}.{name}")
    return patched


def _exchange_functions() -> None:
    for name in _FUNCTIONS:
        ours = getattr(_oxipickle, name)
        # Whoever pickles it by reference writes the name under which every interpreter has it.
        _functions.append(_Exchange(ours, "__module__", "_pickle"))
        for module in (_pickle, pickle):
            _functions.append(_Exchange(module, name, ours))


def serve_library(module_name: str) -> None:
    """Exchanges what a library has beside its picklers, if that is loaded, and oxipickle installed.

    A library that is imported later is served when a pickler meets its hook. So no import is watched.
    """
    with _lock:
        module = sys.modules.get(module_name)
        if not _installed or module is None or any(each.owner is module for each in _libraries):
            return
        for owner, name, ours in libraries[module_name](module):
            _libraries.append(_Exchange(owner, name, ours))


def _serve_loaded() -> None:
    import oxipickle.adapters  # noqa: F401 - which fills `libraries`

    for module_name in libraries:
        serve_library(module_name)


def _undo(exchanges: list[_Exchange]) -> list[str]:
    """Undoes exchanges, the last first, and names those in whose place there is something else by now."""
    kept = []
    while exchanges:
        exchange = exchanges.pop()
        if not exchange.undo():
            kept.append(str(exchange))
    return kept


def _derived(cls: Any) -> set[int]:
    """The addresses of a class and of all that are derived from it: a metaclass may compare in any way."""
    found, classes = {id(cls)}, [cls]
    while classes:
        for sub in type.__subclasses__(classes.pop()):
            if id(sub) not in found:
                found.add(id(sub))
                classes.append(sub)
    return found


def _is_whole(obj: Any) -> bool:
    """Whether a pickler or unpickler has a memo now. One that is at work natively can't be asked for one."""
    try:
        # What is not initialised has none.
        getattr(obj, "memo", None)
    except RuntimeError:
        return False
    except Exception:  # noqa: S110 - a class that refuses to tell its memo keeps nobody from uninstalling
        pass
    return True


def _make_whole() -> None:
    """Gives the picklers and unpicklers that there are the memos that upstream's functions look for.

    One that is served natively has none until somebody reads it. Those that `gc.freeze` has put aside are
    not found. One that is at work on another thread is waited for, but not for long: it may be this thread
    that it works on.
    """
    classes = _derived(pickle._Pickler) | _derived(pickle._Unpickler)
    left = [obj for obj in gc.get_objects() if id(type(obj)) in classes and "memo" not in vars(obj)]
    for _ in range(_LONGEST_WAIT):
        left = [obj for obj in left if not _is_whole(obj)]
        if not left:
            return
        time.sleep(0.001)


def _undo_unasked() -> list[str]:
    """Undoes what no `install()` that is left asks for, and names what stays."""
    kept = [] if any(_installed) else _undo(_functions)
    if not _installed:
        kept += _undo(_libraries)
    if not _installed and _methods:
        # Whoever is made from now on is upstream's.
        initializers = [each for each in _methods if each.name == "__init__"]
        _methods[:] = [each for each in _methods if each.name != "__init__"]
        kept += _undo(initializers)
        _make_whole()
        kept += _undo(_methods)
    return kept


def _holders(before: dict[str, Any]) -> list[str]:
    """Who holds one of the C classes or functions still, by name."""
    by_identity = {id(obj): name for name, obj in before.items()}
    found = []
    for module_name, module in sorted(sys.modules.copy().items()):
        if not isinstance(module, types.ModuleType) or module_name.startswith("oxipickle"):
            continue
        for name, value in list(vars(module).items()):
            if id(value) in by_identity:
                found.append(f"{module_name}.{name}")
    for name in ("Pickler", "Unpickler"):
        classes = list(before[name].__subclasses__())
        while classes:
            cls = classes.pop()
            # What asked the interpreter's own classes, while oxipickle was imported, may not be freed yet.
            if not str(cls.__module__).startswith("oxipickle"):
                found.append(f"{cls.__module__}.{cls.__qualname__}")
            classes.extend(cls.__subclasses__())
    return list(dict.fromkeys(found))


def _install(functions: bool, stacklevel: int) -> list[str]:
    patched: list[str] = []
    held: list[str] = []
    with _lock:
        try:
            if not _installed:
                patched += _exchange_methods(pickle._Pickler, _pristine_python.PythonPickler, pickler_methods)
                patched += _exchange_methods(
                    pickle._Unpickler, _pristine_python.PythonUnpickler, unpickler_methods
                )
            if functions and not any(_installed):
                before = {name: getattr(_pickle, name) for name in _FUNCTIONS}
                _exchange_functions()
                held = _holders(before)
            if patched:
                names = ", ".join(patched)
                # Where warnings are errors, too.
                warnings.warn(
                    f"patched by somebody else, and left as it is: {names}", RuntimeWarning, stacklevel
                )
        except BaseException:
            _undo_unasked()
            raise
        _installed.append(functions)
        _serve_loaded()
    return held


def _uninstall(functions: bool | None, stacklevel: int) -> None:
    """Undoes the last `install()`, or the last that was told the same about functions."""
    with _lock:
        if not _installed:
            warnings.warn("oxipickle is not installed", RuntimeWarning, stacklevel)
            return
        last = _installed[-1] if functions is None or functions not in _installed else functions
        _installed.remove(last)
        kept = _undo_unasked()
    if kept:
        names = ", ".join(kept)
        warnings.warn(
            f"exchanged by somebody else since, and left as it is: {names}", RuntimeWarning, stacklevel
        )


def install(*, functions: bool = False) -> list[str]:
    """Serves all subclasses of `pickle._Pickler` and `pickle._Unpickler` natively, in the whole process:
    those that there are, and those that are still to be made. Bytes and results stay the same.

    What torch.package looks for in finished pickles is found natively too.

    With `functions`, `pickle.dump`, `dumps`, `load`, `loads`, `Pickler` and `Unpickler` become oxipickle's
    too. The result names what is not reached by this: names under which modules have imported one of C's
    before, and classes derived from C's.

    Each call is undone by one `uninstall()`. What somebody has patched in `pickle._Pickler` or `_Unpickler`
    stays in place, and is told by a RuntimeWarning. Child processes are not served unless they call this too.
    """
    return _install(functions, stacklevel=3)


def uninstall() -> None:
    """Undoes the last `install()` that is not undone yet; with the last of all, everything is as it was.

    Does nothing but warn (RuntimeWarning) without an `install()`. What somebody else has put in place of ours
    since stays, and is told by a RuntimeWarning.
    """
    _uninstall(None, stacklevel=3)


@contextlib.contextmanager
def installed(*, functions: bool = False) -> collections.abc.Iterator[list[str]]:
    """A context within which oxipickle is installed, in the whole process; gives what `install` gives."""
    # A warning points at the `with` statement, behind `contextlib`.
    held = _install(functions, stacklevel=4)
    try:
        yield held
    finally:
        _uninstall(functions, stacklevel=4)
