"""`progress`: what is told of a dump or a load under way, when, and to whom."""

import contextlib
import gc
import gzip
import io
import os
import pickle
import struct
import sys
import threading
import time
import weakref

import oxipickle
import pytest
from faces import DUMPS, HOOKABLE, LEAN, UNPICKLERS, dumped, raised

# Seconds between two calls, at the least, as documented.
INTERVAL = 0.25
# What is done meanwhile is more than the bytes from one look at the clock to the next.
LARGE = 70_000


class Told(list):
    """A callback that keeps what it is told."""

    def __call__(self, done, total):
        self.append((done, total))


def waited(seconds, data):
    time.sleep(seconds)
    return data


class Waits:
    """Takes so many seconds to be pickled, and as many to be loaded, and is as many bytes long."""

    def __init__(self, seconds=INTERVAL + 0.01, size=LARGE):
        self.seconds, self.data = seconds, os.urandom(size // 2).hex()

    def __reduce__(self):
        time.sleep(self.seconds)
        return waited, (self.seconds, self.data)


class File:
    """Neither in memory nor a file of the interpreter's."""

    def __init__(self, data=b""):
        self.file = io.BytesIO(data)

    def write(self, data):
        self.file.write(data)

    def read(self, n):
        return self.file.read(n)

    def readline(self):
        return self.file.readline()

    def getvalue(self):
        return self.file.getvalue()

    def close(self):
        pass


def assert_ends(told, *end):
    """The last call says so, and none less than the one before it. A slow machine makes more calls."""
    assert told.pop() == end
    assert all(of == end[1] for _, of in told)
    counts = [0, *(done for done, _ in told), end[0]]
    assert counts == sorted(counts)
    told.clear()


def quick():
    return [{"number": i, "text": str(i)} for i in range(5000)] + [b"x" * LARGE, "y" * LARGE]


@pytest.fixture(params=[LEAN, HOOKABLE, DUMPS], ids=lambda face: face.name)
def dumping(request):
    """Each pickler of ours, and the functions."""
    return request.param


@pytest.mark.parametrize("make_file", [io.BytesIO, File])
def test_a_dump_ends_with_its_bytes(dumping, protocol, make_file):
    for obj in (None, [], ["x"], quick()):
        file, told = make_file(), Told()
        dumping.ours(file, protocol, progress=told).dump(obj)
        assert file.getvalue() == dumped(dumping.model, obj, protocol)
        assert_ends(told, len(file.getvalue()), None)


def assert_rises(told, *end):
    """As `assert_ends`, with a call before the last."""
    assert len(told) > 1 and told[0][0] > 0
    assert_ends(told, *end)


@pytest.mark.parametrize("make_file", [io.BytesIO, File])
def test_calls_in_the_midst_of_a_dump(dumping, protocol, make_file):
    # What stands behind is not enough for a frame of its own.
    obj = [Waits(), "more", Waits(0), 1]
    file, told = make_file(), Told()
    dumping.ours(file, protocol, progress=told).dump(obj)
    assert file.getvalue() == dumped(dumping.model, obj, protocol)
    assert_rises(told, len(file.getvalue()), None)


@pytest.mark.parametrize("size", range(0, 8))
@pytest.mark.parametrize("framed", [4, 5], ids=lambda framed: f"protocol{framed}")
def test_a_last_frame_without_a_header(framed, size):
    """Where that is open, its header is not counted before it is sure to stay."""
    told = Told()
    data = oxipickle.dumps([Waits(), b"x" * LARGE, b"y" * size], framed, progress=told)
    assert_rises(told, len(data), None)


def test_little_that_takes_long(dumping):
    """The clock is looked at where signals are looked for, too."""
    told = Told()
    dumping.ours(io.BytesIO(), 4, progress=told).dump([Waits(0.002, 2) for _ in range(300)])
    assert len(told) > 1


def test_each_dump_of_a_pickler_begins_anew(face, protocol):
    file, told = io.BytesIO(), Told()
    pickler = face.ours(file, protocol, progress=told)
    sizes = []
    for obj in (["a"], ["b"] * 1000):
        before = file.tell()
        pickler.dump(obj)
        sizes.append((file.tell() - before, None))
    assert told == sizes


def test_out_of_band_buffers_are_not_counted(dumping):
    told, buffers, file = Told(), [], File()
    dumping.ours(file, 5, buffer_callback=buffers.append, progress=told).dump(
        pickle.PickleBuffer(b"x" * LARGE)
    )
    assert told == [(len(file.getvalue()), None)] and len(buffers) == 1 and told[0][0] < 100


def test_a_pickler_that_upstreams_code_serves(protocol):
    class Foreign(oxipickle.HookablePickler):
        def put(self, idx):
            return super().put(idx)

    for make_file in (io.BytesIO, File):
        file, told = make_file(), Told()
        Foreign(file, protocol, progress=told).dump(quick())
        assert_ends(told, len(file.getvalue()), None)


def test_a_pickler_that_upstreams_code_ends(protocol):
    class Exchanging:
        def __reduce__(self):
            pickler.put = lambda idx: pickle._Pickler.put(pickler, idx)
            return list, ()

    file, told = io.BytesIO(), Told()
    pickler = oxipickle.HookablePickler(file, protocol, progress=told)
    pickler.dump([Exchanging(), "x" * LARGE, "y"])
    assert_ends(told, len(file.getvalue()), None)


# Where a pickle may be, and whether it is known how much there is.
def as_file(tmp_path, data, **options):
    path = tmp_path / "file"
    path.write_bytes(data)
    return open(path, "rb", **options)


def as_pipe(_, data):
    reader, writer = os.pipe()

    def write():
        with open(writer, "wb") as file:
            file.write(data)

    threading.Thread(target=write).start()
    return open(reader, "rb")


def as_compressed(tmp_path, data):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(data, 1))
    return gzip.open(path)


