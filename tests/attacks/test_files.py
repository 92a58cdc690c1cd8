"""Files that keep, lie, change and go away: what is written stays right, or the error comes through."""

import io
import sys

import oxipickle
import pytest
from faces import dumped, raised
from own_process import run


def graph():
    return [b"x" * 70_000, ["text"] * 3, "y" * 70_000, list(range(30_000)), bytearray(70_000), {"k": (1, 2)}]


class Keeps:
    """Keeps the very objects it is given, and looks at them at the end."""

    def __init__(self):
        self.kept = []

    def write(self, data):
        self.kept.append(data)

    def getvalue(self):
        return b"".join(self.kept)


class Lies(Keeps):
    """Says that it wrote nothing, or nonsense; the interpreter's picklers don't listen either."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def write(self, data):
        super().write(data)
        return self.answer


class Changes(Keeps):
    """Becomes another file after each write."""

    def write(self, data):
        super().write(data)
        self.write = self.no_more

    def no_more(self, data):
        raise AssertionError("`write` is looked up once")


class Sink(Keeps):
    """Its `write` is no method but an object with a state."""

    def __init__(self):
        super().__init__()
        self.write = self

    def __call__(self, data):
        self.kept.append(data)


FILES = {
    "keeps": Keeps,
    "returns None": lambda: Lies(None),
    "returns 0": lambda: Lies(0),
    "returns a negative": lambda: Lies(-1),
    "returns text": lambda: Lies("nonsense"),
    "returns NotImplemented": lambda: Lies(NotImplemented),
    "changes its write": Changes,
    "is its own write": Sink,
}


@pytest.mark.parametrize("kind", FILES)
def test_the_bytes_are_right(face, kind, protocol):
    file = FILES[kind]()
    face.ours(file, protocol).dump(graph())
    assert file.getvalue() == dumped(face.model, graph(), protocol)


def test_what_was_given_to_the_file_never_changes(face, protocol):
    file = Keeps()
    pickler = face.ours(file, protocol)
    pickler.dump(graph())
    first = file.getvalue()
    copies = [bytes(bytearray(data)) for data in file.kept]
    for _ in range(3):
        pickler.clear_memo()
        pickler.dump(graph()[::-1])
    assert file.kept[: len(copies)] == copies
    assert file.getvalue().startswith(first)


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, MemoryError, RecursionError, StopIteration])
def test_a_write_that_raises(face, error, protocol):
    class Raises:
        def write(self, data):
            raise error

    with pytest.raises(error):
        face.ours(Raises(), protocol).dump(graph())


def test_a_write_that_changes_what_is_being_written(face, protocol):
    """A bytearray that grows, shrinks and is emptied while the file is given its contents."""

    class Resizes(Keeps):
        def write(self, data):
            super().write(bytes(data))
            array[:] = b"new" * (len(self.kept) * 50_000)
            array.clear()
            items.append(array)

    array, items = bytearray(b"a" * 100_000), []
    items += ["first", array, "last"]
    file = Resizes()
    try:
        face.ours(file, protocol).dump(items)
    except RuntimeError:
        return  # From 3.14 on a list that grows is refused.
    assert file.getvalue().endswith(b".")


@pytest.mark.parametrize(
    "file", [None, 1, object(), type("NoMethod", (), {"write": None})()], ids=["None", "1", "object", "none"]
)
def test_what_is_no_file(face, file):
    def attempt(pickler_class):
        try:
            pickler_class(file).dump([1])
        except Exception as error:
            return type(error)

    assert attempt(face.ours) == attempt(face.model)


class Evasive:
    """Its `write` is a property that raises, or vanishes the second time."""

    def __init__(self, error):
        self.error = error
        self.file = io.BytesIO()

    @property
    def write(self):
        error, self.error = self.error, AttributeError
        if error:
            raise error
        return self.file.write


@pytest.mark.parametrize("error", [None, AttributeError, ValueError, KeyboardInterrupt], ids=str)
def test_a_write_that_is_a_property(face, error):
    def attempt(pickler_class):
        file = Evasive(error)
        try:
            pickler_class(file, 4).dump([1])
        except BaseException as raised:
            return type(raised)
        return file.file.getvalue()

    assert attempt(face.ours) == attempt(face.model)


class Endless:
    """A file that says it filled whatever it is given, and keeps what shows it."""

    def __init__(self):
        self.head, self.shown = b"\x8e" + (1 << 40).to_bytes(8, "little"), []

    def read(self, n):
        data, self.head = self.head[:n], self.head[n:]
        return data

    def readline(self):
        raise AssertionError("nothing in the pickle is a line")

    def readinto(self, buffer):
        self.shown.append(buffer.obj)
        return len(buffer)


def filled_until_memory_ends():
    """How the load ends, and what is shown of the bytes that it gave up."""
    file = Endless()
    error = raised(oxipickle.Unpickler(file).load)
    return type(error).__name__, {len(memoryview(shown)) for shown in file.shown}


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS and /proc")
def test_a_payload_that_outgrows_memory():
    assert run(filled_until_memory_ends, memory=100 << 20) == ("MemoryError", {0})
