"""Hazard: Python code that looks at an unpickler while a load of ours has its stack and its memo at hand.

Finalisers of what an opcode ends run it, and so does an abstract class that can't be made, in the words that
its `__abstractmethods__` give. They find the unpickler as upstream shows it.
"""

import io

import pytest
from faces import UNPICKLERS

seen = []
current = []


def look():
    """Notes the indices that the memo of the unpickler at work has."""
    memo = current[-1].memo
    seen.append(sorted(memo if isinstance(memo, dict) else memo.copy()))


class Ends:
    def __del__(self):
        if current:
            look()


class Names:
    def __iter__(self):
        look()
        return iter(["method"])


class Abstract:
    pass


Abstract.__abstractmethods__ = Names()


class Plain:
    pass


class Made:
    def __init__(self):
        self.b = Ends()


class Slotted:
    __slots__ = ("b",)


class Taking:
    def __new__(cls, _):
        return None


class Stated:
    def __setstate__(self, state):
        pass


class Equal:
    """A key that meets 1 where a dict looks for it."""

    def __hash__(self):
        return hash(1)

    def __eq__(self, other):
        seen.append("compared")
        if current:
            look()
        return False


def named(cls):
    return f"c{__name__}\n{cls.__name__}\n".encode()


# An entry of the memo comes first, which is fetched in the end: nothing that is fetched is left out.
BEFORE, AFTER = b"\x8c\x01a\x94", b"h\x00"
NEW = named(Ends) + b")\x81"

STATE = b"}\x8c\x01b" + NEW + b"s"

ENDS = {
    "key again in a batch": b"}(" + b"K\x01" + NEW + b"K\x01N" + b"u",
    "key again in another batch": b"}(K\x01" + NEW + b"u(K\x01Nu",
    "key again, one by one": b"}K\x01" + NEW + b"sK\x01Ns",
    "popped": b"N" + NEW + b"0",
    "popped with a mark": b"N(" + NEW + b"1",
    "in a tuple that is popped": b"N" + NEW + b"\x850",
    "memo's entry": NEW + b"q\x050Nq\x05",
    "memo's entry, long": NEW + b"r\x05\0\0\x000Nr\x05\0\0\0",
    "memo's entry in text": NEW + b"p5\n0Np5\n",
    "attribute again": named(Plain) + b")\x81" + STATE + b"b}\x8c\x01bNsb",
    "attribute again, beside slots": named(Plain) + b")\x81" + STATE + b"}\x86b}\x8c\x01bNs}\x86b",
    "attribute of a constructor": named(Made) + b")R}\x8c\x01bNsb",
    "slot again": named(Slotted) + b")\x81N" + STATE + b"\x86bN}\x8c\x01bNs\x86b",
    "arguments": named(Taking) + NEW + b"\x85R",
    "state that is not kept": named(Stated) + b")\x81" + NEW + b"\x85b",
    "class and its arguments": named(Taking) + NEW + b"\x85\x81",
    "key again behind others": b"}(K\x02NK\x03N" + b"K\x01" + NEW + b"K\x02NK\x01NK\x04Nu",
}


def loaded(unpickler_class, data):
    seen.clear()
    current[:] = [unpickler_class(io.BytesIO(data))]
    try:
        return current[-1].load(), list(seen)
    except TypeError as error:
        return str(error), list(seen)
    finally:
        current.clear()


@pytest.mark.parametrize("face", UNPICKLERS, ids=repr)
@pytest.mark.parametrize("opcodes", ENDS.values(), ids=ENDS)
def test_an_opcode_that_ends_a_value(face, opcodes):
    data = BEFORE + opcodes + AFTER + b"\x86" + b"\x86."
    ours, theirs = (loaded(cls, data) for cls in face.both())
    assert ours[1] == theirs[1] and len(ours[1]) == 1


@pytest.mark.parametrize("face", UNPICKLERS, ids=repr)
def test_an_abstract_class_whose_methods_python_code_names(face):
    data = BEFORE + named(Abstract) + b")\x81" + AFTER + b"\x86" + b"\x86."
    ours, theirs = (loaded(cls, data) for cls in face.both())
    assert ours == theirs
    assert "abstract" in ours[0] and ours[1] == [[0]]


@pytest.mark.parametrize("face", UNPICKLERS, ids=repr)
@pytest.mark.parametrize("fill", [b"(K\x01Nu", b"K\x01Ns"], ids=["SETITEMS", "SETITEM"])
def test_a_key_that_the_dict_has_is_compared_once(face, fill):
    data = BEFORE + b"}(" + named(Equal) + b")\x81Nu" + fill + AFTER + b"\x86\x86."
    ours, theirs = (loaded(cls, data)[1] for cls in face.both())
    assert ours == theirs == ["compared", [0]]
