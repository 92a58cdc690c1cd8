"""Names that are imported when they are first asked for: nobody can tell, but by the time."""

import importlib
import inspect
import pickle
import subprocess
import sys

import oxipickle
import pytest

LATE = sorted(oxipickle._LATE)

# Modules of the standard library that `import oxipickle` may load where `import pickle` does not.
ALLOWED = {"gc"}


def said(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout


def loaded_by(statement):
    return set(said(f"import sys; {statement}; print(*sys.modules)").split())


def test_importing_loads_little():
    more = loaded_by("import oxipickle") - loaded_by("import pickle")
    ours = {name for name in more if name.split(".")[0] == "oxipickle"}
    assert more - ours <= ALLOWED
    assert "oxipickle._oxipickle" in ours
    assert not {"_install", "_pristine_python", "_hookable", "importer", "package"} & {
        name.rpartition(".")[2] for name in ours
    }


@pytest.mark.parametrize("use", ["dumps([1, {'a': (2.5, b'x')}])", "loads(b'N.')"])
def test_a_first_call_imports_nothing(use):
    program = f"import sys, oxipickle; before = set(sys.modules); oxipickle.{use}"
    assert said(f"{program}; print(set(sys.modules) - before)") == "set()\n"


@pytest.mark.parametrize("name", LATE)
def test_every_late_name(name):
    """In a process of its own it is listed before it is found, and found only once."""
    program = (
        "import oxipickle\n"
        f"assert {name!r} in dir(oxipickle) and {name!r} not in vars(oxipickle)\n"
        f"found = oxipickle.{name}\n"
        f"assert vars(oxipickle)[{name!r}] is found is oxipickle.{name}\n"
        f"from oxipickle import {name} as again\n"
        "assert again is found"
    )
    assert said(program) == ""


@pytest.mark.parametrize("name", [name for name in LATE if isinstance(getattr(oxipickle, name), type)])
def test_classes_are_pickled_by_name(name):
    cls = getattr(oxipickle, name)
    data = oxipickle.dumps(cls)
    assert data == pickle.dumps(cls)
    # Read where nobody has asked for the class.
    program = f"import pickle, oxipickle; print(pickle.loads({data!r}) is oxipickle.loads({data!r}))"
    assert said(program) == "True\n"


def test_modules_are_found_without_being_imported():
    for name in ("importer", "package"):
        assert said(f"import oxipickle; print(oxipickle.{name}.__name__)") == f"oxipickle.{name}\n"
        assert name in dir(oxipickle)


def test_a_name_that_there_is_not():
    with pytest.raises(
        AttributeError, match="module 'oxipickle' has no attribute 'HookablePikler'"
    ) as caught:
        oxipickle.HookablePikler  # noqa: B018
    assert caught.value.name == "HookablePikler" and caught.value.obj is oxipickle
    assert not hasattr(oxipickle, "__path_of_nothing__")


def test_what_a_program_puts_there_stays():
    program = "import oxipickle; oxipickle.install = len; from oxipickle import install; print(install)"
    assert said(program) == f"{len}\n"


def test_importing_again():
    before = oxipickle.HookablePickler
    assert importlib.reload(oxipickle).HookablePickler is before


def test_looking_at_all_members():
    names = {name for name, _ in inspect.getmembers(oxipickle)}
    assert set(oxipickle.__all__) <= names


def test_first_use_by_many_threads():
    program = """
import oxipickle, threading
barrier = threading.Barrier(8)
found = []
def ask(name):
    barrier.wait()
    found.append(getattr(oxipickle, name))
names = ["HookablePickler", "HookableUnpickler", "install", "create_pickler"] * 2
threads = [threading.Thread(target=ask, args=(name,)) for name in names]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), len(set(found)))
"""
    assert said(program) == "8 4\n"
