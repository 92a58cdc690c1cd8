"""Overrides of all that upstream's unpickler reads through `self`, in each place where one can stand.

Each function here loads a pickle with a subclass of `base`, and gives what that comes to.
"""

import pickle
import types

from loaded_pickles import LOADS, READ_THROUGH_SELF, Persistent, described, opened, outcome

METHODS = [name for name in READ_THROUGH_SELF if callable(getattr(pickle._Unpickler, name, None))]
ATTRIBUTES = [name for name in READ_THROUGH_SELF if name not in METHODS and name != "dispatch"]


def logging(base, name, log):
    """A method that notes how it was called, and what the unpickler was like, and does what the base does."""
    original = vars(Persistent).get(name) or getattr(base, name)

    def method(self, *args):
        state = len(self.stack), len(self.metastack), len(self.memo), self.proto
        log.append((name, *map(described, args), *state))
        return original(self, *args)

    return method


def in_the_class(base, name, data):
    log = []
    cls = type("Sub", (Persistent, base), {name: logging(base, name, log)})
    return outcome(opened(cls, data).load, log)


def of_the_instance(base, name, data):
    log = []
    unpickler = opened(type("Sub", (Persistent, base), {}), data)
    setattr(unpickler, name, types.MethodType(logging(base, name, log), unpickler))
    return outcome(unpickler.load, log)


def assigned_to_a_base(base, name, data):
    log = []
    parent = type("Parent", (Persistent, base), {})
    unpickler = opened(type("Sub", (parent,), {}), data)
    first = outcome(unpickler.load, log)
    setattr(parent, name, logging(base, name, log))
    again = opened(type(unpickler), data)
    return first, outcome(again.load, log), outcome(unpickler.load, log)


def _in_the_middle(base, data, log, set_it):
    class Sub(Persistent, base):
        def find_class(self, *args):
            set_it(self)
            return base.find_class(self, *args)

        def persistent_load(self, pid):
            set_it(self)
            return pid

    return outcome(opened(Sub, data).load, log)


def set_in_the_middle_in_the_class(base, name, data):
    log = []
    return _in_the_middle(base, data, log, lambda self: setattr(type(self), name, logging(base, name, log)))


def set_in_the_middle_on_the_instance(base, name, data):
    log = []

    def set_it(self):
        setattr(self, name, types.MethodType(logging(base, name, log), self))

    return _in_the_middle(base, data, log, set_it)


PLACES = [
    in_the_class,
    of_the_instance,
    assigned_to_a_base,
    set_in_the_middle_in_the_class,
    set_in_the_middle_on_the_instance,
]


def with_dispatch_entry(base, load, data):
    log = []
    method = logging(base, load, log)
    codes = [code for code, found in pickle._Unpickler.dispatch.items() if found.__name__ == load]
    space = {load: method, "dispatch": {**base.dispatch, **dict.fromkeys(codes, method)}}
    return outcome(opened(type("Sub", (Persistent, base), space), data).load, log)


def without_dispatch_entries(base, data):
    log = []
    space = {load: logging(base, load, log) for load in LOADS}
    return outcome(opened(type("Sub", (Persistent, base), space), data).load, log)


def as_a_property(base, name, data):
    log = []

    def get(self):
        log.append("get")
        try:
            return self.__dict__["kept"]
        except KeyError:
            raise AttributeError(name) from None

    def put(self, value):
        log.append("set")
        self.__dict__["kept"] = value

    cls = type("Sub", (Persistent, base), {name: property(get, put)})
    return outcome(opened(cls, data).load, log)


def read_in_the_middle(base, name, data):
    """What is there may be an object of ours: it is told by what it can do, and the load goes on."""
    log = []

    def look(self):
        value = getattr(self, name)
        log.append(len(value) if hasattr(value, "__len__") else callable(value))

    class Sub(base):
        def find_class(self, *args):
            look(self)
            found = base.find_class(self, *args)
            look(self)
            return found

        def persistent_load(self, pid):
            look(self)
            return pid

    return outcome(opened(Sub, data).load, log)
