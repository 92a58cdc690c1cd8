"""Row "order of questions": which hook is asked about what, in which order, with what memo."""

import copyreg
import io

import pytest
from faces import HOOKABLE, LEAN, PROTOCOLS


def function():
    pass


class Metaclass(type):
    pass


class WithMetaclass(metaclass=Metaclass):
    pass


class Reduced:
    """Logs its reduce method into the log of the pickler that is at work."""

    log: list

    def __reduce_ex__(self, protocol):
        self.log.append(("__reduce_ex__", protocol))
        return Reduced, ()


class OldReduced:
    log: list
    __reduce_ex__ = object.__reduce_ex__

    def __reduce__(self):
        self.log.append(("__reduce__",))
        return OldReduced, (), {"state": 1}


class LoggedTable(dict):
    """A dispatch table that logs both ways to look a type up."""

    def __init__(self, log, *args):
        super().__init__(*args)
        self.log = log

    def __getitem__(self, key):
        self.log.append(("[]", key.__name__))
        return super().__getitem__(key)

    def get(self, key, default=None):
        self.log.append(("get", key.__name__))
        return super().get(key, default)


class Reducible:
    pass


def reduce_reducible(obj):
    return Reducible, ()


def label(obj):
    """A name for an object that is the same in both runs, whatever its address."""
    if isinstance(obj, (list, tuple, dict, set, frozenset)):
        return f"{type(obj).__name__}:{len(obj)}"
    if isinstance(obj, (type, type(function), type(len))):
        return obj.__qualname__
    if isinstance(obj, (str, bytes, int, float, bytearray)) or obj is None:
        return repr(obj)
    return type(obj).__name__


def recording(base, log, *, persistent_id=True, reducer_override=True, table=True):
    """A subclass of the pickler that logs every question, and lets everything go its usual way."""
    hooks = {}
    if persistent_id:

        def persistent_id(self, obj):
            log.append(("persistent_id", label(obj)))

        hooks["persistent_id"] = persistent_id
    if reducer_override:

        def reducer_override(self, obj):
            log.append(("reducer_override", label(obj)))
            return NotImplemented

        hooks["reducer_override"] = reducer_override
    if table:
        hooks["dispatch_table"] = LoggedTable(log, {**copyreg.dispatch_table, Reducible: reduce_reducible})
    return type("Recording", (base,), hooks)


def graphs():
    shared = ["shared"]
    instance = Reducible()
    return {
        "atoms": [None, True, False, 0, 255, -(2**70), 1.5, "text", b"bytes", bytearray(b"array")],
        "atoms twice": [12345678901234567890] * 2 + [1.25] * 2,
        "containers": [[], (), {}, set(), frozenset(), [1], (1,), {1: 2}, {3}, frozenset([4])],
        "shared": [shared, shared, (shared,), {"k": shared}],
        "classes": [int, Reducible, WithMetaclass, function, len, type(None), type(...), type],
        "instances": [Reduced(), OldReduced(), instance, instance, Reducible()],
        "singletons": [..., NotImplemented, None],
        "others": [1j, range(3), slice(1), print, "".join, copyreg],
    }


NAMES = [name for name in graphs() if name != "others"]


def calls(base, name, protocol, **hooks):
    log = []
    Reduced.log = OldReduced.log = log
    file = io.BytesIO()
    recording(base, log, **hooks)(file, protocol).dump(graphs()[name])
    return log, file.getvalue()


HOOKS = [
    {},
    {"persistent_id": False},
    {"reducer_override": False},
    {"table": False},
    {"persistent_id": False, "reducer_override": False},
    {"persistent_id": False, "table": False},
    {"reducer_override": False, "table": False},
]


@pytest.mark.parametrize("hooks", HOOKS, ids=lambda hooks: "without " + " ".join(hooks))
@pytest.mark.parametrize("name", NAMES)
def test_hooks_are_asked_as_by_the_model(face, name, hooks, protocol):
    ours = calls(face.ours, name, protocol, **hooks)
    model = calls(face.model, name, protocol, **hooks)
    assert ours == model


def test_both_faces_ask_a_function_before_its_global_is_written(face, protocol):
    log, _ = calls(face.ours, "classes", protocol)
    assert ("reducer_override", "function") in log


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_only_the_hookable_face_asks_reducer_override_about_atoms(protocol):
    assert ("reducer_override", "None") not in calls(LEAN.ours, "atoms", protocol)[0]
    assert ("reducer_override", "None") in calls(HOOKABLE.ours, "atoms", protocol)[0]


@pytest.mark.parametrize("value", [7, -1, 2**40, 1.5, True, None, "s", b"b", ()], ids=repr)
def test_an_atom_that_was_reduced_once_is_fetched_the_second_time(face, value, protocol):
    def pickled(base):
        class Override(base):
            def reducer_override(self, obj):
                if type(obj) is type(value) and obj is value:
                    return complex, ("1",) if value != "s" else ()
                return NotImplemented

        file = io.BytesIO()
        Override(file, protocol).dump([value, value, value])
        return file.getvalue()

    assert pickled(face.ours) == pickled(face.model)
