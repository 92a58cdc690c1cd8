"""Hazard: `file.write` puts a deferred object where the walk has yet to go."""

import io
import types

import pytest
from parts import HERE, PARTS, Thing, both, warm

LARGE = 70_000

# The size at which a frame is closed.
FRAME = 64 * 1024

PAYLOADS = {
    "bytes": lambda: b"x" * LARGE,
    "text": lambda: "x" * LARGE,
    "bytearray": lambda: bytearray(LARGE),
    "many small": lambda: [float(i) for i in range(LARGE // 8)],
}


class File:
    """Hands the part over at the first write that carries a payload."""

    def __init__(self, root):
        self.root = root
        self.written = []

    def write(self, data):
        self.written.append(bytes(data))
        if len(data) >= LARGE // 2 and not self.root[-1]:
            self.root[-1].append(self.root[HERE])


@pytest.mark.parametrize(
    ("payload", "protocol"),
    # How often a pickle of protocol 0, or of many small values without frames, is written is free.
    [(payload, protocol) for payload in PAYLOADS for protocol in range(1, 6) if payload != "many small"]
    + [("many small", 4), ("many small", 5)],
)
@pytest.mark.parametrize("kind", PARTS)
def test_by_write(face, kind, payload, protocol):

    def attempt(pickler_class):
        root = [*warm(kind), PARTS[kind](), PAYLOADS[payload](), []]
        file = File(root)
        pickler_class(file, protocol).dump(root)
        return b"".join(file.written)

    both(face, attempt)


WHAT = {"instance": lambda instance: instance, "dict": vars, "value": lambda instance: instance.value}


@pytest.mark.parametrize("framed", [4, 5], ids=lambda framed: f"protocol{framed}")
@pytest.mark.parametrize("what", WHAT)
def test_by_a_write_within_an_instance(face, what, framed):
    """The frame is full once the instance's class is written, wherever that falls."""

    def attempt(pickler_class, padding):
        root = [Thing(), Thing(), "x" * padding, Thing(["part"]), *map(float, range(20)), []]
        written = []

        class File:
            def write(self, data):
                written.append(bytes(data))
                if len(data) >= LARGE // 2 and not root[-1]:
                    root[-1].append(WHAT[what](root[3]))

        pickler_class(File(), framed).dump(root)
        return b"".join(written), len(root[-1])

    for padding in range(FRAME - 120, FRAME - 20):
        ours, model = attempt(face.ours, padding), attempt(face.model, padding)
        if ours[1] == model[1] == 1:
            assert ours == model


class Slotted:
    __slots__ = ("first", "second")

    def __init__(self):
        self.first, self.second = "a text of some length", 1.5


@pytest.mark.parametrize("framed", [4, 5], ids=lambda framed: f"protocol{framed}")
def test_a_frame_that_ends_within_slots(face, framed):
    """What is left of a frame may not do for a state that is written on the spot."""

    def attempt(pickler_class, padding):
        written = []

        class File:
            def write(self, data):
                written.append(bytes(data))

        pickler_class(File(), framed).dump([Slotted(), Slotted(), "x" * padding, Slotted(), Slotted()])
        return b"".join(written)

    for padding in range(FRAME - 250, FRAME - 20):
        assert attempt(face.ours, padding) == attempt(face.model, padding)


@pytest.mark.parametrize("payload", ["bytes", "text", "bytearray"])
@pytest.mark.parametrize("binary", range(1, 6), ids=lambda binary: f"protocol{binary}")
def test_the_payload_itself(face, payload, binary):
    """It has its index only once it is written."""

    def attempt(pickler_class):
        root = [*warm("list"), PAYLOADS[payload](), []]
        file = File(root)
        pickler_class(file, binary).dump(root)
        return b"".join(file.written)

    both(face, attempt)


class Raw(io.RawIOBase):
    """What lies below a file of the interpreter's."""

    def __init__(self, write):
        self.write_python = write

    def writable(self):
        return True

    def write(self, data):
        self.write_python(data)
        return len(data)


def buffered(write):
    return io.BufferedWriter(Raw(write), 1)


def with_the_write_of_another(write):
    file = io.BytesIO()
    file.write = buffered(write).write
    return file


def with_a_method(write):
    file = io.BytesIO()
    file.write = types.MethodType(lambda self, data: write(data), file)
    return file


class Overriding(io.BytesIO):
    def write(self, data):
        self.write_python(data)


def overriding(write):
    file = Overriding()
    file.write_python = write
    return file


FILES = [buffered, with_the_write_of_another, with_a_method, overriding]


@pytest.mark.parametrize("make_file", FILES, ids=lambda make_file: make_file.__name__)
@pytest.mark.parametrize("kind", PARTS)
def test_by_a_file_that_looks_native(pickler_face, kind, make_file):
    def attempt(pickler_class):
        root = [*warm(kind), PARTS[kind](), PAYLOADS["bytes"](), []]
        behind = File(root)
        pickler_class(make_file(behind.write), 5).dump(root)
        return len(root[-1]), b"".join(behind.written)

    both(pickler_face, attempt)
