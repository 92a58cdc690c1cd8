"""`PickleBuffer` and `buffer_callback`."""

import array
import io
import pickle

import pytest
from faces import assert_same_outcome, dumped, raised


class Exporter:
    """Gives its bytes as a buffer at protocol 5, and as bytes below."""

    def __init__(self, content):
        self.content = content

    def __reduce_ex__(self, protocol):
        if protocol >= 5:
            return Exporter, (pickle.PickleBuffer(self.content),)
        return Exporter, (bytes(self.content),)


@pytest.mark.parametrize(
    "content", [b"bytes", bytearray(b"array"), array.array("d", [1.5, 2.5]), memoryview(b"view")]
)
def test_objects_that_export_buffers(face, content, protocol):
    assert_same_outcome(face, lambda: [Exporter(content), Exporter(content)], protocol)


@pytest.mark.parametrize("content", [b"bytes", bytearray(b"array")])
def test_the_callback_gets_each_buffer_once_and_in_order(face, content):
    def attempt(pickler_class):
        seen = []
        buffers = [pickle.PickleBuffer(content), pickle.PickleBuffer(content[1:])]
        written = dumped(pickler_class, [*buffers, buffers[0]], 5, buffer_callback=seen.append)
        return written, [buffers.index(buffer) for buffer in seen]

    ours = attempt(face.ours)
    assert ours == attempt(face.model)
    assert ours[1] == [0, 1, 0]


def test_a_read_only_view_of_writable_memory(face):
    view = memoryview(bytearray(b"content")).toreadonly()
    for callback in (None, lambda buffer: None, lambda buffer: True):
        assert_same_outcome(face, lambda: pickle.PickleBuffer(view), 5, buffer_callback=callback)


@pytest.mark.parametrize("shape", [(2, 4), (8,), (2, 2, 2)])
def test_buffers_of_several_dimensions(face, shape):
    view = memoryview(b"12345678").cast("B", shape)
    assert_same_outcome(face, lambda: pickle.PickleBuffer(view), 5)


def test_a_released_buffer(face):
    def make():
        buffer = pickle.PickleBuffer(b"content")
        buffer.release()
        return buffer

    assert_same_outcome(face, make, 5)


def test_truth_of_the_callbacks_answer(face):
    class Unsure:
        def __bool__(self):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dumped(face.ours, pickle.PickleBuffer(b"x"), 5, buffer_callback=lambda buffer: Unsure())


def test_the_buffer_is_released_after_the_dump(face):
    memory = bytearray(b"content")
    dumped(face.ours, pickle.PickleBuffer(memory), 5)
    memory.extend(b"it can be resized again")


def test_a_callback_that_resizes_is_refused_by_the_buffer(face):
    memory = bytearray(b"content")

    def callback(buffer):
        memory.extend(b"more")
        return True

    assert (
        type(raised(dumped, face.ours, pickle.PickleBuffer(memory), 5, buffer_callback=callback))
        is BufferError
    )


def test_a_write_that_changes_a_large_array_is_safe(face):
    memory = bytearray(b"x" * 200_000)

    class File(io.BytesIO):
        def write(self, data):
            try:
                memory.clear()
            except BufferError:
                pass
            return super().write(data)

    file = File()
    face.ours(file, 5).dump([memory, pickle.PickleBuffer(bytearray(100_000))])
    assert file.getvalue().endswith(b".")
