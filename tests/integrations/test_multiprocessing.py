"""multiprocessing's `ForkingPickler` gives the same bytes from our base as from the interpreter's."""

import functools
import io
import multiprocessing.connection
import multiprocessing.context
import multiprocessing.reduction
import pickle
import socket
import sys
import types

import oxipickle
import pytest
from rederive import rederive

ForkingPickler = multiprocessing.reduction.ForkingPickler


class Registered:
    """Has a reducer that only a ForkingPickler knows."""


def reduce_registered(obj):
    return complex, (1, 2)


@pytest.fixture
def derived():
    """The class on our base, with the reducers that are registered with the real one."""
    derived = rederive(ForkingPickler, oxipickle.Pickler)
    derived._extra_reducers = ForkingPickler._extra_reducers
    return derived


@pytest.fixture
def spawning():
    """Files may be passed on only while a process is started: as if one were."""
    if sys.platform == "win32":
        pytest.skip("files are duplicated into a real process on Windows")

    def duplicate_for_child(fd):
        return fd

    def dup_fd(fd):
        return ("fd", fd)

    starting = types.SimpleNamespace(DupFd=dup_fd, duplicate_for_child=duplicate_for_child)
    multiprocessing.context.set_spawning_popen(starting)
    yield
    multiprocessing.context.set_spawning_popen(None)


def saved(pickler_class, obj, protocol):
    file = io.BytesIO()
    pickler_class(file, protocol).dump(obj)
    return file.getvalue()


class Bound:
    def method(self):
        return self


OBJECTS = {
    "method": Bound().method,
    "method of a type": str.upper,
    "bound builtin": [].append,
    "partial": functools.partial(sorted, key=len),
    "task": (0, 1, len, ([1, 2],), {"a": 2.5}),
    "text": ["x" * 70_000, "x"],
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", OBJECTS)
def test_same_bytes(derived, name, protocol):
    expected = saved(ForkingPickler, OBJECTS[name], protocol)
    assert saved(derived, OBJECTS[name], protocol) == expected


@pytest.mark.parametrize("protocol", range(6))
def test_registered_reducer(derived, protocol):
    ForkingPickler.register(Registered, reduce_registered)
    try:
        expected = saved(ForkingPickler, [Registered()], protocol)
        assert saved(derived, [Registered()], protocol) == expected
        assert pickle.loads(expected) == [1 + 2j]
    finally:
        del ForkingPickler._extra_reducers[Registered]


def test_sockets_and_connections(derived, spawning):
    left, right = socket.socketpair()
    reader, writer = multiprocessing.Pipe(duplex=False)
    with left, right, reader, writer:
        obj = [left, reader, writer, right]
        expected = saved(ForkingPickler, obj, 4)
        assert saved(derived, obj, 4) == expected


def test_dumps_of_the_class(derived):
    obj = OBJECTS["task"]
    assert bytes(derived.dumps(obj)) == bytes(ForkingPickler.dumps(obj))
