"""Bytes and bytearrays that are read past the window: by `read`, or, on the lean face, by `readinto` where a
file has it."""

import io
import pickle
import tracemalloc

import oxipickle
import pytest
from faces import notes, raised

MIB = 1 << 20
OPCODES = {b"B": 4, b"\x8e": 8, b"\x96": 8}
# What is asked of a file at once is at most a MiB, then as much as has arrived.
SIZES = [5, MIB - 1, MIB, MIB + 1, 2 * MIB, 5 * MIB + 7]


@pytest.fixture(params=[oxipickle.Unpickler, oxipickle.HookableUnpickler], ids=lambda cls: cls.__name__)
def unpickler_class(request):
    return request.param


class Reading:
    """A file with nothing but `read` and `readline`, whose calls are counted."""

    def __init__(self, data):
        self.file, self.asked, self.filled = io.BytesIO(data), [], []

    def read(self, n):
        self.asked.append(n)
        return self.file.read(n)

    def readline(self):
        return self.file.readline()


class Filling(Reading):
    def readinto(self, buffer):
        self.filled.append(len(buffer))
        return self.file.readinto(buffer)


def pickled(opcode, payload):
    return opcode + len(payload).to_bytes(OPCODES[opcode], "little") + payload + b"\x85."


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opcode", OPCODES)
def test_same_as_the_model(unpickler_class, opcode, size, tmp_path):
    payload = bytes(i * i % 251 for i in range(1000)) * (size // 1000 + 1)
    data = pickled(opcode, payload[:size])
    path = tmp_path / "pickle"
    path.write_bytes(data + b"rest")
    for file in (io.BytesIO(data), Reading(data), Filling(data), open(path, "rb"), open(path, "rb", 0)):
        (loaded,) = unpickler_class(file).load()
        assert type(loaded) is (bytearray if opcode == b"\x96" else bytes) and loaded == payload[:size]
        if hasattr(file, "fileno") and not isinstance(file, io.BytesIO):
            assert file.read() == b"rest"
            file.close()


STORED = {
    "BytesIO": lambda path: io.BytesIO(path.read_bytes()),
    "BufferedReader of BytesIO": lambda path: io.BufferedReader(io.BytesIO(path.read_bytes())),
    "file": lambda path: open(path, "rb"),
    "file without buffer": lambda path: open(path, "rb", 0),
}


@pytest.mark.parametrize("left", [0, -1, -3 * MIB, 5], ids=lambda left: f"{left} bytes left over")
@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize("opcode", OPCODES)
def test_files_whose_bytes_are_all_there(unpickler_class, opcode, kind, left, tmp_path):
    """Two large payloads, from a file that stands behind its beginning, and may end before the second one."""
    payload = bytes(range(256)) * (5 * MIB // 256)
    data = pickled(opcode, payload)
    path = tmp_path / "pickle"
    path.write_bytes((b"ahead" + 2 * data + b"rest.")[: left - 5 or None])
    file = STORED[kind](path)
    with file:
        assert file.read(5) == b"ahead"
        assert unpickler_class(file).load() == (payload,)
        if left >= 0:
            assert unpickler_class(file).load() == (payload,)
            assert file.read() == b"rest."[:left]
        else:
            model = STORED[kind](path)
            with model:
                model.seek(5 + len(data))
                expected = raised(pickle.Unpickler(model).load)
            found = raised(unpickler_class(file).load)
            assert type(found).__name__ == type(expected).__name__


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize("opcode", [b"\x8e", b"\x96"])
def test_a_length_that_is_claimed_takes_no_memory(unpickler_class, opcode, kind, tmp_path):
    path = tmp_path / "pickle"
    path.write_bytes(opcode + (1 << 34).to_bytes(8, "little") + bytes(2 * MIB))
    tracemalloc.start()
    try:
        with STORED[kind](path) as file:
            raised(unpickler_class(file).load)
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * MIB


@pytest.mark.parametrize("opcode", OPCODES)
def test_a_tell_of_the_files_own(unpickler_class, opcode):
    """It is not called, and says nothing."""
    told = []
    data = pickled(opcode, bytes(5 * MIB))
    raw = io.BytesIO(data)
    raw.tell = lambda: told.append("raw") or 1 << 40
    file = io.BufferedReader(raw)
    told.clear()
    assert unpickler_class(file).load() == (bytes(5 * MIB),)
    assert told == []


def test_what_the_file_fills(unpickler_class):
    """As upstream, where the class in Python calls nothing but `read` and `readline`."""
    for opcode in OPCODES:
        file = Filling(pickled(opcode, bytes(5 * MIB)))
        unpickler_class(file).load()
        fills = unpickler_class is oxipickle.Unpickler
        assert file.filled == ([MIB, MIB, 2 * MIB, MIB] if fills else [])
        assert (max(file.asked) < MIB) == fills


@pytest.mark.parametrize("size", [5, 3 * MIB])
@pytest.mark.parametrize("opcode", OPCODES)
@pytest.mark.parametrize(
    ("answer", "expected"),
    [(-1, ValueError), (1, ValueError), (-2, pickle.UnpicklingError), ("5", TypeError), (OSError(), OSError)],
)
def test_files_that_lie_about_what_they_filled(unpickler_class, opcode, size, answer, expected):
    class Lying(Filling):
        def readinto(self, buffer):
            self.filled.append(len(buffer))
            if isinstance(answer, Exception):
                raise answer
            return {-1: -1, 1: len(buffer) + 1, -2: len(buffer) - 1}.get(answer, answer)

    file = Lying(pickled(opcode, bytes(size)))
    unpickler = unpickler_class(file)
    try:
        unpickler.load()
    except Exception as error:
        assert type(error) is expected and notes(error) and file.filled
    else:
        assert file.filled == []


@pytest.mark.parametrize("opcode", OPCODES)
def test_a_file_that_fills_nothing(unpickler_class, opcode):
    """It shows zeros, and nothing that lay in memory before."""

    class Empty(Filling):
        def readinto(self, buffer):
            self.filled.append(len(buffer))
            self.file.seek(len(buffer), io.SEEK_CUR)
            return len(buffer)

    file = Empty(pickled(opcode, b"x" * 3 * MIB))
    (loaded,) = unpickler_class(file).load()
    assert loaded == (bytes(3 * MIB) if file.filled else b"x" * 3 * MIB)


class Keeping(Filling):
    """Keeps what it is to fill from a byte on, to write to it later."""

    def __init__(self, data, first):
        super().__init__(data)
        self.first, self.kept = first, []

    def readinto(self, buffer):
        if sum(self.filled) >= self.first:
            self.kept.append(memoryview(buffer))
        return super().readinto(buffer)


@pytest.mark.parametrize("opcode", OPCODES)
def test_a_file_that_keeps_what_it_is_to_fill(unpickler_class, opcode):
    file = Keeping(pickled(opcode, b"x" * 3 * MIB), 0)
    try:
        (loaded,) = unpickler_class(file).load()
    except BufferError:
        # The piece outlives the load that gave it up.
        file.kept[-1][:3] = b"abc"
        assert file.kept[-1][:4] == b"abcx"
    else:
        assert file.filled == [] and loaded == b"x" * 3 * MIB


@pytest.mark.parametrize("opcode", OPCODES)
def test_a_file_that_keeps_the_last_piece(unpickler_class, opcode):
    """Bytes are not given out while somebody can write to them; a bytearray is anybody's."""
    file = Keeping(pickled(opcode, b"x" * 3 * MIB), 2 * MIB)
    unpickler = unpickler_class(file)
    if unpickler_class is not oxipickle.Unpickler:
        assert unpickler.load() == (b"x" * 3 * MIB,)
    elif opcode == b"\x96":
        (loaded,) = unpickler.load()
        file.kept[0][-1:] = b"y"
        assert loaded[-2:] == b"xy"
    else:
        assert type(raised(unpickler.load)) is BufferError


@pytest.mark.parametrize("opcode", OPCODES)
def test_what_was_filled_can_not_be_written_to_later(unpickler_class, opcode):
    class Remembering(Filling):
        def readinto(self, buffer):
            self.filled.append((buffer, buffer.obj))
            return self.file.readinto(buffer)

    file = Remembering(pickled(opcode, b"x" * 3 * MIB))
    (loaded,) = unpickler_class(file).load()
    for view, _ in file.filled:
        with pytest.raises(ValueError, match="released"):
            view[:1] = b"y"
    if opcode != b"\x96":
        assert all(len(memoryview(shown)) == 0 for _, shown in file.filled)
    assert loaded == b"x" * 3 * MIB