FILES = {
    "BytesIO": (lambda _, data: io.BytesIO(data), True),
    "file": (as_file, True),
    "unbuffered": (lambda tmp_path, data: as_file(tmp_path, data, buffering=0), True),
    "small buffer": (lambda tmp_path, data: as_file(tmp_path, data, buffering=100), True),
    "random": (lambda tmp_path, data: open(as_file(tmp_path, data).name, "rb+"), True),
    "pipe": (as_pipe, False),
    "compressed": (as_compressed, False),
    "own": (lambda _, data: File(data), False),
}


def loaders(file, told):
    yield lambda: oxipickle.load(file, progress=told)
    for face in UNPICKLERS:
        yield face.ours(file, progress=told).load


@pytest.mark.parametrize("kind", FILES)
def test_several_pickles_in_one_file(kind, protocol, tmp_path):
    """What is left from the beginning of each is its total; what follows is neither read nor counted."""
    make_file, is_known = FILES[kind]
    pickles = [pickle.dumps(obj, protocol) for obj in (None, quick(), ["x"])]
    data = b"".join(pickles) + b"no pickle"
    with contextlib.closing(make_file(tmp_path, data)) as file:
        left = len(data)
        for each, load in zip(pickles, loaders(file, told := Told()), strict=True):
            assert load() == pickle.loads(each)
            assert_ends(told, len(each), left if is_known else None)
            left -= len(each)
        assert file.read(1) == b"n"


MEMORY = [bytes, bytearray, memoryview, pickle.PickleBuffer]


@pytest.mark.parametrize("make", MEMORY)
def test_loads_from_memory(make, protocol):
    told, data = Told(), pickle.dumps(quick(), protocol)
    for behind in (b"", b"more"):
        assert oxipickle.loads(make(data + behind), progress=told) == pickle.loads(data)
        assert_ends(told, len(data), len(data + behind))


@pytest.fixture(scope="module", params=[0, 2, 4], ids=lambda protocol: f"protocol{protocol}")
def slow(request):
    """A pickle that takes long to be loaded: large parts stand behind the waits, and many small ones."""
    obj = [Waits(0), b"x" * LARGE, Waits(), b"y" * LARGE, [float(i) for i in range(20_000)], 1]
    obj[0].seconds = INTERVAL + 0.01
    return pickle.dumps(obj, request.param)


@pytest.mark.parametrize("kind", FILES)
def test_calls_in_the_midst_of_a_load(kind, slow, tmp_path):
    make_file, is_known = FILES[kind]
    for which in range(3):
        with contextlib.closing(make_file(tmp_path, slow)) as file:
            told = Told()
            load = list(loaders(file, told))[which]
            assert load()[-1] == 1
            assert_rises(told, len(slow), len(slow) if is_known else None)


@pytest.mark.parametrize("make", MEMORY)
def test_calls_in_the_midst_of_loads(make, slow):
    told = Told()
    assert oxipickle.loads(make(slow), progress=told)[-1] == 1
    assert_rises(told, len(slow), len(slow))


