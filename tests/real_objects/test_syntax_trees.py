"""Syntax trees of the standard library's own modules, and trees that were changed."""

import ast
import importlib.util
import inspect

import pytest
from comparisons import compare, same_bytes

SMALL = ["bisect", "json.scanner", "keyword"]
LARGER = ["colorsys", "contextlib", "graphlib", "json.decoder"]


def tree_of(module_name):
    spec = importlib.util.find_spec(module_name)
    with open(spec.origin, encoding="utf-8") as file:
        return ast.parse(file.read())


def with_parents():
    tree = ast.parse("def f(a, *b, c=1):\n    return [a + x for x in b if x] or {c: 'text', **{}}")
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            # Operators and contexts are shared by all trees.
            if isinstance(child, (ast.expr, ast.stmt)):
                child.parent = node
    return tree


def without_positions():
    tree = ast.parse("match x:\n    case {'a': [1, *_]} if y: z = f'{x!r:>{w}}'")
    for node in ast.walk(tree):
        for name in node._attributes:
            if hasattr(node, name):
                delattr(node, name)
    return tree


def incomplete():
    node = ast.Name("x", ast.Load())
    del node.id
    return [node, ast.Module([], [])]


def sharing():
    name = ast.Name("x", ast.Load())
    return ast.BinOp(name, ast.Add(), ast.Tuple([name, name, ast.Constant("x")], ast.Load()))


class Located(ast.NodeTransformer):
    """A visitor with a state of its own."""

    def __init__(self):
        self.found = [ast.parse("x")]


class Marked(ast.Name):
    """A node class of the program's own."""

    _fields = (*ast.Name._fields, "mark")


VALUES = "[1, 2**70, -1.5, 1e400, 2j, 'é', b'b', None, True, ..., (), f'{x}', u'text']"

SPECIMENS = {
    "with parents": with_parents,
    "without positions": without_positions,
    "sharing": sharing,
    "expression": lambda: ast.parse("a if b else lambda: (yield)", mode="eval"),
    "interactive": lambda: ast.parse("x = 1; y: int = 2", mode="single"),
    "values": lambda: ast.parse(VALUES),
    "type comments": lambda: ast.parse("x = [] # type: list[int]", type_comments=True),
    "asynchronous": lambda: ast.parse("async def f():\n async with a as b: await c\n async for d in e: pass"),
    "exceptions": lambda: ast.parse("try: pass\nexcept* E as e: raise X from e\nelse: pass\nfinally: pass"),
    "classes": lambda: ast.parse("@d\nclass C(B, metaclass=M):\n    def f(self): nonlocal x; global y"),
    "incomplete": incomplete,
    "visitor": Located,
    "node class": lambda: Marked("x", ast.Load(), mark=[1]),
    "signature": lambda: inspect.signature(inspect.getdoc),
    **{module_name: lambda name=module_name: tree_of(name) for module_name in SMALL},
}

# From 3.15 a node cannot be made without its fields.
NOT_READ_BACK = {"incomplete"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", SPECIMENS)
def test_syntax_trees(name, face, protocol):
    compare(face, SPECIMENS[name], protocol, name not in NOT_READ_BACK)


@pytest.mark.parametrize("module_name", LARGER)
def test_larger_modules(module_name, face, protocol):
    tree = tree_of(module_name)
    same_bytes(face, lambda: tree, protocol)
