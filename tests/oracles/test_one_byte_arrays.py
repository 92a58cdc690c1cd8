"""What stands in a reduce value for a bytearray of one byte, which may be the bytes that all share.

Below protocol 5 a bytearray is reduced to bytes. Whether the interpreter makes these anew or gives
the one object that it has for each byte decides what is found in the memo.
"""

import pytest
from faces import assert_same_bytes

GRAPHS = {
    "array twice": lambda: [bytearray(b"a"), bytearray(b"a")],
    "bytes, then array": lambda: [b"a", bytearray(b"a")],
    "array, then bytes": lambda: [bytearray(b"a"), b"a"],
    "in containers": lambda: {"a": bytearray(b"\xff"), "b": (bytearray(b"\xff"), [bytearray(b"\0")], b"\0")},
    "empty": lambda: [bytearray(), bytearray(), b"", b""],
    "two bytes": lambda: [bytearray(b"ab"), bytearray(b"ab"), b"ab"],
}


@pytest.mark.parametrize("name", GRAPHS)
def test_bytearrays(face, name, protocol):
    assert_same_bytes(face, GRAPHS[name], protocol)