def test_a_file_that_grows_has_no_total():
    class Finding(oxipickle.Unpickler):
        def find_class(self, module, name):
            place = file.tell()
            file.seek(0, io.SEEK_END)
            file.write(b"X" + LARGE.to_bytes(4, "little") + b"x" * LARGE + b"a.")
            file.seek(place)
            return list

    told, file = Told(), io.BytesIO(b"]cmodule\nname\n0")
    assert len(Finding(file, progress=told).load()[0]) == LARGE
    assert_ends(told, len(file.getvalue()), None)


class ForeignUnpickler(oxipickle.HookableUnpickler):
    def pop_mark(self):
        return super().pop_mark()


class HandingOver(oxipickle.HookableUnpickler):
    def find_class(self, module, name):
        self.read  # noqa: B018 - who asks for it gets upstream's unframer
        return super().find_class(module, name)


@pytest.mark.parametrize("cls", [ForeignUnpickler, HandingOver])
def test_a_load_that_upstreams_code_carries_out(cls, protocol):
    data = pickle.dumps([range(3), *quick()], protocol)
    told = Told()
    assert cls(io.BytesIO(data + b"more"), progress=told).load() == pickle.loads(data)
    assert_ends(told, len(data), len(data) + 4)
    # Of what it reads nobody knows how much it is.
    assert cls(File(data), progress=told).load() == pickle.loads(data)
    assert (len(data), None) not in told


