"""Frames at protocol 4 and above: where they end, what stands outside them."""

import io
import pickle
import pickletools

import pytest
from faces import assert_same_bytes, dumped

FRAMED = [4, 5]
TARGET = 64 * 1024


def frames(data):
    return [argument for opcode, argument, _ in pickletools.genops(data) if opcode.name == "FRAME"]


@pytest.mark.parametrize("protocol", FRAMED)
@pytest.mark.parametrize("obj", [None, True, 1, (), []], ids=repr)
def test_a_pickle_under_four_bytes_has_no_frame(face, obj, protocol):
    written = assert_same_bytes(face, lambda: obj, protocol)
    assert (frames(written) == []) == (len(written) < 2 + 4)


@pytest.mark.parametrize("protocol", range(4))
def test_no_frames_below_protocol_4(face, protocol):
    assert frames(assert_same_bytes(face, lambda: ["x" * 100] * 3, protocol)) == []


@pytest.mark.parametrize("protocol", FRAMED)
@pytest.mark.parametrize("around", range(-12, 13))
def test_where_a_frame_ends(face, around, protocol):
    def make():
        return ["x" * (TARGET // 2), "y" * (TARGET // 2 + around), "tail", 1, ("more",) * 3]

    assert_same_bytes(face, make, protocol)


@pytest.mark.parametrize("protocol", FRAMED)
@pytest.mark.parametrize("kind", [str, bytes, bytearray])
@pytest.mark.parametrize("around", [-20, -10, -6, -5, -2, -1, 0, 1, 2, 5, 10, 20])
def test_large_values_stand_outside(face, kind, around, protocol):
    size = TARGET + around

    def make():
        value = "x" * size if kind is str else kind(b"x" * size)
        return ["before", value, "after", value]

    assert_same_bytes(face, make, protocol)


@pytest.mark.parametrize("protocol", FRAMED)
def test_text_is_measured_in_utf8(face, protocol):
    for text in (
        "é" * (TARGET // 2),
        "é" * (TARGET // 2 - 1),
        "\U0001f600" * (TARGET // 4),
        "\ud800" * (TARGET // 3),
    ):
        assert_same_bytes(face, lambda text=text: [text, text], protocol)


@pytest.mark.parametrize("protocol", FRAMED)
def test_many_small_objects(face, protocol):
    def make():
        return [[i, str(i), float(i), (i,), {i: -i}] for i in range(20_000)]

    written = assert_same_bytes(face, make, protocol)
    assert len(frames(written)) > 5
    assert pickle.loads(written) == make()


@pytest.mark.parametrize("protocol", FRAMED)
def test_boundaries_within_one_object(face, protocol):

    for padding in range(TARGET - 120, TARGET + 10, 1 + TARGET // 8000):

        def make(padding=padding):
            obj = Attributes()
            obj.attribute = ["v", 1.5, None]
            return ["p" * padding if padding < TARGET else b"p" * padding, obj, Attributes, len]

        ours, model = (dumped(c, make(), protocol) for c in face.both())
        assert ours == model


class Attributes:
    pass


@pytest.mark.parametrize("protocol", FRAMED)
def test_each_dump_of_a_pickler_has_its_own_frames(face, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        for obj in (["x" * 100], None, ["y" * TARGET], ["z"]):
            pickler.dump(obj)
        return file.getvalue()

    assert attempt(face.ours) == attempt(face.model)


def test_large_values_are_written_without_being_gathered(face):
    sizes = []

    class File:
        def write(self, data):
            sizes.append(len(data))

    face.ours(File(), 4).dump([b"x" * 1_000_000, "small", b"y" * 2_000_000])
    assert sum(sizes) > 3_000_000


@pytest.mark.parametrize("protocol", range(6))
def test_what_write_is_given_can_be_kept(face, protocol):
    parts = []

    class File:
        def write(self, data):
            parts.append(data)

    obj = [b"x" * 70_000, "y" * 10, list(range(50_000))]
    face.ours(File(), protocol).dump(obj)
    assert b"".join(parts) == dumped(face.model, obj, protocol)
