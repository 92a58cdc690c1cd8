"""loky's pickler gives the same bytes from our base as from the interpreter's."""

import functools
import io
import sys
import types

import oxipickle
import pytest
from rederive import rederive

reduction = pytest.importorskip("loky.backend.reduction", reason="loky is not installed")
cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")


@pytest.fixture(autouse=True)
def _restore():
    yield
    reduction.set_loky_pickler("cloudpickle")


def loky_pickler(module_name):
    """The class that loky derives from the `Pickler` of the module."""
    reduction.set_loky_pickler(module_name)
    return reduction.get_loky_pickler()


def saved(pickler_class, obj, **options):
    file = io.BytesIO()
    pickler_class(file, **options).dump(obj)
    return file.getvalue()


class Bound:
    def method(self):
        return self

    @classmethod
    def class_method(cls):
        return cls


OBJECTS = {
    "method": Bound().method,
    "class method": Bound.class_method,
    "method of a type": str.upper,
    "bound builtin": [].append,
    "partial": functools.partial(sorted, key=len),
    "task": (0, len, ([1, 2],), {"a": 2.5}),
}


def reduce_bound(obj):
    return complex, (1, 2)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", OBJECTS)
def test_same_bytes_on_pickle(name, protocol):
    expected = saved(loky_pickler("pickle"), OBJECTS[name], protocol=protocol)
    ours = loky_pickler("oxipickle")
    assert issubclass(ours, oxipickle.Pickler)
    assert saved(ours, OBJECTS[name], protocol=protocol) == expected


@pytest.mark.parametrize("module_name", ["pickle", "cloudpickle"])
def test_reducers_of_one_pickler(module_name, ours_named):
    options = {"reducers": {Bound: reduce_bound}}
    expected = saved(loky_pickler(module_name), [Bound()], **options)
    assert b"complex" in expected
    assert saved(loky_pickler(ours_named[module_name]), [Bound()], **options) == expected


@pytest.fixture
def ours_named(monkeypatch):
    """The module with our `Pickler` by the name of the one that it stands in for."""
    substitute = types.ModuleType("cloudpickle_on_oxipickle")
    substitute.Pickler = rederive(cloudpickle.Pickler, oxipickle.Pickler)
    monkeypatch.setitem(sys.modules, substitute.__name__, substitute)
    return {"pickle": "oxipickle", "cloudpickle": substitute.__name__}


@pytest.mark.parametrize("name", [*OBJECTS, "lambda", "closure", "local class"])
def test_same_bytes_on_cloudpickle(name, ours_named):
    captured = [1]

    def closure():
        return captured

    class Local:
        def method(self):
            return super().__repr__()

    local = {"lambda": lambda: 1, "closure": closure, "local class": [Local, Local()]}
    obj = local.get(name, OBJECTS.get(name))
    # The first dump of an instance leaves `__slotnames__` on its class, which the next one saves.
    saved(loky_pickler("cloudpickle"), obj)
    expected = saved(loky_pickler("cloudpickle"), obj)
    assert saved(loky_pickler(ours_named["cloudpickle"]), obj) == expected
