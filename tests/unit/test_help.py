"""What `help()` shows: every public name says what it is, how it is called and where it is found."""

import inspect
import pickle
import pydoc
import re
from pathlib import Path

import oxipickle
import pytest
from oxipickle import _oxipickle

OURS = [
    name
    for name in sorted({*oxipickle.__all__, "HookablePickler", "HookableUnpickler"})
    if getattr(getattr(oxipickle, name), "__module__", "").startswith("oxipickle")
]
CLASSES = [name for name in OURS if isinstance(getattr(oxipickle, name), type)]
PROXIES = ["PicklerMemoProxy", "UnpicklerMemoProxy"]
# Plain classes, whose functions are native where they are not upstream's.
PLAIN = ["HookablePickler", "HookableUnpickler"]


def is_upstreams(value):
    """Whether it is a copy of a function of `pickle`, which is documented there or not."""
    return inspect.isfunction(value) and value.__code__.co_filename == pickle.__spec__.origin


def objects():
    """Every public name of the package, and every public attribute of its classes."""
    for name in OURS:
        yield name, getattr(oxipickle, name)
    for name in PROXIES:
        yield name, getattr(_oxipickle, name)
    for name in CLASSES + PROXIES:
        cls = getattr(oxipickle, name, None) or getattr(_oxipickle, name)
        for attribute, value in sorted(vars(cls).items()):
            if (
                not attribute.startswith("_")
                and not isinstance(value, (str, dict))
                and not is_upstreams(value)
            ):
                yield f"{name}.{attribute}", value


OBJECTS = dict(sorted(objects(), key=lambda named: named[0]))
CALLED = {
    name: obj
    for name, obj in OBJECTS.items()
    if callable(obj) and not (isinstance(obj, type) and issubclass(obj, Exception))
}


def test_the_walk_finds_what_there_is():
    found = {"dumps", "Pickler.fast", "HookableUnpickler.find_class", "OrderedImporter.get_name"}
    assert found <= set(OBJECTS)
    assert {"dumps", "Pickler", "HookablePickler.save", "create_pickler"} <= set(CALLED)


@pytest.mark.parametrize("name", OBJECTS)
def test_docstring(name):
    text = inspect.getdoc(OBJECTS[name])
    assert text and text[0].isupper() and len(text) > 20
    assert "--" not in text and not re.search(r"\$self|^\w+\(.*\)$", text, re.MULTILINE)


# The interpreter's own methods of exceptions show what is asked about here.
@pytest.mark.parametrize("name", [name for name in OBJECTS if not name.endswith("Error")])
def test_help(name):
    assert "--\n" not in re.sub("-{5,}", "", pydoc.plain(pydoc.render_doc(OBJECTS[name])))


@pytest.mark.parametrize("name", CALLED)
def test_signature(name):
    """What can be called says how."""
    signature = inspect.signature(CALLED[name])
    assert signature
    if "." in name:
        assert next(iter(signature.parameters)) == "self"


@pytest.mark.parametrize("name", ["dump", "dumps", "load", "loads", *CLASSES])
def test_module(name):
    obj = getattr(oxipickle, name)
    native = name in PLAIN or (not inspect.isfunction(obj) and hasattr(_oxipickle, name))
    assert obj.__module__ == "oxipickle" if native else obj.__module__.startswith("oxipickle.")


def test_functions_are_pickled_by_their_public_name():
    assert oxipickle.loads(oxipickle.dumps(oxipickle.dumps, 0)) is oxipickle.dumps
    assert oxipickle.dumps(oxipickle.dumps, 0).startswith(b"coxipickle\ndumps\n")


def test_version():
    manifest = Path(__file__).parents[2] / "Cargo.toml"
    if not manifest.exists():
        pytest.skip("the sources are not here")
    assert f'\nversion = "{oxipickle.__version__}"\n' in manifest.read_text()
