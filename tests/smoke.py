"""A smoke test that needs nothing but the installed package: `python tests/smoke.py`, on any machine.

It pickles and loads by both faces at every protocol, beside the interpreter's own picklers, and compares.
Its last line counts what passed and what failed.
"""

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import importlib.metadata
import io
import pickle
import platform
import subprocess
import sys
import traceback
import uuid

import oxipickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
PICKLERS = [
    ("Pickler", oxipickle.Pickler, pickle.Pickler),
    ("HookablePickler", oxipickle.HookablePickler, pickle._Pickler),
]
UNPICKLERS = [
    ("Unpickler", oxipickle.Unpickler, pickle.Unpickler),
    ("HookableUnpickler", oxipickle.HookableUnpickler, pickle._Unpickler),
]


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Slotted:
    __slots__ = ("a", "b")


class Stated:
    def __getstate__(self):
        return {"state": [1, 2]}

    def __setstate__(self, state):
        self.state = state


class Listed(list):
    pass


class Reduced:
    def __reduce__(self):
        return Plain, (), {"x": 1}, iter([]), iter([])


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Point:
    x: int
    y: float


Pair = collections.namedtuple("Pair", "left right")


def slotted():
    made = Slotted()
    made.a, made.b = "a", [1]
    return made


def recursive():
    made = [{"self": None}, Plain()]
    made[0]["self"] = made
    made[1].owner = made
    return made


def shared():
    part, text = [1, 2], "met again"
    return [part, text, (part, text), {text: part}, (part,) * 3]


def many():
    return [list(range(2500)), {str(n): n for n in range(2500)}, set(range(1200)), ["item"] * 1001]


OBJECTS = {
    "constants": [None, True, False, Ellipsis, NotImplemented],
    "ints": [
        0,
        1,
        -1,
        255,
        256,
        65535,
        65536,
        2**31 - 1,
        2**31,
        -(2**31),
        2**63,
        -(2**63),
        2**200,
        -(2**2100),
    ],
    "floats": [0.0, -0.0, 1.5, 1e300, float("inf"), float("-inf"), 2.5 + 1j],
    "strings": [
        "",
        "ascii",
        "a\nb\\c",
        "\xe9" * 300,
        "\u20ac" * 90,
        "\U0001f600",
        "\udc80 alone",
        "long" * 20000,
    ],
    "bytes": [b"", b"bytes", bytes(range(256)), b"x" * 100000, bytearray(b"array"), bytearray()],
    "containers": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}, set(), frozenset(), {1: {2: [3]}}],
    "many": many(),
    "shared": shared(),
    "recursive": recursive(),
    "instances": [Plain(x=1, y="z"), Plain(x=2, y="z"), Point(1, 2.5), Pair(1, 2), Listed([1, 2]), Stated()],
    "slots": [slotted(), slotted()],
    "reduced": [Reduced(), Reduced()],
    "globals": [Plain, len, dict, collections.OrderedDict, Colour.RED, int.from_bytes],
    "library": [
        datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.UTC),
        datetime.timedelta(days=-1, microseconds=5),
        decimal.Decimal("1.50"),
        fractions.Fraction(-3, 7),
        uuid.UUID(int=2**100),
        collections.OrderedDict(a=1, b=2),
        collections.defaultdict(list, {1: [2]}),
        collections.deque([1, 2], maxlen=5),
        collections.Counter("abca"),
        range(1, 10, 3),
        slice(1, None, 2),
        ValueError("words", 3),
    ],
}

MALFORMED = [
    b"",
    b".",
    b"\x80",
    b"\x80\x09.",
    b"garbage",
    b"K",
    b"\x8c\x05ab",
    b"h\0.",
    b"cbuiltins\nnone\n.",
]


def dumped(pickler, obj, protocol, **options):
    file = io.BytesIO()
    pickler(file, protocol, **options).dump(obj)
    return file.getvalue()


def outcome(call):
    """What the call gives, or the class of the exception that it ends with."""
    try:
        return call()
    except Exception as error:
        return type(error)


def check_objects(name, protocol):
    obj = OBJECTS[name]
    for _, ours, models in PICKLERS:
        expected = outcome(lambda: dumped(models, obj, protocol))
        written = outcome(lambda: dumped(ours, obj, protocol))
        assert written == expected, f"{ours.__name__} writes other bytes, or none"
        if expected is TypeError:
            # Slots alone, which the first two protocols can't say.
            continue
        again = dumped(models, pickle.loads(expected), protocol)
        for _, loader, _ in UNPICKLERS:
            loaded = loader(io.BytesIO(expected)).load()
            assert dumped(models, loaded, protocol) == again, f"{loader.__name__} loads another object"
        assert dumped(models, oxipickle.loads(expected), protocol) == again, "loads gives another object"
    written = outcome(lambda: oxipickle.dumps(obj, protocol))
    assert written == outcome(lambda: pickle.dumps(obj, protocol)), "dumps writes other bytes, or none"


