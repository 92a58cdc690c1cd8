"""`src/fast/bytes_io.rs`: a `BytesIO` stands where C leaves it, whatever is done to it meanwhile."""

import io
import pickle
import sys

import oxipickle
import pytest
from faces import outcome

MODULES = oxipickle, pickle
# Files up to 64 KiB are read where their bytes lie.
SIZES = [0, 1, 100, 65_000, 65_536, 65_537, 200_000]


def alike(seen):
    """What `seen` gives for both modules, which is the same."""
    ours, theirs = (seen(module) for module in MODULES)
    assert ours == theirs
    return ours


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("before", [0, 3])
def test_it_stands_behind_the_pickle(size, before, protocol):
    data = b"x" * before + pickle.dumps(["y" * size, size], protocol) + b"rest"

    def seen(module):
        file = io.BytesIO(data)
        file.seek(before)
        value = module.Unpickler(file).load()
        return value, file.tell(), file.read()

    assert alike(seen)[2] == b"rest"


def test_its_end_is_told_as_ever(protocol):
    data = pickle.dumps([1, "text", {"a": 2.5}], protocol)

    def seen(module):
        found = []
        for place in [*range(len(data)), len(data) + 5]:
            file = io.BytesIO(data[:place])
            found.append((outcome(module.Unpickler(file).load), file.tell()))
            file = io.BytesIO(data)
            file.seek(place)
            found.append(outcome(module.Unpickler(file).load)[0])
        return found

    alike(seen)


def test_a_hook_finds_it_behind_what_was_read():
    data = pickle.dumps([pickle.PicklingError, "text", pickle.UnpicklingError], 2) + b"rest"

    def seen(module):
        places = []

        class Looking(module.Unpickler):
            def find_class(self, module_name, name):
                places.append((file.tell(), file.getvalue()[file.tell() :]))
                return name

        file = io.BytesIO(data)
        return Looking(file).load(), places

    assert len(alike(seen)[1]) == 2


@pytest.mark.parametrize("protocol", range(4))
def test_a_hook_writes_to_it(protocol):
    data = pickle.dumps([pickle.PicklingError, "read before", "text"], protocol)

    def seen(module):
        class Writing(module.Unpickler):
            def find_class(self, module_name, name):
                place = file.tell()
                file.seek(data.index(b"text"))
                file.write(b"TEXT")
                file.seek(place)
                return name

        file = io.BytesIO(data)
        return outcome(Writing(file).load), file.tell(), file.getvalue()

    assert alike(seen)[0] == ("value", ["PicklingError", "read before", "TEXT"])
    assert b"text" in data


def test_a_buffer_of_it_is_written_to():
    data = pickle.dumps([pickle.PicklingError, "text"], 2)

    def seen(module):
        class Writing(module.Unpickler):
            def find_class(self, module_name, name):
                view[data.index(b"text") :][:4] = b"TEXT"
                return name

        file = io.BytesIO(data)
        with file.getbuffer() as view:
            return outcome(Writing(file).load), bytes(view)

    assert alike(seen)[0] == ("value", ["PicklingError", "TEXT"])


def test_closed(protocol):
    data = pickle.dumps([pickle.PicklingError, "text"], protocol)

    def seen(module):
        class Closing(module.Unpickler):
            def find_class(self, module_name, name):
                file.close()
                return name

        file = io.BytesIO(data)
        first = outcome(Closing(file).load)
        # From protocol 4 on C has read all of the frame by then.
        first = first if protocol < 4 else None
        return first, outcome(module.Unpickler(file).load)

    assert alike(seen)[1] == ("error", ValueError)


def test_methods_are_those_that_it_had_when_it_was_given():
    data = pickle.dumps(["text", 1])

    def seen(module):
        found = []
        for early in (True, False):
            file = io.BytesIO(data)
            other = io.BytesIO(pickle.dumps("other"))
            unpickler = None if early else module.Unpickler(file)
            for name in ("read", "readline", "readinto"):
                setattr(file, name, getattr(other, name))
            unpickler = unpickler or module.Unpickler(file)
            found.append((unpickler.load(), file.tell(), other.tell()))
        return found

    assert [value for value, *_ in alike(seen)] == ["other", ["text", 1]]


def test_methods_of_a_subclass_are_called():
    class Counting(io.BytesIO):
        calls = 0

        def read(self, n=-1):
            Counting.calls += 1
            return super().read(n)

    oxipickle.Unpickler(Counting(pickle.dumps([1, 2, 3]))).load()
    assert Counting.calls


def test_payloads_larger_than_a_window(protocol):
    data = pickle.dumps([b"z" * 3_000_000, bytearray(b"w" * 3_000_000), "v" * 300_000], protocol) + b"rest"

    def seen(module):
        file = io.BytesIO(data)
        return module.Unpickler(file).load(), file.read()

    assert alike(seen)[1] == b"rest"


@pytest.mark.parametrize("read", ["read", "read1", "readline", "tell"])
@pytest.mark.parametrize("readline", ["readline", "tell"])
@pytest.mark.parametrize("readinto", ["readinto", "write", "tell"])
def test_other_methods_of_the_file_in_place_of_its_own(read, readline, readinto):
    lines = b"X\x07\x00\x00\x00line\nre\x85."
    payload = b"B\x40\x00\x20\x00" + b"\1" * 0x200040 + b"."

    def seen(module):
        file = io.BytesIO(data)
        own = {name: getattr(file, name) for name in (read, readline, readinto)}
        file.read, file.readline, file.readinto = own[read], own[readline], own[readinto]
        # What is in memory that nobody filled means nothing.
        kind, value = outcome(module.Unpickler(file).load)
        return kind, len(value) if type(value) is bytes else value, file.tell()

    for data in (lines, b"I12\n.", payload):
        alike(seen)


class Asked:
    """Runs Python code in the middle of a dump: frames that wait for the file go there before."""

    def __init__(self, payload):
        self.payload = payload

    def __reduce__(self):
        return Asked, (self.payload,)


@pytest.mark.parametrize("count", [1, 60, 6000])
def test_a_file_that_may_have_more_room_than_it_needs(count):
    """What dumps before came to is no more than a hint."""
    for size in (count, 6000, count, 1, count):
        obj = [Asked(bytes(range(100)) + bytes([i % 251])) for i in range(size)]
        expected = pickle.dumps(obj, 4)
        file = io.BytesIO()
        oxipickle.Pickler(file, 4).dump(obj)
        assert (file.tell(), file.getbuffer().nbytes) == (len(expected), len(expected))
        file.write(b"and more")
        assert file.getvalue() == expected + b"and more"
        file.truncate(5)
        file.seek(7)
        file.write(b"x")
        assert file.getvalue() == expected[:5] + b"\0\0x"


def test_a_small_file_gets_no_room_because_another_was_large():
    def size():
        file = io.BytesIO()
        oxipickle.Pickler(file, 4).dump([1])
        return sys.getsizeof(file)

    before = size()
    oxipickle.Pickler(io.BytesIO(), 4).dump([str(i) for i in range(100_000)])
    assert size() == before
