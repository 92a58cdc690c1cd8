"""Large payloads that go to a `BytesIO`: they are there when somebody looks, behind what was there before."""

import io

import own_process
import oxipickle
import pytest

MIB = 1 << 20

PAYLOADS = {
    "bytes": lambda size, i: bytes([i]) * size,
    "text": lambda size, i: chr(97 + i) * size,
    "wide text": lambda size, i: chr(0x3B1 + i) * (size // 2),
    "bytearray": lambda size, i: bytearray([i]) * size,
}


def dumped_into(pickler_class, file, obj, protocol):
    """Where the file stands after a dump, or the error's type, and what is in it."""
    try:
        pickler_class(file, protocol).dump(obj)
    except Exception as error:
        return type(error), file.tell(), file.getvalue()
    return file.tell(), file.getvalue()


@pytest.mark.parametrize("size", [65_535, 65_536, 3 * MIB, 5 * MIB + 7])
@pytest.mark.parametrize("kind", PAYLOADS)
def test_into_an_empty_one(face, kind, size, protocol):
    obj = [1, *(PAYLOADS[kind](size, i) for i in range(3)), 2]
    ours, theirs = (dumped_into(each, io.BytesIO(), obj, protocol) for each in face.both())
    assert ours == theirs


@pytest.mark.parametrize("before", [3, 100_000, 5 * MIB])
def test_behind_others(face, before, protocol):
    obj = [bytes([i]) * size for i, size in enumerate([MIB, 5 * MIB, 70_000, 9 * MIB])]

    def seen(pickler_class):
        file = io.BytesIO(b"x" * before)
        file.seek(0, io.SEEK_END)
        found = [dumped_into(pickler_class, file, obj, protocol)]
        # What was read stays as it was: the file makes other contents before it writes.
        found.append(dumped_into(pickler_class, file, obj[:2], protocol))
        return [*found, file.getvalue()]

    ours, theirs = map(seen, face.both())
    assert ours == theirs


@pytest.mark.parametrize("place", [0, 2, 5 * MIB + 3])
def test_at_a_place_within_or_past_the_end(face, place):
    obj = [b"a" * (5 * MIB), b"b" * (5 * MIB)]

    def seen(pickler_class):
        file = io.BytesIO(b"x" * (4 * MIB))
        file.seek(place)
        return dumped_into(pickler_class, file, obj, 4)

    ours, theirs = map(seen, face.both())
    assert ours == theirs


@pytest.mark.parametrize("before", [0, 5 * MIB])
def test_while_somebody_has_a_buffer_of_it(face, before):
    obj = [b"a" * (5 * MIB), b"b" * (5 * MIB)]

    def seen(pickler_class):
        file = io.BytesIO(b"x" * before)
        file.seek(before)
        with file.getbuffer():
            return dumped_into(pickler_class, file, obj, 4)

    ours, theirs = map(seen, face.both())
    assert ours == theirs and ours[0] is BufferError


class Looks:
    """Looks at the file when it is pickled, and does something to it."""

    def __init__(self, file, found, act):
        self.file, self.found, self.act = file, found, act

    def __reduce__(self):
        value = self.file.getvalue()
        self.found.append((self.file.tell(), len(value), hash(value)))
        self.act(self.file)
        return list, ()


ACTS = {
    "nothing": lambda file: None,
    "writes": lambda file: file.write(b"between"),
    "seeks": lambda file: file.seek(1),
    "cuts": lambda file: file.truncate(2),
    "empties": lambda file: (file.seek(0), file.truncate()),
}


@pytest.mark.parametrize("size", [70_000, 5 * MIB])
@pytest.mark.parametrize("act", ACTS)
def test_somebody_looks_in_between(face, act, size, protocol):
    if face.name == "hookable" and protocol < 4:
        pytest.skip("below protocol 4 upstream's file gets each opcode by itself")

    def seen(pickler_class):
        file, found = io.BytesIO(), []
        looks = [Looks(file, found, ACTS[act]) for _ in range(3)]
        payloads = [bytes([i]) * size for i in range(4)]
        obj = [payloads[0], looks[0], payloads[1], payloads[2], looks[1], looks[2], payloads[3]]
        return dumped_into(pickler_class, file, obj, protocol), found

    ours, theirs = map(seen, face.both())
    assert ours == theirs


def dump_with_less_and_less_memory(name, kind):
    """Whether each dump was the same as with all memory; None where there was not enough."""
    obj: list = [bytes([i]) * (8 * MIB) for i in range(4)]
    if kind == "frames":
        # Python code has to run behind them, before which they go to the file.
        obj = [*(str(i) * 20 for i in range(400_000)), Looks(io.BytesIO(), [], ACTS["nothing"])]
    pickler_class = getattr(oxipickle, name)
    _, expected = dumped_into(pickler_class, io.BytesIO(), obj, 4)
    outcomes = []
    for before in (0, 5 * MIB):
        for mib in (128, 64, 40, 24, 12, 6, 1):
            file = io.BytesIO(b"x" * before)
            file.seek(before)
            own_process.limit_memory(mib * MIB)
            try:
                pickler_class(file, 4).dump(obj)
                outcomes.append(file.getvalue()[before:] == expected)
            except MemoryError:
                outcomes.append(None)
            own_process.limit_memory(None)
            del file
    return outcomes, dumped_into(pickler_class, io.BytesIO(), obj, 4)[1] == expected


@pytest.mark.counted
@pytest.mark.parametrize("kind", ["payloads", "frames"])
@pytest.mark.parametrize("name", ["Pickler", "HookablePickler"])
def test_memory_that_runs_out(name, kind):
    outcomes, afterwards = own_process.run(dump_with_less_and_less_memory, name, kind, allocator=None)
    assert outcomes[0] is outcomes[7] is True and outcomes[6] is outcomes[13] is None
    assert False not in outcomes and afterwards
