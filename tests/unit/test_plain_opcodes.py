"""Opcodes that are carried out in the loop of the plain ones: what they make is what `pickle` makes."""

import gc
import io
import pickle
import struct

import oxipickle
import pytest

INTS = [0, -1, -5, -6, 256, 257, 1024, 1025, 65535, 65536, -65536, 2**30 - 1, 2**30, 2**31 - 1, -(2**31)]

TEXTS = [
    *("x" * length for length in (0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 255)),
    *("a" * at + "\xe9" + "b" * (length - at) for length in (1, 3, 7, 16, 31, 32, 40) for at in (0, length)),
    "a\0b",
    "\u20ac uro",
]


def alike(ours, theirs):
    return type(ours) is type(theirs) and ours == theirs


@pytest.mark.parametrize("value", INTS)
def test_ints(value):
    data = pickle.dumps([value, value], 4)
    ours, again = oxipickle.loads(data)
    theirs, theirs_again = pickle.loads(data)
    assert alike(ours, theirs) and alike(ours + 1, theirs + 1) and hash(ours) == hash(theirs)
    assert (ours is again) is (theirs is theirs_again)
    assert ours.__sizeof__() == theirs.__sizeof__()
    assert str(ours) == str(theirs) and -ours == -theirs and ours // 7 == theirs // 7


@pytest.mark.parametrize("value", TEXTS, ids=ascii)
def test_texts(value):
    data = pickle.dumps([value], 4)
    (ours,), (theirs,) = oxipickle.loads(data), pickle.loads(data)
    assert alike(ours, theirs) and hash(ours) == hash(theirs)
    assert ours.isascii() == theirs.isascii() and ours.__sizeof__() == theirs.__sizeof__()
    assert ours + "\u20ac" == theirs + "\u20ac" and ours.encode() == theirs.encode()
    assert {value: 1}[ours] == 1 and f"{ours}!" == f"{theirs}!"


def test_an_attribute_of_a_name_that_was_loaded():
    (name,) = oxipickle.loads(pickle.dumps(["some_name"], 4))
    holder = type("Holder", (), {})()
    setattr(holder, name, 1)
    assert holder.some_name == 1


@pytest.mark.parametrize("load", [oxipickle.loads, lambda data: oxipickle.Unpickler(io.BytesIO(data)).load()])
@pytest.mark.parametrize(
    "data",
    [
        b"\x94.",
        b"(\x94.",
        b"(.",
        b"]e.",
        b"K\x01e.",
        b"(e.",
        b"]K\x01e.",
        b"K\x01(K\x02e.",
        b"}(K\x01u.",
        b"}(]K\x01u.",
        b"(K\x01K\x02u.",
        b"N(K\x01K\x02u.",
        b"K\x01\x86.",
        b"(K\x01K\x02\x87.",
        b"K\x01(K\x02\x86.",
        b"h\x00.",
        b"j\xff\xff\xff\xff.",
        b"K",
        b"M\x01",
        b"J\x01\x02\x03",
        b"G1234567",
        b"\x8c\x05abcd",
        b"\x8c\x02\xff\xff.",
        b")\x81.",
        b"N)\x81.",
        b"(cbuiltins\nobject\n()\x81.",
        b"cbuiltins\nobject\n()\x81.",
        b"cbuiltins\nobject\n](\x81.",
        b"cbuiltins\nobject\nK\x01\x85\x81.",
        b"ccollections.abc\nSized\n)\x81.",
        b"ccollections.abc\nSized\n\x81.",
        b"cbuiltins\nobject\n]\x81.",
    ],
)
def test_malformed(load, data):
    with pytest.raises(Exception) as ours:
        load(data)
    with pytest.raises(Exception) as theirs:
        pickle.loads(data)
    assert type(ours.value) is type(theirs.value) and str(ours.value) == str(theirs.value)


def test_the_place_of_a_failure_in_a_class():
    with pytest.raises(TypeError, match="abstract") as failure:
        oxipickle.loads(b"ccollections.abc\nSized\n)\x81.")
    assert failure.value.__notes__ == ["at byte 24, carrying out NEWOBJ"]


