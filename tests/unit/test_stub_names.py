"""The stub of the package has every name that the package has, and no other."""

import ast
import pathlib
import pickle
import types

import oxipickle

STUB = pathlib.Path(oxipickle.__file__).with_suffix(".pyi")

# What `pickle` has beside its names for its own use, and what every module has.
UNTYPED = {"PyStringMap", "_HAVE_PICKLE_BUFFER", "_MIN_READ_BUF_SIZE", "_NoValue", "_T", "_main", "_test"}
UNTYPED |= {"FunctionType", "batched", "islice", "maxsize", "pack", "partial", "unpack"}


def stubbed():
    """The names that the stub exports, and those in its `__all__`."""
    names, public = set(pickle.__all__), set(pickle.__all__)
    for node in ast.parse(STUB.read_text()).body:
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname for alias in aliases if alias.asname}
            case ast.AnnAssign(target=ast.Name(name)) | ast.Assign(targets=[ast.Name(name)]):
                names.add(name)
                if name == "__all__":
                    public |= set(ast.literal_eval(node.value))
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
    return names, public


def test_every_name():
    names, public = stubbed()
    assert public == set(oxipickle.__all__)
    private = {
        name
        for name in dir(pickle)
        if not name.startswith("__") and not isinstance(getattr(pickle, name), types.ModuleType)
    }
    wanted = (private | set(oxipickle.__all__) | {"__version__"}) - UNTYPED
    assert wanted - names == set()


def test_no_other_name():
    names, _ = stubbed()
    assert {name for name in names - {"__all__"} if not hasattr(oxipickle, name)} == set()
