"""Hazard: a pickler outlives its dump, and what it wrote is found later, or is long gone.

The next `dump`, and whoever reads `memo`, must find the objects of the dumps before, failed ones
included; no new object may stand at the address of one that was written.
"""

import io

import pytest
from faces import LEAN, outcome
from parts import HERE, PARTS, Gives, both, nothing, warm

MANY = 30


class Failure(Exception):
    pass


def fail():
    raise Failure


class File:
    """Fails whenever it is told to."""

    def __init__(self):
        self.fails = False
        self.written = []

    def write(self, data):
        if self.fails:
            raise Failure
        self.written.append(bytes(data))


def graph(kind, end):
    """Ends in something unpicklable, or well."""
    return [*warm(kind), PARTS[kind](), [PARTS[kind]()], Gives(fail) if end == "failure" else 0]


def after_proto(pickle, protocol):
    """What follows PROTO, which `_Pickler` loses after a dump that failed within a frame."""
    return pickle.removeprefix(bytes([0x80, protocol]))


ENDS = pytest.mark.parametrize("end", ["success", "failure"])
EVERY_PART = pytest.mark.parametrize("kind", PARTS)


@ENDS
@EVERY_PART
def test_the_next_dump_finds_them(pickler_face, kind, end, protocol):
    def attempt(pickler_class):
        obj = graph(kind, end)
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        outcome(pickler.dump, obj)
        start = file.tell()
        pickler.dump([obj[HERE], obj[HERE + 1][0], obj[0]])
        return after_proto(file.getvalue()[start:], protocol)

    both(pickler_face, attempt)


@ENDS
@EVERY_PART
def test_a_copy_of_the_memo_finds_them(pickler_face, kind, end, protocol):
    def attempt(pickler_class):
        obj = graph(kind, end)
        pickler = pickler_class(io.BytesIO(), protocol)
        outcome(pickler.dump, obj)
        memo = pickler.memo.copy()
        held = [obj, obj[HERE], obj[HERE + 1], obj[HERE + 1][0]]
        assert all(memo[id(part)][1] is part for part in held if id(part) in memo)
        return len(memo), [memo[id(part)][0] if id(part) in memo else None for part in held]

    both(pickler_face, attempt)


@ENDS
@EVERY_PART
def test_no_address_comes_back(pickler_face, kind, end, protocol):
    """Each graph is dropped as soon as it is dumped; the next would take its place."""

    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        pickles = []
        for tag in range(MANY):
            outcome(pickler.dump, [*graph(kind, end), tag])
            start = file.tell()
            pickler.dump([[tag], {"tag": tag}, (tag, str(tag)), PARTS[kind]()])
            pickles.append(after_proto(file.getvalue()[start:], protocol))
        return pickles

    both(pickler_face, attempt)


@EVERY_PART
def test_after_a_write_that_failed(pickler_face, kind, protocol):
    """C's pickler keeps its memo, and is the model of both faces here: `_Pickler` writes sooner."""

    def attempt(pickler_class):
        file = File()
        pickler = pickler_class(file, protocol)
        obj = [PARTS[kind](), [PARTS[kind]()], b"x" * 100_000]
        pickler.dump([*warm(kind), b"x" * 100_000])
        file.fails = True
        assert outcome(pickler.dump, obj) == ("error", Failure)
        file.fails = False
        memo = pickler.memo.copy()
        held = [obj, obj[0], obj[1], obj[1][0]]
        assert all(memo[id(part)][1] is part for part in held if id(part) in memo)
        start = len(file.written)
        pickler.dump([obj[0], obj[1][0]])
        pickle = b"".join(file.written[start:])
        indices = [memo[id(part)][0] if id(part) in memo else None for part in held]
        return indices, after_proto(pickle, protocol)

    assert attempt(pickler_face.ours) == attempt(LEAN.model)


def test_a_root_that_nobody_holds(pickler_face, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        for tag in range(MANY):
            pickler.dump([[tag]])
            pickler.dump((tag, [tag]))
            pickler.dump(str(tag) * 3)
        return file.getvalue(), len(pickler.memo.copy())

    both(pickler_face, attempt)


@pytest.mark.parametrize("way", ["clear_memo", "fast"])
@EVERY_PART
def test_a_container_that_is_walked_twice(pickler_face, kind, way, protocol):
    """A list that is open without an entry is met again, and with it all that it alone holds."""

    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)

        def forget():
            if way == "clear_memo":
                pickler.clear_memo()
            else:
                pickler.fast = False

        pickler.fast = way == "fast"
        root = [*warm(kind), Gives(forget), Gives(nothing), PARTS[kind](), [PARTS[kind]()]]
        root.append(root)
        pickler.dump(root)
        return file.getvalue()

    both(pickler_face, attempt)


class ClearsAndHoldsItself:
    """Clears the memo, and its arguments hold itself: there it comes early, and much follows."""

    def __init__(self, clear, more):
        self.clear = clear
        self.more = more

    def __reduce__(self):
        if self.clear is None:
            return list, ()
        self.clear()
        self.clear = None
        return list, ([self, *(f"after {tag}" for tag in range(self.more))],)


@pytest.mark.parametrize("more", range(15, 60, 5))
def test_a_memo_cleared_while_an_object_is_open(pickler_face, more, protocol):
    """Where the memo stood when an object was met means nothing then."""

    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        before = [f"before {tag}" for tag in range(MANY)]
        pickler.dump([*before, ClearsAndHoldsItself(pickler.clear_memo, more)])
        return file.getvalue()

    both(pickler_face, attempt)