@pytest.mark.parametrize("load", [oxipickle.loads, lambda data: oxipickle.Unpickler(io.BytesIO(data)).load()])
def test_instances(load):
    made = b"cbuiltins\nobject\n)\x81"
    assert type(load(made + b".")) is object
    first, again, list_of_one = load(b"(" + made + b"\x94h\x00](" + made + b"et.")
    assert first is again and type(list_of_one[0]) is object
    assert load(b"cbuiltins\nint\n)\x81.") == 0 and load(b"cbuiltins\nlist\n)\x81.") == []


def test_the_place_of_a_failure_in_a_dict():
    with pytest.raises(TypeError, match="unhashable") as failure:
        oxipickle.loads(b"}(K\x01K\x02]Nu.")
    assert failure.value.__notes__ == ["at byte 8, carrying out SETITEMS"]


def test_memo_entries_are_kept_by_an_unpickler():
    texts = [f"text {i}" for i in range(1000)]
    data = pickle.dumps(texts, 4)
    ours, theirs = (module.Unpickler(io.BytesIO(data)) for module in (oxipickle, pickle))
    assert ours.load() == theirs.load() == texts
    assert ours.memo.copy() == theirs.memo.copy()


LISTS = 9000


@pytest.mark.parametrize("load", [oxipickle.loads, lambda data: oxipickle.Unpickler(io.BytesIO(data)).load()])
def test_values_of_a_large_memo(load):
    """Each list may be fetched, and some only are: the others count, and get no entry."""
    indices = [*range(1, LISTS, 7), LISTS, 1, *range(LISTS, 0, -500)]
    fetches = b"".join(b"j" + struct.pack("<I", index) for index in indices)
    data = b"\x80\x04]\x94(" + b"]\x94" * LISTS + fetches + b"e."
    ours, theirs = load(data), pickle.loads(data)
    places = {id(part): at for at, part in reversed(list(enumerate(theirs)))}
    expected = [places[id(part)] for part in theirs]
    places = {id(part): at for at, part in reversed(list(enumerate(ours)))}
    assert [places[id(part)] for part in ours] == expected and len(set(expected)) == LISTS


@pytest.mark.parametrize("index", [LISTS + 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("behind", range(0, 120, 3))
def test_a_fetch_of_nothing_from_a_large_memo(index, behind):
    fetch = b"j" + struct.pack("<I", index)
    # An argument whose bytes look like such opcodes, and opcodes whose bytes are not all there.
    data = b"\x80\x04]\x94(" + b"]\x94" * LISTS + b"j\x01\0\0\0J" + b"j" * 4 + b"N" * behind + fetch
    with pytest.raises(pickle.UnpicklingError, match=rf"at index {index}\b"):
        oxipickle.loads(data + b"e.")
    for end in range(1, 6):
        with pytest.raises((EOFError, pickle.UnpicklingError)) as theirs:
            pickle.loads(data[:-end])
        with pytest.raises(theirs.type):
            oxipickle.loads(data[:-end])


def test_more_values_than_the_first_room():
    data = b"(" + b"".join(b"(" + struct.pack("<BH", 0x4D, i) for i in range(300)) + b"t" * 301 + b"."
    assert repr(oxipickle.loads(data)) == repr(pickle.loads(data))


@pytest.mark.collector
@pytest.mark.parametrize("buffered", [True, False])
def test_no_collection_while_a_stored_file_is_read(tmp_path, buffered):
    value = [{"list": [i]} for i in range(60_000)]
    path = tmp_path / "pickle"
    path.write_bytes(pickle.dumps(value, 4))
    collections = []

    def note(phase, info):
        collections.append(phase)

    with open(path, "rb") if buffered else io.BufferedReader(io.BytesIO(path.read_bytes())) as file:
        gc.collect()
        gc.callbacks.append(note)
        try:
            loaded = oxipickle.Unpickler(file).load()
        finally:
            gc.callbacks.remove(note)
    assert loaded == value
    # From 3.12 on one that has come due may follow at once.
    assert collections.count("start") <= 1


def test_a_file_whose_raw_one_has_another_readinto_may_wait():
    class Raw(io.BytesIO):
        """Collects garbage, as another thread might, while it is read."""

        thresholds = set()

        def readinto(self, buffer):
            self.thresholds.add(gc.get_threshold()[0])
            return super().readinto(buffer)

    data = pickle.dumps([[i] for i in range(60_000)], 4)
    assert len(oxipickle.Unpickler(io.BufferedReader(Raw(data))).load()) == 60_000
    assert Raw.thresholds == {gc.get_threshold()[0]}
