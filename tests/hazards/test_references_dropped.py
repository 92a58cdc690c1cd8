"""Hazard: the last reference to something that is no part of the graph is dropped in mid-dump.

A function that a plan knew, a dispatch table, what a hook returned: whatever is dropped may have a
finaliser, which frees what was written just before, and puts new objects where it lay. The models
drop some of these at other times; where they do, what is asked is that each object is saved as
itself.
"""

import copyreg
import gc
import io
import pickle

import oxipickle
import pytest
from faces import dumped
from own_process import run

MANY = 40

FACES = {
    "dumps": lambda obj: oxipickle.dumps(obj, 4),
    "lean": lambda obj: dumped(oxipickle.Pickler, obj, 4),
    "hookable": lambda obj: dumped(oxipickle.HookablePickler, obj, 4),
}


class Bomb:
    """Calls the graph that is being pickled when it dies."""

    graph = None

    def __del__(self):
        if Bomb.graph is not None:
            Bomb.graph.explode()


class Graph:
    """Warming objects, one that drops something, many lists, and one that passes the gate.

    The explosion takes the lists out, and puts new ones behind everything else.
    """

    def __init__(self, before, *after):
        self.exploded = 0
        self.root = [*before, *([["old", number]] for number in range(MANY)), *after, []]
        self.start = len(before)

    def explode(self):
        self.exploded += 1
        if self.exploded == 1:
            for place in range(self.start, self.start + MANY):
                self.root[place] = None
            self.root[-1].extend([["new", number]] for number in range(MANY))

    def saved_by(self, dump):
        """The explosions, and what was saved as something else."""
        Bomb.graph = self
        try:
            loaded = pickle.loads(dump(self.root))
        finally:
            Bomb.graph = None
        old = [[["old", number]] for number in range(MANY)]
        new = [[["new", number]] for number in range(MANY)]
        lists = loaded[self.start : self.start + MANY]
        wrong = [got for got, right in zip(lists, old) if got not in (right, None)]
        return self.exploded, wrong + [got for got, right in zip(loaded[-1], new) if got != right]


class Reduced:
    __slots__ = ()


class Calls:
    """Calls a function when it is saved."""

    def __init__(self, function):
        self.function = function

    def __reduce__(self):
        self.function()
        return int, ()


def with_bomb(function):
    """A function that holds a bomb, and that its caller alone holds."""

    def calls(self, bomb=Bomb()):
        return function(self)

    return calls


def to_a_list(obj):
    return list, ()


def method_replaced(name, dump):
    """The class gets another method in mid-dump, and a nested dump learns of it."""
    method = {"__reduce__": to_a_list, "__reduce_ex__": to_a_list, "__getstate__": lambda obj: None}[name]

    def holding(self, *_, bomb=Bomb()):
        return method(self)

    def other(self, *_):
        return method(self)

    setattr(Reduced, name, holding)
    del holding

    def replace():
        setattr(Reduced, name, other)
        dump([Reduced(), Reduced()])

    return Graph([Reduced(), Reduced(), Reduced(), Calls(replace)], Reduced(), Reduced(), Calls(int))


def met_only_afterwards(name, dump):
    """As above, but it is the outer dump that learns of the other method, after the lists."""
    graph = method_replaced(name, lambda obj: None)
    graph.root.insert(-1, Reduced())
    return graph


def registered_and_unregistered(dump):
    """A function of `copyreg.dispatch_table` that nobody else holds."""
    copyreg.pickle(Reduced, with_bomb(to_a_list))

    def unregister():
        copyreg.dispatch_table.pop(Reduced, None)

    Reduced.__reduce__ = to_a_list
    return Graph([Reduced(), Reduced(), Calls(int)], Calls(unregister), Reduced(), Calls(int))


def unregisters_itself(dump):
    """The function takes itself out of the table while it is called."""

    def reduce(obj):
        copyreg.dispatch_table.pop(Reduced, None)
        return list, ()

    copyreg.pickle(Reduced, with_bomb(reduce))
    Reduced.__reduce__ = to_a_list
    return Graph([Calls(int), Calls(int)], Reduced(), Reduced(), Calls(int))


def method_goes_while_called(dump):
    def reduce(obj):
        Reduced.__reduce__ = to_a_list
        return list, ()

    Reduced.__reduce__ = with_bomb(reduce)
    return Graph([Calls(int), Calls(int)], Reduced(), Reduced(), Calls(int))


