"""Hazard: items that were taken out of a list before Python code ran, which puts them somewhere else.

On the hookable face a batch is what the list held when the batch began. An item of it that the list has
still, and nobody else, is not looked up in the memo; any other item may be met again.
"""

import sys
import uuid

import pytest
from faces import HOOKABLE, dumped, outcome
from own_process import run
from parts import HERE, PARTS, Gives, both, warm

EVERY_PART = pytest.mark.parametrize("kind", PARTS)

# Without frames, and with them.
BINARY = pytest.mark.parametrize("protocol", [2, 4], ids=lambda protocol: f"protocol{protocol}")

# The place of the part, behind what runs Python code while the batch is open; the last item is an empty list.
PART = HERE + 1


def keep(items, part):
    items[-1].append(items[part])


def move(items, part):
    items[-1].append(items.pop(part))


def replace(items, part):
    items[-1].append(items[part])
    items[part] = "another"


def swap(items, part):
    items[part], items[-2] = items[-2], items[part]


def double(items, part):
    items[-2] = items[part]


def move_back(items, part):
    items.insert(-1, items.pop(part))


def empty(items, part):
    items[-1].extend(items)
    items.clear()


def end_it(items, part):
    items[part] = None


def hold_within(items, part):
    items[part] = [items[part]]
    items[-1].append(items[part])


CHANGES = [keep, move, replace, swap, double, move_back, empty, end_it, hold_within]


@BINARY
@EVERY_PART
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("length", [8, 1100], ids=["one batch", "two batches"])
def test_put_somewhere_else(pickler_face, kind, change, length, protocol):
    """In two batches the last items are taken out after the change."""

    def attempt(base):
        items = [*warm(kind), Gives(lambda: change(items, PART)), PARTS[kind]()]
        items += [PARTS[kind]() for _ in range(length - len(items) - 2)] + [PARTS[kind](), []]
        tail = items[-1]
        return outcome(dumped, base, [items, tail], protocol)

    both(pickler_face, attempt)


MADE_OF_PIECES = {"list": lambda: [[1], 2], "dict": lambda: {0: [1]}, "instance": PARTS["instance"]}


@BINARY
@pytest.mark.parametrize("change", [keep, move, replace], ids=lambda change: change.__name__)
@pytest.mark.parametrize("kind", MADE_OF_PIECES)
def test_a_piece_put_somewhere_else(pickler_face, kind, change, protocol):
    """The item stays where it is, and what it holds is met again."""

    def attempt(base):
        tail = []

        def hand_over():
            part = items[PART]
            if kind == "instance":
                tail.append(part.value)
                if change is not keep:
                    part.value = "another"
            else:
                tail.append(part[0])
                if change is move:
                    del part[0]
                elif change is replace:
                    part[0] = "another"

        items = [*warm("instance"), Gives(hand_over), MADE_OF_PIECES[kind](), tail]
        return outcome(dumped, base, items, protocol)

    if kind == "instance" and change is move:
        pytest.skip("an attribute that is gone is one that was replaced")
    both(pickler_face, attempt)


@EVERY_PART
def test_saved_by_a_hook(kind, protocol):
    """Each item is taken out, and saved by the hook before its turn, or not."""

    def attempt(base):
        items = [*warm(kind), Gives(lambda: None), *(PARTS[kind]() for _ in range(6)), 0.5]

        class Saving(base):
            def reducer_override(self, obj):
                if isinstance(obj, Gives):
                    self.save(items[PART + 1])
                    self.save([items[PART + 3]])
                return NotImplemented

        return dumped(Saving, items, protocol)

    both(HOOKABLE, attempt)


def times_asked(protocol):
    """How often UUIDs are asked for their state when there was a dump of such before."""
    called = []

    def look(frame, event, arg):
        if event == "call" and frame.f_code.co_name == "__getstate__":
            called.append(frame)

    data = [uuid.UUID(int=i) for i in range(50)]
    dumped(HOOKABLE.ours, data, protocol)
    sys.setprofile(look)
    try:
        found = dumped(HOOKABLE.ours, data, protocol)
    finally:
        sys.setprofile(None)
    assert found == dumped(HOOKABLE.model, data, protocol)
    return len(called)


def test_known_types_are_written_without_being_asked(protocol):
    """Once the class has been asked, so are those that were taken out by then: no method is called.

    In a process of its own, since from 3.13 on a class that was changed a thousand times is not known again.
    """
    if protocol < 2:
        pytest.skip("below protocol 2 they are asked")
    assert run(times_asked, protocol) <= 2
