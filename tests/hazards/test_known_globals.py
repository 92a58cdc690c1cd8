"""Hazard: a class is saved, or found, where it was the last time, and is there no longer.

Every change after which the model would find another object, or none, must be seen at the next dump or load.
"""

import builtins
import copyreg
import importlib
import pickle
import sys
import types

import oxipickle
import pytest
from faces import HOOKABLE, LEAN, dumped, outcome

MODULE = "module_of_known_globals"
PROTOCOLS = (0, 2, 4, 5)


@pytest.fixture
def module(monkeypatch):
    module = types.ModuleType(MODULE)
    module.Thing = type("Thing", (), {"__module__": MODULE})
    module.Other = type("Other", (), {"__module__": MODULE})
    monkeypatch.setitem(sys.modules, MODULE, module)
    return module


def renamed(module, monkeypatch):
    module.Thing.__qualname__ = "Renamed"
    module.Renamed = module.Thing


def lost_its_name(module, monkeypatch):
    module.Thing.__qualname__ = "Nowhere"


def named_anew(module, monkeypatch):
    module.Thing.__name__ = "Renamed"


def moved(module, monkeypatch):
    elsewhere = types.ModuleType("elsewhere_of_known_globals")
    elsewhere.Thing = module.Thing
    monkeypatch.setitem(sys.modules, elsewhere.__name__, elsewhere)
    module.Thing.__module__ = elsewhere.__name__


def replaced(module, monkeypatch):
    module.Thing = type("Thing", (), {"__module__": MODULE})


def deleted(module, monkeypatch):
    del module.Thing


def module_replaced(module, monkeypatch):
    monkeypatch.setitem(sys.modules, MODULE, types.ModuleType(MODULE))


def module_gone(module, monkeypatch):
    monkeypatch.delitem(sys.modules, MODULE)


def modules_replaced(module, monkeypatch):
    others = {name: value for name, value in sys.modules.items() if name != MODULE}
    monkeypatch.setattr(sys, "modules", others)


def modules_replaced_by_others(module, monkeypatch):
    other = types.ModuleType(MODULE)
    other.Thing = type("Thing", (), {"__module__": MODULE})
    monkeypatch.setattr(sys, "modules", {**sys.modules, MODULE: other})


def module_of_another_class(module, monkeypatch):
    class Lazy(types.ModuleType):
        def __getattribute__(self, name):
            if name == "Thing":
                raise AttributeError(name)
            return super().__getattribute__(name)

    module.__class__ = Lazy


def registered(module, monkeypatch):
    copyreg.add_extension(MODULE, "Thing", 0x7123)


CHANGES = [
    renamed,
    lost_its_name,
    named_anew,
    moved,
    replaced,
    deleted,
    module_replaced,
    module_gone,
    modules_replaced,
    modules_replaced_by_others,
    module_of_another_class,
    registered,
]


@pytest.fixture
def unregistered():
    yield
    if (MODULE, "Thing") in copyreg._extension_registry:
        copyreg.remove_extension(MODULE, "Thing", 0x7123)


@pytest.mark.parametrize("face", [LEAN, HOOKABLE], ids=lambda face: face.name)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_class_that_was_saved(module, monkeypatch, unregistered, face, protocol, change):
    thing, instance = module.Thing, module.Thing()

    def outcomes():
        return [
            outcome(dumped, cls, obj, protocol)
            for obj in (thing, [thing, instance], instance)
            for cls in face.both()
        ]

    for _ in range(2):
        before = outcomes()
        assert before[::2] == before[1::2]
    change(module, monkeypatch)
    after = outcomes()
    assert after[::2] == after[1::2]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_class_that_was_saved_by_a_function(module, monkeypatch, unregistered, protocol, change):
    thing, instance = module.Thing, module.Thing()
    for _ in range(3):
        assert oxipickle.dumps([thing, instance], protocol) == pickle.dumps([thing, instance], protocol)
    change(module, monkeypatch)
    for obj in (thing, instance):
        ours, theirs = (outcome(dumps, obj, protocol) for dumps in (oxipickle.dumps, pickle.dumps))
        assert ours == theirs


def test_another_class_at_the_same_address(module):
    """Classes come and go, and the next one may lie where the last one did."""
    for i in range(300):
        name = f"Class{i % 7}"
        setattr(module, name, type(name, (), {"__module__": MODULE}))
        cls = getattr(module, name)
        assert oxipickle.dumps(cls) == pickle.dumps(cls)
        delattr(module, name)
        del cls


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_class_that_was_loaded(module, monkeypatch, unregistered, protocol, change):
    data = pickle.dumps(module.Thing, protocol)
    for _ in range(2):
        assert oxipickle.loads(data) is module.Thing
    change(module, monkeypatch)
    ours, theirs = (outcome(loads, data) for loads in (oxipickle.loads, pickle.loads))
    assert ours == theirs


def test_an_import_that_somebody_took_over(module, monkeypatch):
    data = pickle.dumps(module.Thing, 4)
    seen = {}
    for loads in (oxipickle.loads, pickle.loads):
        loads(data)
        asked = seen[loads] = []

        def taken_over(name, *args, asked=asked, before=builtins.__import__, **options):
            asked.append(name)
            return before(name, *args, **options)

        with monkeypatch.context() as context:
            context.setattr(builtins, "__import__", taken_over)
            loads(data)
    assert seen[oxipickle.loads] == seen[pickle.loads] == [MODULE]


def test_a_module_that_is_being_imported(module, monkeypatch):
    """The import is waited for: here it is this very thread's, so it is gone on with."""
    data = pickle.dumps(module.Thing, 4)
    assert oxipickle.loads(data) is module.Thing
    module.__spec__ = importlib.machinery.ModuleSpec(MODULE, None)
    module.__spec__._initializing = True
    assert oxipickle.loads(data) is pickle.loads(data) is module.Thing


def test_attributes_of_modules_themselves(module):
    """What every module has comes before its contents."""
    module.__dict__["__class__"] = module.Thing
    data = b"\x80\x04\x8c" + bytes([len(MODULE)]) + MODULE.encode() + b"\x8c\x09__class__\x93."
    for _ in range(2):
        assert oxipickle.loads(data) is pickle.loads(data) is types.ModuleType
