"""A closed world for pickles of any origin: what they may name, the same for every unpickler.

Nothing in it keeps what a pickle does to it, leads out of it, or makes much out of little.
"""

import contextlib
import copyreg
import pickle
import sys


class Fixed(type):
    """What a pickle does to a class itself must not be met again by the next pickle."""

    def __setattr__(cls, name, value):
        raise TypeError("the closed world stays as it is")


class Thing(metaclass=Fixed):
    """Takes any attributes."""


class Slotted(metaclass=Fixed):
    __slots__ = ("a", "b")


class Stated(metaclass=Fixed):
    def __setstate__(self, state):
        self.seen = state


class Listed(list, metaclass=Fixed):
    pass


class Named(dict, metaclass=Fixed):
    pass


class Calls(metaclass=Fixed):
    """What looks like a function to a pickle, but can't be given attributes."""

    __slots__ = ()


class pair(Calls):
    def __new__(cls, *args):
        return list(args)


class reconstructor(Calls):
    def __new__(cls, *args):
        return copyreg._reconstructor(*args)


class encode(Calls):
    """What picklers name for `bytes` below protocol 3. Other codecs may blow their input up."""

    def __new__(cls, text, encoding):
        if encoding != "latin1":
            raise LookupError(encoding)
        return str.encode(text, encoding)


def _not_of_a_size(args):
    if args and hasattr(args[0], "__index__"):
        raise TypeError("a number is no content")


class some_bytes(Calls):
    def __new__(cls, *args):
        _not_of_a_size(args)
        return bytes(*args)


class some_bytearray(Calls):
    def __new__(cls, *args):
        _not_of_a_size(args)
        return bytearray(*args)


GLOBALS = {
    "Thing": Thing,
    "Slotted": Slotted,
    "Stated": Stated,
    "Listed": Listed,
    "Named": Named,
    "pair": pair,
    "list": list,
    "dict": dict,
    "object": object,
    "complex": complex,
    # What picklers name below protocol 4.
    "set": set,
    "frozenset": frozenset,
    "bytes": some_bytes,
    "bytearray": some_bytearray,
    "encode": encode,
    "_reconstructor": reconstructor,
    "Thing.pair": pair,
}


def find_class(module, name):
    try:
        return GLOBALS[name]
    except KeyError:
        raise pickle.UnpicklingError(f"{module}.{name} is not to be had") from None


def persistent_load(pid):
    return ["persistent", pid]


def closed(unpickler_class):
    """A subclass that finds nothing outside of this world."""

    class Closed(unpickler_class):
        def find_class(self, module, name):
            return find_class(module, name)

        def persistent_load(self, pid):
            return persistent_load(pid)

    return Closed


# What `loads` finds by itself as the closed world has it.
FOUND_BY_ITSELF = {(__name__, name) for name in ("Thing", "Slotted", "Stated", "Listed", "Named", "pair")} | {
    ("builtins", name) for name in ("list", "dict", "object", "complex", "set", "frozenset")
}


class _Gate:
    """Refuses names, as an audit hook: there is no other way into a function without hooks."""

    def __init__(self):
        self.installed = self.closed = False
        self.refused = []

    def __call__(self, event, args):
        if event == "pickle.find_class" and self.closed and args not in FOUND_BY_ITSELF:
            self.refused.append(args)
            raise pickle.UnpicklingError(f"{args} is not to be had")


_gate = _Gate()


@contextlib.contextmanager
def only_closed():
    """While it lasts, no unpickler without a `find_class` of its own finds anything outside of this
    world. Gives the list of what was refused. Audit hooks stay as long as the process."""
    if not _gate.installed:
        sys.addaudithook(_gate)
        _gate.installed = True
    _gate.closed, _gate.refused = True, []
    try:
        yield _gate.refused
    finally:
        _gate.closed = False
