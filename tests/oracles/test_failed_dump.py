"""What a dump that failed leaves: bytes in the file, the memo, and a pickler that can go on."""

import io

import pytest
from faces import LEAN, dumped, raised


class Failure(Exception):
    pass


class Failing:
    def __reduce__(self):
        raise Failure


class File:
    """Fails at the n-th write, and keeps what came before."""

    def __init__(self, fails_at=None):
        self.fails_at = fails_at
        self.written = []

    def write(self, data):
        if self.fails_at == len(self.written):
            raise Failure
        self.written.append(bytes(data))


def large():
    return [[b"x" * 100_000, "y" * 70_000, bytearray(80_000)], list(range(50_000)), ["text"] * 5, "z" * 200]


def test_what_reached_the_file_is_a_prefix(face, protocol):
    whole = dumped(face.model, large(), protocol)
    file = File()
    face.ours(file, protocol).dump(large())
    assert b"".join(file.written) == whole
    for fails_at in range(len(file.written)):
        failing = File(fails_at)
        with pytest.raises(Failure):
            face.ours(failing, protocol).dump(large())
        assert whole.startswith(b"".join(failing.written))


def test_the_pickler_is_usable_after_a_failed_write(face, protocol):
    failing = File(0)
    pickler = face.ours(failing, protocol)
    with pytest.raises(Failure):
        pickler.dump(large())
    failing.fails_at, failing.written = None, []
    pickler.clear_memo()
    pickler.dump(large())
    assert b"".join(failing.written) == dumped(face.model, large(), protocol)


def test_unflushed_bytes_of_a_failed_dump_are_dropped(protocol):
    for pickler_class in LEAN.both():
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        raised(pickler.dump, ["text", Failing()])
        assert file.getvalue() == b""
        pickler.clear_memo()
        pickler.dump("after")
        assert file.getvalue() == dumped(LEAN.model, "after", protocol)


def test_the_memo_is_kept_as_c_does(face, protocol):
    # Ours, on both faces; the Python class leaves bytes and an open frame behind.
    first, second = ["first"], ["second"]
    pickles = []
    for pickler_class in (face.ours, LEAN.model):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        raised(pickler.dump, [first, second, Failing()])
        written = file.tell()
        pickler.dump([second, first])
        pickles.append(file.getvalue()[written:])
    assert pickles[0] == pickles[1]


def test_framing_is_reset(face):
    file = io.BytesIO()
    pickler = face.ours(file, 4)
    raised(pickler.dump, ["x" * 100, Failing()])
    written = file.tell()
    pickler.clear_memo()
    pickler.dump("after")
    assert file.getvalue()[written:] == dumped(face.model, "after", 4)


@pytest.mark.parametrize("hook", ["persistent_id", "reducer_override"])
def test_a_hook_that_raises_comes_through(face, hook, protocol):
    def failing(self, obj):
        if isinstance(obj, Failing):
            raise Failure
        return None if hook == "persistent_id" else NotImplemented

    class_of = type("Sub", (face.ours,), {hook: failing})
    pickler = class_of(io.BytesIO(), protocol)
    with pytest.raises(Failure):
        pickler.dump([Failing()])
    pickler.dump([1])


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, StopIteration])
def test_every_exception_of_a_reduce_method_comes_through(face, error, protocol):
    class Raising:
        def __reduce__(self):
            raise error

    with pytest.raises(error):
        dumped(face.ours, [Raising()], protocol)


def test_buffer_callback_that_raises(face):
    import pickle

    def callback(buffer):
        raise Failure

    with pytest.raises(Failure):
        dumped(face.ours, pickle.PickleBuffer(b"x"), 5, buffer_callback=callback)