def check_hooks(protocol):
    for (_, ours, models), (_, our_loader, model_loader) in zip(PICKLERS, UNPICKLERS, strict=True):

        def with_hooks(base):
            class Hooked(base):
                def persistent_id(self, obj):
                    return "42" if isinstance(obj, Point) else None

                def reducer_override(self, obj):
                    return (Plain, ()) if isinstance(obj, Stated) else NotImplemented

            return Hooked

        def with_loads(base):
            class Loading(base):
                def persistent_load(self, pid):
                    return Point, pid

                def find_class(self, module, name):
                    found.append((module, name))
                    return super().find_class(module, name)

            return Loading

        obj = [Point(1, 2), Stated(), Plain(x=Point(3, 4)), {"set": {Pair(1, 2)}}]
        expected = dumped(with_hooks(models), obj, protocol)
        assert dumped(with_hooks(ours), obj, protocol) == expected, f"{ours.__name__} writes other bytes"
        found = []
        by_model = with_loads(model_loader)(io.BytesIO(expected)).load()
        asked, found = found, []
        by_ours = with_loads(our_loader)(io.BytesIO(expected)).load()
        assert found == asked, f"{our_loader.__name__} asks for {found}, the model for {asked}"
        assert dumped(models, by_ours, 2) == dumped(models, by_model, 2), "another object is loaded"


def check_buffers():
    data = bytearray(b"out of band" * 100)
    for _, ours, models in PICKLERS:
        buffers, theirs = [], []
        pickled = dumped(ours, [pickle.PickleBuffer(data)], 5, buffer_callback=buffers.append)
        assert pickled == dumped(models, [pickle.PickleBuffer(data)], 5, buffer_callback=theirs.append)
        assert [bytes(b) for b in buffers] == [bytes(b) for b in theirs] == [bytes(data)]
        assert oxipickle.loads(pickled, buffers=buffers)[0].raw() == data


def check_malformed():
    """Ours says UnpicklingError where the model in Python trips over its own code."""
    for data in MALFORMED:
        for _, ours, model in UNPICKLERS:
            expected = outcome(lambda: model(io.BytesIO(data)).load())
            got = outcome(lambda: ours(io.BytesIO(data)).load())
            assert isinstance(expected, type) and isinstance(got, type), (
                f"{data!r} is loaded by {ours.__name__}"
            )
            is_alike = issubclass(got, (expected, pickle.UnpicklingError))
            assert is_alike, f"{ours.__name__} of {data!r} raises {got}, the model {expected}"


def check_install():
    oxipickle.install()
    try:
        assert dumped(pickle._Pickler, OBJECTS["shared"], 4) == pickle.dumps(OBJECTS["shared"], 4)
    finally:
        oxipickle.uninstall()


def check_version():
    assert oxipickle.__version__ == importlib.metadata.version("oxipickle"), "two versions are told"


def check_command():
    done = subprocess.run(
        [sys.executable, "-m", "oxipickle", "check", "-"], input=pickle.dumps([1]), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


def check_lock():
    """Where Python can do without its lock, the import has brought it back."""
    assert getattr(sys, "_is_gil_enabled", lambda: True)(), "the interpreter's lock is off"


def checks():
    for name in OBJECTS:
        for protocol in PROTOCOLS:
            yield f"{name} at protocol {protocol}", lambda: check_objects(name, protocol)
    for protocol in PROTOCOLS:
        yield f"hooks at protocol {protocol}", lambda: check_hooks(protocol)
    for check in (check_buffers, check_malformed, check_install, check_version, check_command, check_lock):
        yield check.__name__.removeprefix("check_"), check


def main():
    build = platform.python_implementation(), platform.python_version(), platform.machine(), sys.byteorder
    print(f"oxipickle {oxipickle.__version__} in {oxipickle.__path__[0]}")
    print(*build, f"{sys.maxsize.bit_length() + 1} bits", sys.platform)
    passed = failed = 0
    for name, check in checks():
        try:
            check()
            passed += 1
        except Exception:
            failed += 1
            print(f"FAILED {name}\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
