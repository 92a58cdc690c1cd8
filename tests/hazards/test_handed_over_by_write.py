"""Hazard: `file.write` puts a deferred object where the walk has yet to go."""

import pytest
from parts import HERE, PARTS, both, warm

LARGE = 70_000

PAYLOADS = {
    "bytes": lambda: b"x" * LARGE,
    "text": lambda: "x" * LARGE,
    "bytearray": lambda: bytearray(LARGE),
    "many small": lambda: [float(i) for i in range(LARGE // 8)],
}


class File:
    """Hands the part over at the first write that carries a payload."""

    def __init__(self, root):
        self.root = root
        self.written = []

    def write(self, data):
        self.written.append(bytes(data))
        if len(data) >= LARGE // 2 and not self.root[-1]:
            self.root[-1].append(self.root[HERE])


@pytest.mark.parametrize(
    ("payload", "protocol"),
    # How often a pickle of protocol 0, or of many small values without frames, is written is free.
    [(payload, protocol) for payload in PAYLOADS for protocol in range(1, 6) if payload != "many small"]
    + [("many small", 4), ("many small", 5)],
)
@pytest.mark.parametrize("kind", PARTS)
def test_by_write(face, kind, payload, protocol):

    def attempt(pickler_class):
        root = [*warm(kind), PARTS[kind](), PAYLOADS[payload](), []]
        file = File(root)
        pickler_class(file, protocol).dump(root)
        return b"".join(file.written)

    both(face, attempt)