class ReducesToPart:
    """Each part of its value holds a bomb, and nobody else holds the part."""

    def __init__(self, part):
        self.part = part

    def __reduce__(self):
        return {
            "value": lambda: Value((list, ())),
            "function": lambda: (Function(), ()),
            "arguments": lambda: (list, Value()),
            "list items": lambda: (list, (), None, Items()),
            "dict items": lambda: (dict, (), None, None, Items()),
        }[self.part]()


class Value(tuple, Bomb):
    pass


class Function(Bomb):
    def __call__(self):
        return []

    def __reduce__(self):
        return "found"


def found():
    return []


class Items(Bomb):
    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration


def part_of_a_reduce_value(part, dump):
    return Graph([Calls(int)], ReducesToPart(part), Calls(int))


DROPS = {
    "__reduce__ of a class": lambda dump: method_replaced("__reduce__", dump),
    "__reduce_ex__ of a class": lambda dump: method_replaced("__reduce_ex__", dump),
    "__getstate__ of a class": lambda dump: method_replaced("__getstate__", dump),
    "__reduce__ of a class, met afterwards": lambda dump: met_only_afterwards("__reduce__", dump),
    "__getstate__ of a class, met afterwards": lambda dump: met_only_afterwards("__getstate__", dump),
    "registered function": registered_and_unregistered,
    "registered function, while called": unregisters_itself,
    "__reduce__ of a class, while called": method_goes_while_called,
    "reduce value": lambda dump: part_of_a_reduce_value("value", dump),
    "arguments": lambda dump: part_of_a_reduce_value("arguments", dump),
    "list items": lambda dump: part_of_a_reduce_value("list items", dump),
    "dict items": lambda dump: part_of_a_reduce_value("dict items", dump),
}


def dropped(name, face):
    gc.disable()
    return DROPS[name](FACES[face]).saved_by(FACES[face])


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", DROPS)
def test_a_finaliser_in_mid_dump(name, face):
    _, wrong = run(dropped, name, face, seconds=30)
    assert wrong == []


def of_a_pickler(base, hook):
    """A pickler, and what drops a hook of its own, or its table, or what they return."""
    pickler = type("Sub", (base,), {})(io.BytesIO(), 4)

    def identity(obj, bomb=Bomb()):
        return None

    def override(obj, bomb=Bomb()):
        return NotImplemented

    if hook == "dispatch_table":
        pickler.dispatch_table = {Reduced: with_bomb(to_a_list)}
        return pickler, lambda: setattr(pickler, "dispatch_table", {Reduced: to_a_list})
    if hook == "entry of dispatch_table":
        pickler.dispatch_table = {Reduced: with_bomb(to_a_list)}
        return pickler, lambda: pickler.dispatch_table.update({Reduced: to_a_list})
    if hook == "memo":
        return pickler, lambda: setattr(pickler, "memo", dict(pickler.memo.copy(), **{}))
    if hook == "persistent_id":
        pickler.persistent_id = identity
        return pickler, lambda: delattr(pickler, "persistent_id")
    pickler.reducer_override = override
    return pickler, lambda: delattr(pickler, "reducer_override")


HOOKS = ["dispatch_table", "entry of dispatch_table", "memo", "persistent_id", "reducer_override"]


def dropped_by_a_pickler(hook, face):
    gc.disable()
    base = {"lean": oxipickle.Pickler, "hookable": oxipickle.HookablePickler}[face]
    pickler, drop = of_a_pickler(base, hook)
    Reduced.__reduce__ = to_a_list

    def dump(obj):
        pickler.clear_memo()
        file = io.BytesIO()
        pickler.__init__(file, 4)
        if hook.endswith("dispatch_table"):
            pickler.dispatch_table = {Reduced: with_bomb(to_a_list)}
        pickler.dump(obj)
        return file.getvalue()

    graph = Graph([Reduced(), Reduced(), Calls(int)], Calls(drop), Reduced(), Calls(int))
    return graph.saved_by(dump)


@pytest.mark.parametrize("face", ["lean", "hookable"])
@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_or_a_table_dropped_in_mid_dump(hook, face):
    _, wrong = run(dropped_by_a_pickler, hook, face, seconds=30)
    assert wrong == []
