"""Python code that uses the pickler from every place where Python code runs during a dump.

Each use either works or is refused with an exception; the dump goes on, and ends with the right
bytes where the use could not change them.
"""

import copyreg
import gc
import io
import sys

import pytest
from faces import HOOKABLE, LEAN
from own_process import run

FACES = {face.name: face for face in (LEAN, HOOKABLE)}


class Now:
    """The pickler that is dumping, and what to do with it."""

    pickler = None
    use = None

    @classmethod
    def strike(cls):
        """Uses it, once at a time: what is saved meanwhile comes by here too."""
        use, cls.use = cls.use, None
        if use is None:
            return
        try:
            use(cls.pickler)
        except Exception:
            pass
        finally:
            cls.use = use


def rebuilt(*args):
    return list(args)


class FromReduce:
    def __reduce__(self):
        Now.strike()
        return rebuilt, (["part"],)


class FromGetstate:
    def __getstate__(self):
        Now.strike()
        return {"k": ["part"]}


class FromIterator:
    def __reduce__(self):
        def items():
            for i in range(3):
                Now.strike()
                yield [i]

        return rebuilt, (), None, items(), zip(range(2), items(), strict=False)


class FromFinaliser:
    """The reduce value holds something that dies when the value is saved."""

    class Dying:
        def __del__(self):
            Now.strike()

        def __reduce__(self):
            return rebuilt, (1,)

    def __reduce__(self):
        return rebuilt, (self.Dying(), [self.Dying()]), [self.Dying()]


class FromCollector:
    """A cycle with a finaliser is collected in the middle of the dump."""

    def __reduce__(self):
        cycle = [FromFinaliser.Dying()]
        cycle.append(cycle)
        del cycle
        gc.collect()
        return rebuilt, ()


class FromRepr:
    """A key whose repr is asked for when an error tells its path."""

    def __reduce__(self):
        return FromRepr, ()

    def __repr__(self):
        Now.strike()
        return "key"


class Raising:
    def __reduce__(self):
        raise FromNotes


class FromNotes(Exception):
    def add_note(self, note):
        Now.strike()
        super().add_note(note)


class Registered:
    pass


def reduce_registered(obj):
    Now.strike()
    return rebuilt, ()


copyreg.pickle(Registered, reduce_registered)


class FromAttribute:
    def __getattribute__(self, name):
        Now.strike()
        return object.__getattribute__(self, name)


class Text(str):
    def __str__(self):
        Now.strike()
        return "id"


PLACES = {
    "reduce method": FromReduce,
    "getstate": FromGetstate,
    "iterator": FromIterator,
    "finaliser": FromFinaliser,
    "collector": FromCollector,
    "repr of a key": lambda: {FromRepr(): [Raising()]},
    "notes of an exception": lambda: [[Raising()]],
    "dispatch table": Registered,
    "attributes": FromAttribute,
    "write": lambda: [b"x" * 70_000, "y" * 70_000],
    "persistent id": lambda: "persistent",
    "reducer_override": rebuilt,
    "buffer": lambda: bytearray(70_000),
}


class File(io.BytesIO):
    def write(self, data):
        Now.strike()
        return super().write(data)


def pickler_of(base, place):
    class Sub(base):
        if place == "persistent id":

            def persistent_id(self, obj):
                Now.strike()
                return Text("id") if obj == "persistent" else None

        if place == "reducer_override":

            def reducer_override(self, obj):
                Now.strike()
                return NotImplemented

    return Sub(File() if place in ("write", "buffer") else io.BytesIO(), 5)


def delete_attributes(pickler):
    for name in ("memo", "fast", "bin", "dispatch_table", "persistent_id", "dump", "attribute"):
        try:
            delattr(pickler, name)
        except (AttributeError, TypeError):
            pass


def new_class(pickler):
    pickler.__class__ = type("Other", (type(pickler).__base__,), {})


def set_everything(pickler):
    for name, value in {"fast": 1, "bin": 0, "memo": {1: (5, "x")}, "dispatch_table": {}}.items():
        setattr(pickler, name, value)


USES = {
    "dump": lambda pickler: pickler.dump([1]),
    "save": lambda pickler: pickler.save(["saved"]) if hasattr(pickler, "save") else None,
    "failing save": lambda pickler: pickler.save([Raising()]) if hasattr(pickler, "save") else None,
    "clear_memo": lambda pickler: pickler.clear_memo(),
    "memo": lambda pickler: [repr(entry[1])[:9] for entry in pickler.memo.copy().values()],
    "init": lambda pickler: pickler.__init__(io.BytesIO(), 2),
    "new": lambda pickler: type(pickler).__new__(type(pickler)),
    "delete attributes": delete_attributes,
    "set attributes": set_everything,
    "new class": new_class,
    "new dict": lambda pickler: setattr(pickler, "__dict__", {"persistent_id": lambda obj: None}),
    "collect": lambda pickler: gc.collect(),
    "sizeof": lambda pickler: sys.getsizeof(pickler),
    "referents": lambda pickler: [repr(type(obj)) for obj in gc.get_referents(pickler)],
}

# What can't change the bytes.
HARMLESS = {"dump", "memo", "new", "collect", "sizeof", "referents"}


def dumped(base, place, use):
    """The pickle, or the class of the exception that ended the dump."""
    pickler = pickler_of(base, place)
    file = io.BytesIO()
    part = ["part"]
    graph = [part, [["text"], 1], PLACES[place](), part, {"last": [part]}, ("text", 2)]
    if place in ("write", "buffer"):
        file = File()
    pickler.__init__(file, 5)
    Now.pickler, Now.use = pickler, use
    try:
        pickler.dump(graph)
    except Exception as error:
        return type(error).__name__
    finally:
        Now.use = None
        # It may have been used in any way, and is usable all the same. Another `__dict__` has no memo.
        memo = getattr(pickler, "memo", {}).copy()
        assert all(repr(type(entry[1])) for entry in memo.values())
        vars(pickler).clear()
        pickler.__init__(io.BytesIO(), 5)
        pickler.dump(["usable"])
    return file.getvalue()


def strike(face, place):
    """The uses at which ours gives other bytes than without any."""
    base = FACES[face].ours
    right = dumped(base, place, None)
    wrong = []
    for name, use in USES.items():
        outcome = dumped(base, place, use)
        if name in HARMLESS and outcome != right:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("place", PLACES)
def test_every_use(face, place):
    assert run(strike, face.name, place) == []


def endless(base, place):
    """A hook that calls back into the pickler without end runs into the recursion limit."""
    depth = 0
    pickler = pickler_of(base, place)

    def strike():
        nonlocal depth
        depth += 1
        pickler.save([PLACES[place]()])

    Now.strike = staticmethod(strike)
    try:
        pickler.dump([PLACES[place]()])
    except RecursionError:
        return depth


def recursion():
    places = ("reduce method", "getstate", "iterator", "attributes")
    return [endless(HOOKABLE.ours, place) for place in places]


def test_save_without_end_is_guarded_like_python_recursion():
    depths = run(recursion)
    assert all(depth is not None and 10 < depth < 1000 for depth in depths), depths
