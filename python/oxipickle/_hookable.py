"""The hookable classes: plain Python classes, as upstream's, whose functions are native.

A plain class has a real `__init__` and a `__dict__`, its attributes can be assigned, and its functions can be
called with `self` written out. Where no native function stands in, it has a copy of upstream's own.
"""

from __future__ import annotations

import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from inspect import Signature
    from typing import Any

_MODULE = "oxipickle"

# What every class has of its own.
_OF_THE_CLASS_ITSELF = frozenset(
    ["__dict__", "__doc__", "__firstlineno__", "__module__", "__static_attributes__", "__weakref__"]
)


def _named(function: Any, class_name: str, docs: dict[str, str]) -> Any:
    """A copy of one of upstream's functions that tells its name here, and what it does."""
    copy = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__doc__ = (
        docs.get(function.__name__)
        or function.__doc__
        or f"The Python code of `pickle._{class_name[8:]}.{function.__name__}`, as it is there."
    )
    copy.__module__ = _MODULE
    copy.__qualname__ = f"{class_name}.{function.__name__}"
    return copy


class _Signature:
    """`__signature__` of a class whose `__init__` is ours, and of subclasses that have no other: upstream's,
    and behind it what ours takes beside that."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.init: Any = None

    def __get__(self, obj: Any, cls: Any) -> Signature:
        if obj is None and cls.__init__ is self.init:
            # Imported late: who asks has it, and importing it takes longer than all else here.
            from inspect import Parameter, signature

            upstreams = signature(self.model)
            own = Parameter("progress", Parameter.KEYWORD_ONLY, default=None)
            return upstreams.replace(parameters=[*upstreams.parameters.values(), own])
        raise AttributeError("__signature__")


def _made(name: str, model: Any, methods: Any, docs: dict[str, str], **own: Any) -> Any:
    """A class that has all that upstream's `model` has, its functions from `methods` where these have one.

    `docs` has docstrings for functions of upstream's that have none, or one that says less.
    """
    namespace: dict[str, Any] = {"__module__": _MODULE, **own}
    for key, value in vars(model).items():
        if key not in _OF_THE_CLASS_ITSELF:
            is_function = isinstance(value, types.FunctionType)
            namespace.setdefault(key, _named(value, name, docs) if is_function else value)
    signature = namespace["__signature__"] = _Signature(model)
    cls = type(name, (), namespace)
    for key, method in methods(cls, _MODULE).items():
        setattr(cls, key, method)
    signature.init = cls.__init__  # type: ignore[misc]
    cls.dispatch = {  # type: ignore[attr-defined]
        key: getattr(cls, function.__name__) for key, function in model.dispatch.items()
    }
    return cls
