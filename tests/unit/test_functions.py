"""`dump` and `dumps`."""

import inspect
import io
import pickle

import oxipickle
import pytest
from faces import dumped, raised


def test_signatures():
    assert str(inspect.signature(oxipickle.dump)) == (
        "(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None, progress=None)"
    )
    assert str(inspect.signature(oxipickle.dumps)) == (
        "(obj, protocol=None, *, fix_imports=True, buffer_callback=None, progress=None)"
    )


OBJECTS = [
    None,
    True,
    0,
    -1,
    2**63,
    1.5,
    "",
    "text",
    b"",
    b"bytes",
    [],
    (),
    {},
    set(),
    [[[]]],
    {"k": [1, 2, ("x", "x")]},
    range(5),
    len,
]


@pytest.mark.parametrize("obj", OBJECTS, ids=repr)
def test_dumps_gives_the_interpreters_bytes(obj, protocol):
    expected = pickle.dumps(obj, protocol)
    assert oxipickle.dumps(obj, protocol) == expected
    assert type(oxipickle.dumps(obj, protocol)) is bytes
    file = io.BytesIO()
    assert oxipickle.dump(obj, file, protocol) is None
    assert file.getvalue() == expected


@pytest.mark.parametrize("obj", OBJECTS, ids=repr)
def test_the_default_protocol(obj):
    assert oxipickle.dumps(obj) == pickle.dumps(obj) == oxipickle.dumps(obj, None)


@pytest.mark.parametrize("protocol", [-1, -7])
def test_a_negative_protocol_is_the_highest(protocol):
    assert oxipickle.dumps([1], protocol) == oxipickle.dumps([1], 5)


@pytest.mark.parametrize("protocol", [6, 100, "2", 1.5])
def test_protocols_refused(protocol):
    ours = raised(oxipickle.dumps, 1, protocol)
    model = raised(pickle.dumps, 1, protocol)
    assert (type(ours), str(ours)) == (type(model), str(model))


@pytest.mark.parametrize("protocol", range(3))
def test_fix_imports(protocol):
    for fix_imports in (True, False, 1, 0, None):
        ours = oxipickle.dumps(range(3), protocol, fix_imports=fix_imports)
        assert ours == pickle.dumps(range(3), protocol, fix_imports=fix_imports)


def test_buffers_out_of_band():
    for answer in (None, True):
        seen = []

        def callback(buffer, seen=seen, answer=answer):
            seen.append(bytes(buffer))
            return answer

        buffer = pickle.PickleBuffer(b"content")
        ours = oxipickle.dumps([buffer], 5, buffer_callback=callback)
        assert ours == pickle.dumps([buffer], 5, buffer_callback=lambda _, answer=answer: answer)
        assert seen == [b"content"]


def test_a_file_without_write():
    for function in (oxipickle.dump, pickle.dump):
        error = raised(function, 1, object())
        assert (type(error), str(error)) == (TypeError, "file must have a 'write' attribute")


def test_what_cannot_be_pickled():
    ours, model = (raised(f, [oxipickle]) for f in (oxipickle.dumps, pickle.dumps))
    assert type(ours) is type(model)


def test_dumps_within_dumps():
    class Nested:
        def __reduce__(self):
            return bytes, (oxipickle.dumps(["inner"], 4),)

    assert oxipickle.dumps([Nested()], 4) == dumped(pickle.Pickler, [Nested()], 4)


def test_the_result_is_as_long_as_it_says():
    for size in (0, 1, 100, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1_000_000):
        obj = ["x" * size, b"y" * size]
        assert oxipickle.dumps(obj, 4) == pickle.dumps(obj, 4)
