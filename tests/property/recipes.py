"""Recipes: object graphs as plain data, from which a graph can be built afresh as often as wanted.

A `Node` says what to build and of which children; a `Ref` stands for another node of the recipe, by
its number in the order of writing, and so makes what is shared and what is cyclic. A recipe holds
no object of the graph, so a part of the graph has exactly the holders that the graph gives it.
"""

import dataclasses
import math
import sys

from kinds import CONTENT_FIRST, LEAVES, SHELL_FIRST


@dataclasses.dataclass(frozen=True)
class Node:
    """One object: its kind, what the kind needs to know, and its children."""

    kind: str
    data: object = None
    children: tuple = ()


@dataclasses.dataclass(frozen=True)
class Ref:
    """The node with this number, counted round."""

    number: int


def build(recipe):
    """The object that the recipe describes, held by nobody but the caller."""
    return _Builder(recipe).build()


def count_nodes(recipe):
    """How many nodes the recipe has, references not counted."""
    return len(_numbered(recipe))


def _numbered(root):
    nodes, waiting = [], [root]
    while waiting:
        recipe = waiting.pop()
        if isinstance(recipe, Node):
            nodes.append(recipe)
            waiting += reversed(recipe.children)
    return nodes


class _Builder:
    """Makes each node once.

    A kind whose content can be put in later is made empty first, so that a cycle may lead through
    it. Where a cycle leads through nothing but objects that need their content first, it is cut.
    """

    def __init__(self, root):
        self.root = root
        self.nodes = _numbered(root)
        self.made = {}
        self.in_the_making = set()
        self.unfilled = []

    def build(self):
        obj = self.make(self.root)
        while self.unfilled:
            recipe, shell = self.unfilled.pop()
            SHELL_FIRST[recipe.kind].fill(shell, recipe.data, self.make_all(recipe.children))
        return obj

    def make_all(self, recipes):
        return [self.make(recipe) for recipe in recipes]

    def make(self, recipe):
        if isinstance(recipe, Ref):
            recipe = self.nodes[recipe.number % len(self.nodes)]
        number = id(recipe)
        if number in self.made:
            return self.made[number]
        if number in self.in_the_making:
            return None
        if recipe.kind in LEAVES:
            obj = LEAVES[recipe.kind](recipe.data)
        elif recipe.kind in SHELL_FIRST:
            obj = SHELL_FIRST[recipe.kind].make(recipe.data)
            self.unfilled.append((recipe, obj))
        else:
            self.in_the_making.add(number)
            children = self.make_all(recipe.children)
            self.in_the_making.discard(number)
            obj = CONTENT_FIRST[recipe.kind](recipe.data, children)
        self.made[number] = obj
        return obj


def parts(root):
    """Every object of a graph in an order that depends on its structure alone.

    Dumped after the graph itself, this list shows what the pickler remembers of it. An instance's
    `__dict__` is one of the parts.
    """
    found, seen, waiting = [], set(), [root]
    while waiting:
        obj = waiting.pop()
        if id(obj) in seen:
            continue
        seen.add(id(obj))
        found.append(obj)
        waiting += reversed(_inside(obj))
    return found


def _inside(obj):
    if isinstance(obj, type):
        return []
    if isinstance(obj, (list, tuple, set, frozenset)):
        content = [*obj]
    elif isinstance(obj, dict):
        content = [*obj, *obj.values()]
    else:
        content = []
    if isinstance(getattr(obj, "__dict__", None), dict):
        content.append(obj.__dict__)
    for name in ("x", "y"):
        if name in getattr(type(obj), "__slots__", ()):
            content.append(getattr(obj, name, None))
    return content


def is_nan(obj):
    """Not a number compares unequal to itself, and hashes by its address."""
    return isinstance(obj, float) and math.isnan(obj)


def fresh_text(text):
    """An equal string that nobody else holds, but for those that the interpreter keeps itself."""
    return "".join([*text])


def interned_text(text):
    return sys.intern(fresh_text(text))
