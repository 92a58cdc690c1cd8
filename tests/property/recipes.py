"""Recipes: object graphs as plain data, from which a graph can be built afresh as often as wanted.

A recipe is a list of nodes. Each says what to build, and the numbers of its children: several nodes
with one child share it, and a child that comes before its parent makes a cycle. A recipe holds no
object of the graph, so a part of the graph has exactly the holders that the graph gives it.
"""

import dataclasses

from kinds import CONTENT_FIRST, LEAVES, SHELL_FIRST


@dataclasses.dataclass
class Node:
    """One object: its kind, what the kind needs to know, and the numbers of its children."""

    kind: str
    data: object = None
    children: list[int] = dataclasses.field(default_factory=list)


def build(recipe):
    """What the first node stands for, held by nobody but the caller."""
    return _Builder(recipe).build()


class _Builder:
    """Makes each node once.

    A kind whose content can be put in later is made empty first, so that a cycle may lead through
    it. Where a cycle leads through nothing but objects that need their content first, it is cut.
    """

    def __init__(self, recipe):
        self.recipe = recipe
        self.made = {}
        self.in_the_making = set()
        self.unfilled = []

    def build(self):
        obj = self.make(0)
        while self.unfilled:
            number = self.unfilled.pop()
            node = self.recipe[number]
            content = [self.make(child) for child in node.children]
            SHELL_FIRST[node.kind].fill(self.made[number], node.data, content)
        return obj

    def make(self, number):
        if number in self.made:
            return self.made[number]
        if number in self.in_the_making:
            return None
        node = self.recipe[number]
        if node.kind in LEAVES:
            obj = LEAVES[node.kind](node.data)
        elif node.kind in SHELL_FIRST:
            obj = SHELL_FIRST[node.kind].make(node.data)
            self.unfilled.append(number)
        else:
            self.in_the_making.add(number)
            content = [self.make(child) for child in node.children]
            self.in_the_making.discard(number)
            obj = CONTENT_FIRST[node.kind](node.data, content)
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
        if id(obj) not in seen:
            seen.add(id(obj))
            found.append(obj)
            waiting += reversed(_inside(obj))
    return found


def _inside(obj):
    if isinstance(obj, type):
        return []
    content = []
    if isinstance(obj, (list, tuple, set, frozenset)):
        content += obj
    elif isinstance(obj, dict):
        content += [*obj, *obj.values()]
    # Looking is done through the class, as instances may have attributes of any name.
    if "__dict__" in dir(type(obj)):
        content.append(obj.__dict__)
    return content
