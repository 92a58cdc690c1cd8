"""Overrides of all that upstream's pickler reads through `self`, in each place where one can stand."""

import ast
import functools
import inspect
import io
import pickle
import types

from faces import outcome
from graph_of_kinds import Trigger, graph, looks

# Read, but nothing that an override can be seen by.
UNSEEN = {"__class__"}


def names_read():
    """The attributes of `self` that the running release's `_Pickler` reads."""
    tree = ast.parse(inspect.getsource(pickle._Pickler))
    names = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and isinstance(node.ctx, ast.Load)
    }
    names |= {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "getattr"
        and node.args[0].id == "self"
    }
    return names - UNSEEN


METHODS = sorted(name for name in names_read() if callable(getattr(pickle._Pickler, name, None)))
OTHERS = sorted(names_read() - set(METHODS))


def logging_method(original, name, log):
    # As many parameters as upstream's, since some are called by what they take.
    def method(self, *args, **options):
        log.append((name, tuple(map(looks, args)), {key: looks(value) for key, value in options.items()}))
        return original(self, *args, **options)

    return method


def on_class(base, name, log):
    return type("Sub", (base,), {name: logging_method(getattr(base, name), name, log)}), lambda pickler: None


def on_instance(base, name, log):
    def prepare(pickler):
        method = logging_method(getattr(base, name), name, log)
        setattr(pickler, name, types.MethodType(method, pickler))

    return type("Sub", (base,), {}), prepare


def by_new_base(base, name, log):
    # A base with a `__dict__`, so that it can be exchanged.
    first = type("First", (base,), {})
    other = type("Other", (base,), {name: logging_method(getattr(base, name), name, log)})
    sub = type("Sub", (first,), {})

    def prepare(pickler):
        sub.__bases__ = (other,)

    return sub, prepare


def in_the_middle(where):
    def place(base, name, log):
        sub = type("Sub", (base,), {})
        method = logging_method(getattr(base, name), name, log)

        def prepare(pickler):
            if where == "class":
                Trigger.act = functools.partial(setattr, sub, name, method)
            else:
                Trigger.act = functools.partial(setattr, pickler, name, types.MethodType(method, pickler))

        return sub, prepare

    return place


PLACES = {
    "class": on_class,
    "instance": on_instance,
    "new base": by_new_base,
    "class, in the middle": in_the_middle("class"),
    "instance, in the middle": in_the_middle("instance"),
}


def session(base, place, name, protocol, make=graph):
    log = []
    cls, prepare = place(base, name, log)
    file = io.BytesIO()
    pickler = cls(file, protocol)
    prepare(pickler)
    try:
        result = outcome(lambda: pickler.dump(make(protocol)))
    finally:
        Trigger.act = None
    return result, file.getvalue(), log