def test_what_the_callback_changes_counts_at_once():
    """The very next opcode goes by what there is."""
    beginning = b"](c%s\nwaited\n(G%sX%s%sR" % (
        __name__.encode(),
        struct.pack(">d", INTERVAL + 0.01),
        struct.pack("<I", LARGE) + b"x" * LARGE,
        b"t",
    )
    string, count = b"U\x01\xe9", 5000
    places = []

    def changes(done, total):
        if not places:
            places.append((done - len(beginning)) // len(string))
            unpickler.encoding = "koi8-r"

    data = beginning + string * count + b"e."
    unpickler = oxipickle.HookableUnpickler(io.BytesIO(data), encoding="latin1", progress=changes)
    loaded = unpickler.load()[1:]
    before = places[0]
    assert 0 <= before < count
    old, new = (b"\xe9".decode(encoding) for encoding in ("latin1", "koi8-r"))
    assert loaded == [old] * before + [new] * (count - before)


def test_how_often(dumping):
    """Not more often than is said, however much is done."""
    for obj in (quick() * 100, [Waits(0.02) for _ in range(50)]):
        told, begin = Told(), time.monotonic()
        dumping.ours(io.BytesIO(), 4, progress=told).dump(obj)
        assert len(told) <= (time.monotonic() - begin) / INTERVAL + 1
    data = oxipickle.dumps(obj)
    told, begin = Told(), time.monotonic()
    oxipickle.loads(data, progress=told)
    assert 2 < len(told) <= (time.monotonic() - begin) / INTERVAL + 1


def test_time_that_the_callback_takes_does_not_count():
    calls = []

    def takes_long(done, total):
        calls.append(time.monotonic())
        time.sleep(INTERVAL + 0.01)
        calls.append(time.monotonic())

    begin = time.monotonic()
    oxipickle.dumps([Waits() for _ in range(3)], 4, progress=takes_long)
    between = [after - before for before, after in zip([begin, *calls[1::2]], calls[:-2:2], strict=False)]
    assert between and min(between) >= INTERVAL


def doors():
    """Everything that takes a callback, as a function of it that dumps or loads."""
    data = pickle.dumps([1])
    yield lambda progress: oxipickle.dumps([1], progress=progress)
    yield lambda progress: oxipickle.dump([1], io.BytesIO(), progress=progress)
    yield lambda progress: oxipickle.loads(data, progress=progress)
    yield lambda progress: oxipickle.load(io.BytesIO(data), progress=progress)
    for face in (LEAN, HOOKABLE):
        yield lambda progress, cls=face.ours: cls(io.BytesIO(), progress=progress).dump([1])
    for face in UNPICKLERS:
        yield lambda progress, cls=face.ours: cls(io.BytesIO(data), progress=progress).load()


DOORS = list(doors())


@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_callback(door):
    door(None)
    for wrong in (5, "text", [], object()):
        error = raised(door, wrong)
        name = type(wrong).__name__
        assert (type(error), str(error)) == (TypeError, f"progress must be callable or None, not {name}")


def test_it_is_refused_at_once(face):
    for cls, file in [(face.ours, File()), *((each.ours, File()) for each in UNPICKLERS)]:
        assert type(raised(cls, file, progress=5)) is TypeError
    file = File()
    assert type(raised(oxipickle.dump, [1], file, progress=5)) is TypeError
    assert file.getvalue() == b""
    assert type(raised(face.ours, File(), None, lambda done, total: None)) is TypeError


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("door", DOORS)
def test_an_error_at_the_end(door, error):
    def fails(done, total):
        raise error("words")

    with pytest.raises(error, match="words"):
        door(fails)


class Fails:
    """Fails at its first call."""

    def __init__(self):
        self.calls = 0

    def __call__(self, done, total):
        self.calls += 1
        if self.calls == 1:
            raise ZeroDivisionError


def test_an_error_in_the_midst_of_a_dump(face, protocol):
    file, fails = io.BytesIO(), Fails()
    pickler = face.ours(file, protocol, progress=fails)
    with pytest.raises(ZeroDivisionError):
        pickler.dump([Waits(), Waits(0), 1])
    pickler.clear_memo()
    file.seek(0)
    file.truncate()
    pickler.dump(["well"])
    assert file.getvalue() == dumped(face.model, ["well"], protocol) and fails.calls == 2


@pytest.mark.parametrize("face", UNPICKLERS, ids=repr)
def test_an_error_in_the_midst_of_a_load(face, slow):
    fails = Fails()
    file = io.BytesIO(slow)
    unpickler = face.ours(file, progress=fails)
    with pytest.raises(ZeroDivisionError):
        unpickler.load()
    file.seek(0)
    file.write(pickle.dumps(["well"]))
    file.seek(0)
    assert unpickler.load() == ["well"] and fails.calls == 2


@pytest.mark.parametrize("door", DOORS)
def test_nothing_is_kept(door):
    told = Told()
    before = sys.getrefcount(told)
    for _ in range(5):
        door(told)
    gc.collect()
    assert sys.getrefcount(told) == before


def test_a_cycle_through_the_callback_ends(face):
    classes = [(face.ours, io.BytesIO), *((each.ours, lambda: io.BytesIO(b"N.")) for each in UNPICKLERS)]
    for cls, make_file in classes:
        told = Told()
        told.append(cls(make_file(), progress=told))
        ended = weakref.ref(told)
        del told
        gc.collect()
        assert ended() is None


def test_an_unpickler_that_begins_anew():
    """`__init__` without a callback forgets the last one."""
    for face in UNPICKLERS:
        told = Told()
        unpickler = face.ours(io.BytesIO(b"N."), progress=told)
        unpickler.__init__(io.BytesIO(b"N."))
        assert unpickler.load() is None and told == []
    told = Told()
    foreign = ForeignUnpickler(io.BytesIO(b"N."), progress=told)
    foreign.__init__(io.BytesIO(b"N."))
    assert foreign.load() is None and told == []
    for face in (LEAN, HOOKABLE):
        told = Told()
        pickler = face.ours(io.BytesIO(), progress=told)
        pickler.__init__(io.BytesIO())
        pickler.dump(1)
        assert told == []


@pytest.mark.parametrize("cls", [LEAN.ours, HOOKABLE.ours, *(face.ours for face in UNPICKLERS)])
def test_an_attribute_of_a_subclass_is_its_own(cls):
    """What a program calls so is nothing to us, and it finds nothing of ours."""
    sub = type("Sub", (cls,), {"progress": 5})
    instance = sub(io.BytesIO(b"N."))
    instance.progress = "mine"
    (instance.load if hasattr(instance, "load") else lambda: instance.dump(1))()
    assert instance.progress == "mine" and not hasattr(cls(io.BytesIO()), "progress")


@pytest.mark.parametrize("kind", ["loads", "load"])
def test_an_error_of_the_pickle_comes_without_a_call(kind):
    told = Told()
    for data in (b"", b"N", b"cno_such_module\nx\n."):
        expected = raised(pickle.loads, data)
        load = {
            "loads": lambda data=data: oxipickle.loads(data, progress=told),
            "load": lambda data=data: oxipickle.load(io.BytesIO(data), progress=told),
        }[kind]
        assert type(raised(load)) is type(expected)
    assert type(raised(oxipickle.load, closed := io.BytesIO(), progress=told)) is EOFError
    closed.close()
    assert type(raised(oxipickle.load, closed, progress=told)) is ValueError
    assert told == []
