"""`src/fast/class_call.rs`: `Unpickler(file)` does what `type.__call__` does, whatever was exchanged."""

import gc
import io
import pickle
import subprocess
import sys
import weakref

import oxipickle
import pytest
from faces import outcome, raised

DATA = pickle.dumps([1, "text"])


@pytest.fixture
def unpickler_class():
    """The class, which gets its `__init__` back."""
    own = oxipickle.Unpickler.__init__
    yield oxipickle.Unpickler
    oxipickle.Unpickler.__init__ = own


def test_arguments(unpickler_class):
    assert unpickler_class(io.BytesIO(DATA)).load() == [1, "text"]
    assert unpickler_class(file=io.BytesIO(DATA)).load() == [1, "text"]
    old = b"U\x02\xc3\xa9."
    assert unpickler_class(io.BytesIO(old), encoding="utf-8").load() == "é"
    assert unpickler_class(io.BytesIO(old), encoding="bytes", errors="strict").load() == b"\xc3\xa9"
    assert unpickler_class(*[io.BytesIO(DATA)], **{}).load() == [1, "text"]


@pytest.mark.parametrize(
    "arguments, options",
    [((), {}), ((io.BytesIO(), 1), {}), ((io.BytesIO(),), {"other": 1}), ((1,), {}), ((None,), {"file": 1})],
)
def test_wrong_arguments(unpickler_class, arguments, options):
    assert outcome(unpickler_class, *arguments, **options) == outcome(pickle.Unpickler, *arguments, **options)

    # The same words as where the interpreter calls the two.
    class Inheriting(unpickler_class):
        pass

    words = [str(raised(one, *arguments, **options)) for one in (unpickler_class, Inheriting)]
    assert words[0] == words[1]


def test_what_is_made_is_as_ever(unpickler_class):
    unpickler = unpickler_class(io.BytesIO(DATA * 2))
    assert type(unpickler) is unpickler_class
    assert gc.is_tracked(unpickler)
    assert vars(unpickler) == {}
    unpickler.attribute = unpickler
    seen = weakref.ref(unpickler)
    assert unpickler.load() == unpickler.load() == [1, "text"]
    del unpickler
    gc.collect()
    assert seen() is None


def test_initialized_again(unpickler_class):
    unpickler = unpickler_class(io.BytesIO(DATA))
    unpickler.__init__(io.BytesIO(pickle.dumps("other")), encoding="bytes")
    assert unpickler.load() == "other"


def test_an_exchanged_init_is_called(unpickler_class):
    own = unpickler_class.__init__

    def other(self, file):
        own(self, io.BytesIO(pickle.dumps("other")))

    unpickler_class.__init__ = other
    assert unpickler_class(io.BytesIO(DATA)).load() == "other"
    unpickler_class.__init__ = own
    assert unpickler_class(io.BytesIO(DATA)).load() == [1, "text"]


def test_an_exchanged_new_is_called():
    # No class gets its own `__new__` back.
    script = (
        "import oxipickle; oxipickle.Unpickler.__new__ = lambda *_: 'other'; print(oxipickle.Unpickler(1))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "other\n"


def test_subclasses_are_made_as_ever(unpickler_class):
    class Own(unpickler_class):
        def __new__(cls, *args):
            made.append(cls)
            return super().__new__(cls)

        def __init__(self, data):
            super().__init__(io.BytesIO(data))

    class Inheriting(Own):
        pass

    made = []
    assert Own(DATA).load() == Inheriting(DATA).load() == [1, "text"]
    assert made == [Own, Inheriting]


def test_picklers():
    for options in ({}, {"protocol": 2}, {"fix_imports": False}):
        file = io.BytesIO()
        pickler = oxipickle.Pickler(file, **options)
        assert type(pickler) is oxipickle.Pickler
        assert vars(pickler) == {}
        pickler.dump([1, "text"])
        assert file.getvalue() == pickle.dumps([1, "text"], options.get("protocol"))
    for arguments in ((), (1,), (io.BytesIO(), 9), (io.BytesIO(), 2, True, None, 5)):
        assert outcome(oxipickle.Pickler, *arguments) == outcome(pickle.Pickler, *arguments)


def test_picklers_of_an_exchanged_init():
    own = oxipickle.Pickler.__init__
    try:
        oxipickle.Pickler.__init__ = lambda self, file: own(self, file, 2)
        file = io.BytesIO()
        oxipickle.Pickler(file).dump("text")
    finally:
        oxipickle.Pickler.__init__ = own
    assert file.getvalue() == pickle.dumps("text", 2)
