"""Names that `pickle` has beside its public ones: they are found, and do what upstream's do."""

import io
import pickle
import subprocess
import sys
import types

import oxipickle
import pytest
from faces import PROTOCOLS, outcome

# But for the modules that it imports for itself, and what every module has of its own.
NAMES = sorted(
    name
    for name, value in vars(pickle).items()
    if not isinstance(value, types.ModuleType) and not (name.startswith("__") and name.endswith("__"))
)

# In place of the interpreter's.
OURS = {"Pickler", "Unpickler", "_Pickler", "_Unpickler", "dump", "dumps", "load", "loads"}
OURS |= {"_dump", "_dumps", "_load", "_loads"}


def test_names_were_found():
    assert {"_Stop", "_Framer", "_Unframer", "_getattribute", "bytes_types", "_tuplesize2code"} <= set(NAMES)
    assert {"_extension_registry", "_inverted_registry", "_extension_cache", "dispatch_table"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name(name):
    assert (getattr(oxipickle, name) is getattr(pickle, name)) == (name not in OURS)


def test_modules_that_pickle_imports_are_no_names_of_ours():
    """But for `_compat_pickle`, which torch imports from there."""
    names = {name for name, value in vars(pickle).items() if isinstance(value, types.ModuleType)}
    assert names & set(vars(oxipickle)) == {"_compat_pickle"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_names_of_ours(name):
    ours, model = getattr(oxipickle, name), getattr(pickle, name)
    assert ours.__name__ in (model.__name__, f"Hookable{model.__name__[1:]}")
    assert ours.__module__ == "oxipickle" or ours.__module__.startswith("oxipickle._")


def test_private_names_are_imported_by_name():
    program = (
        "import oxipickle as pickle\n"
        "from oxipickle import _Pickler, _Unpickler, _Stop, _Framer, _Unframer, _getattribute, PROTO, STOP\n"
        "from oxipickle import _extension_registry, _compat_pickle, bytes_types, whichmodule, encode_long\n"
        "print(pickle.loads(pickle.dumps([1])))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[1]\n", "")


DATA = [1, {"a": (2.5, b"bytes", "text")}, OURS, oxipickle.HookablePickler]


@pytest.mark.parametrize("protocol", [None, -1, *PROTOCOLS, 6])
def test_dump_and_dumps(protocol):
    def through_file(module):
        file = io.BytesIO()
        assert module._dump(DATA, file, protocol) is None
        return file.getvalue()

    for call in (through_file, lambda module: module._dumps(DATA, protocol)):
        assert outcome(call, oxipickle) == outcome(call, pickle)


def test_options_of_dumping():
    class Buffer:
        def __reduce_ex__(self, protocol):
            return bytes, (pickle.PickleBuffer(b"out of band"),)

    def session(module):
        buffers = []
        data = [Buffer(), DATA]
        return (
            module._dumps(data, protocol=5, buffer_callback=buffers.append),
            [bytes(buffer) for buffer in buffers],
            module._dumps(range, 2, fix_imports=False),
            module._dumps(range, 2, fix_imports=True),
        )

    assert session(oxipickle) == session(pickle)


PICKLES = {
    "data": pickle.dumps(DATA),
    "data, protocol 0": pickle.dumps(DATA, 0),
    "nothing": b"",
    "no end": b"N",
    "unknown protocol": b"\x80\x09N.",
    "bytes of Python 2": b"\x80\x02U\x03\xc3\xa9x.",
    "no such name": b"cbuiltins\nxrange\n.",
    "name of Python 2": b"c__builtin__\nxrange\n.",
}
OPTIONS = [{}, {"encoding": "bytes"}, {"encoding": "latin-1", "fix_imports": False}, {"errors": "replace"}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", PICKLES)
def test_load_and_loads(name, options):
    data = PICKLES[name]
    for wrapped in (bytes, bytearray, memoryview):
        ours = outcome(oxipickle._loads, wrapped(data), **options)
        assert ours == outcome(pickle._loads, wrapped(data), **options)
    ours = outcome(oxipickle._load, io.BytesIO(data), **options)
    assert ours == outcome(pickle._load, io.BytesIO(data), **options)


def test_loads_takes_no_text():
    assert outcome(oxipickle._loads, "text") == outcome(pickle._loads, "text") == ("error", TypeError)


@pytest.mark.parametrize(
    "name, args, options",
    [
        ("_dump", (), {}),
        ("_dump", (1,), {}),
        ("_dump", (1, io.BytesIO(), 4, True), {}),
        ("_dumps", (), {}),
        ("_dumps", (1, 4, True), {}),
        ("_dumps", (1,), {"file": None}),
        ("_load", (), {}),
        ("_load", (None,), {}),
        ("_loads", (b"N.", True), {}),
        ("_loads", (), {"data": b"N."}),
        ("_dumps", (), {"obj": 1, "protocol": 2}),
        ("_dump", (), {"obj": 1, "file": io.BytesIO(), "protocol": 2}),
    ],
)
def test_parameters(name, args, options):
    assert outcome(getattr(oxipickle, name), *args, **options) == outcome(
        getattr(pickle, name), *args, **options
    )


def test_out_of_band_buffers():
    payload = pickle.dumps(pickle.PickleBuffer(b"data"), 5, buffer_callback=lambda buffer: None)
    for module in (oxipickle, pickle):
        assert module._loads(payload, buffers=[b"data"]) == b"data"
        assert module._load(io.BytesIO(payload), buffers=[b"data"]) == b"data"


@pytest.mark.parametrize("name", ["_dump", "_dumps", "_load", "_loads"])
def test_under_install_upstreams_stay_and_are_served(name):
    before = vars(pickle)[name]
    with oxipickle.installed():
        assert vars(pickle)[name] is before
        file = io.BytesIO()
        pickle._dump(DATA, file)
        assert file.getvalue() == pickle._dumps(DATA)
        assert pickle._loads(file.getvalue()) == DATA
