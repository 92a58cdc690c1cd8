"""Every way to load a pickle with ours, and what must be the same whichever is taken.

Whatever the pickle, nothing outside of the closed world is found.
"""

import gc
import io
import pickle
import sys
import zlib

import closed
import oxipickle
from oracle import UNDECIDED, outcome_of

# Up to 3.13 the lean face does not mind where frames end, as C's does not, unless a file can't be
# looked ahead in: what was read of a frame would be lost.
MINDS_FRAMES = sys.version_info >= (3, 14)

LEAN = closed.closed(oxipickle.Unpickler)
HOOKABLE = closed.closed(oxipickle.HookableUnpickler)

# Loads from one file with one unpickler: its memo outlives them.
LOADS = 2

# Loads that leave something over each time leave over as much, whatever the interpreter keeps in store.
TIMES = 20

TRIES = 12
ONE_OF = 64

# Bytes that a file gives at once, if it gives less than it is asked for.
FEW = 3


class OnlyReading:
    """A file that can't be looked ahead in, nor read into memory."""

    def __init__(self, data):
        self.file = io.BytesIO(data)
        self.read, self.readline, self.tell = self.file.read, self.file.readline, self.file.tell


class Dribbling(io.RawIOBase):
    """Gives a few bytes at a time."""

    def __init__(self, data):
        self.file = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.file.readinto(memoryview(buffer)[:FEW])

    def tell(self):
        return self.file.tell()


def in_view(data):
    """A file that shows all that is left of it."""
    return io.BufferedReader(io.BytesIO(data), 1 << 13)


def in_pieces(data):
    """A file that shows a few bytes at a time."""
    return io.BufferedReader(Dribbling(data), FEW)


def buffers():
    return [b"read-only", bytearray(b"writable")]


def through(unpickler_class, file, **options):
    """What the loads from a file come to, up to the first failure, and where they leave it."""
    unpickler = unpickler_class(file, buffers=buffers(), **options)
    outcomes = []
    for _ in range(LOADS):
        outcomes.append(outcome_of(unpickler.load))
        if not outcomes[-1].startswith("value"):
            break
        outcomes.append(file.tell())
    return outcomes


def in_memory(data, **options):
    """What `loads` comes to, and whether that is what an unpickler in the closed world says too."""
    with closed.only_closed() as refused:
        outcome = outcome_of(lambda: oxipickle.loads(data, **options))
        return outcome, not refused


def _assert_same(data, one, other, because):
    differs = UNDECIDED not in one + other and one != other
    assert not differs, f"{because}: {data!r}\n{one}\n{other}"


def check(data):
    """Loads in every way.

    Raises AssertionError where two of them differ, or one ends as none may.
    """
    shown = through(LEAN, in_view(data))
    pieces = through(LEAN, in_pieces(data))
    plain = through(LEAN, io.BytesIO(data))
    reading = through(LEAN, OnlyReading(data))
    hookable = through(HOOKABLE, io.BytesIO(data))
    hookable_reading = through(HOOKABLE, OnlyReading(data))
    short = through(LEAN, Dribbling(data))
    hookable_short = through(HOOKABLE, Dribbling(data))
    latin = through(LEAN, io.BytesIO(data), encoding="latin1", fix_imports=False)
    as_bytes = through(HOOKABLE, io.BytesIO(data), encoding="bytes", errors="replace")
    memory, comparable = in_memory(data, buffers=buffers())
    changeable, _ = in_memory(bytearray(data), buffers=buffers())

    everything = [shown, pieces, plain, reading, hookable, hookable_reading, short, hookable_short]
    for outcome in [*everything, latin, as_bytes, [memory], [changeable]]:
        assert outcome[-1] not in ("error SystemError", "error PanicException"), data

    _assert_same(data, plain, reading, "with and without readinto")
    _assert_same(data, hookable, hookable_reading, "with and without readinto, hookable")
    if MINDS_FRAMES or pickle.FRAME not in data:
        # A pickle may end before its frame does: what was read, and not shown, is read past then.
        loads = 1 if pickle.FRAME in data else None
        _assert_same(data, shown[:loads], pieces[:loads], "much and little shown")
        _assert_same(data, shown[:loads], plain[:loads], "shown and read")
    if comparable and not (pickle.PERSID in data or pickle.BINPERSID in data):
        _assert_same(data, shown[:1], [memory], "shown and in memory")
        _assert_same(data, [memory], [changeable], "in memory, to stay and to change")
    for with_all, with_few in ((plain, short), (hookable, hookable_short)):
        if with_few[0].startswith("value"):
            _assert_same(data, with_all[:1], with_few[:1], "all and little read")


def check_sometimes_kept(data):
    """`check`, and for one pickle of many `check_kept`."""
    check(data)
    if zlib.crc32(data) % ONE_OF == 0:
        check_kept(data)


def check_kept(data):
    """Loads again and again.

    Raises AssertionError where objects are left over each time.
    """
    loads = {
        "lean": lambda: through(LEAN, in_view(data)),
        "hookable": lambda: through(HOOKABLE, io.BytesIO(data)),
        "memory": lambda: in_memory(data),
    }
    for name, load in loads.items():
        # What is kept once, as in a cache, is kept for the first time only.
        assert any(_kept_by(load) < TIMES for _ in range(TRIES)), f"{name}: {data!r}"


def _kept_by(load):
    load()
    gc.collect()
    before = _alive()
    for _ in range(TIMES):
        load()
    gc.collect()
    return _alive() - before


def _alive():
    """Blocks of memory that objects take, or objects that the collector knows of where the
    interpreter's allocator does not count."""
    return sys.getallocatedblocks() or len(gc.get_objects())
