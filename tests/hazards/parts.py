"""Graphs with a part that one container alone holds, and what hands such a part over again.

The memo's entry for such a part is deferred: the part is written without being looked up, and found
only once Python code may have handed it over again. Each maker gives a part that counts a single
reference as soon as it stands in its container.
"""


class Thing:
    """A plain instance, saved by its type's plan from the second one on."""

    def __init__(self, value=0):
        self.value = value


def rebuilt(*args):
    return list(args)


def text():
    return "".join(["pa", "rt"])


PARTS = {
    "list": lambda: [text()],
    "dict": lambda: {text(): text()},
    "tuple": lambda: (text(), text()),
    "str": text,
    "bytes": lambda: b"".join([b"pa", b"rt"]),
    "bytearray": lambda: bytearray(b"part"),
    "set": lambda: {text()},
    "frozenset": lambda: frozenset([text()]),
    "instance": lambda: Thing(text()),
}

HASHABLE = {"tuple", "str", "bytes", "frozenset", "instance"}


class Gives:
    """Reduces to a call with what a function gives at that moment."""

    def __init__(self, give):
        self.give = give

    def __reduce__(self):
        return rebuilt, (self.give(),)


def nothing():
    return None


class Marker:
    """Marks the place where a hook hands something over."""


def warm(kind):
    """Makes the pickler write every global that such a part needs, and draw up its type's plan.

    Naming a global passes the gate, which would hide that another passage was forgotten.
    """
    return [PARTS[kind](), PARTS[kind](), Gives(nothing)]


# The place of what follows `warm`.
HERE = 3


def both(face, attempt):
    """What `attempt` gives over our class, which must be what it gives over the model."""
    ours = attempt(face.ours)
    assert ours == attempt(face.model)
    return ours
