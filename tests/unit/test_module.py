"""`import oxipickle as pickle`: what the running `pickle` offers is there, and ours is ours."""

import io
import pickle
import types

import oxipickle
import pytest

OURS = {"Pickler", "Unpickler", "dump", "dumps", "load", "loads"}

# What `pickle` defines or documents, and not what it imports for its own use.
PUBLIC = sorted(
    name
    for name, value in vars(pickle).items()
    if not name.startswith("_")
    and not isinstance(value, types.ModuleType)
    and (
        name in pickle.__all__
        or name in ("HIGHEST_PROTOCOL", "DEFAULT_PROTOCOL", "format_version", "compatible_formats")
        or getattr(value, "__module__", None) in ("pickle", "_pickle")
    )
)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_of_pickle(name):
    assert (getattr(oxipickle, name) is getattr(pickle, name)) == (name not in OURS)


def test_star_import():
    namespace = {}
    exec("from oxipickle import *", namespace)
    assert set(pickle.__all__) <= set(namespace)
    assert {"create_pickler", "OrderedImporter", "HookablePickler"} <= set(namespace)
    assert namespace["dumps"] is oxipickle.dumps


def test_names_of_all_exist_once():
    assert len(oxipickle.__all__) == len(set(oxipickle.__all__))
    for name in oxipickle.__all__:
        assert hasattr(oxipickle, name)


def test_the_pure_python_name():
    assert oxipickle._Pickler is oxipickle.HookablePickler


def test_round_trip():
    data = {"a": [1, 2.5, None], "b": ("x", b"y")}
    file = io.BytesIO()
    oxipickle.dump(data, file)
    assert oxipickle.loads(file.getvalue()) == oxipickle.loads(oxipickle.dumps(data)) == data
