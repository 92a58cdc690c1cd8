"""Dependencies of the modules in Python point one way too: no circle of imports, late ones included.

What the native module imports by name is not seen, nor what `__init__` imports when it is asked for a name.
"""

import ast
import graphlib
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parents[2] / "python" / "oxipickle"


def modules(root):
    """The package's modules, by their whole names."""
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def imported(name, file, known):
    """The modules of the package that a file imports, at its top or later on."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports by a relative name"
            for alias in node.names:
                # What is taken out of a package may be one of its modules.
                whole = f"{node.module}.{alias.name}"
                if whole in known or node.module in known:
                    yield whole if whole in known else node.module


def circle(root):
    """Modules of which each imports the next, and the last the first, as text; None where there is none."""
    known = dict(modules(root))
    arrows = {name: set(imported(name, file, known)) - {name} for name, file in known.items()}
    try:
        graphlib.TopologicalSorter(arrows).prepare()
    except graphlib.CycleError as error:
        # The sorter names what comes before first.
        return " -> ".join(reversed(error.args[1]))
    return None


def test_no_circle_of_modules():
    assert circle(PACKAGE) is None


CLEAN = {
    "__init__.py": "from top.above import f",
    "above.py": "def f():\n    from top import below\n    import json",
    "below.py": "import top.lowest",
    "lowest.py": "",
}


def tree(root, files):
    for name, text in files.items():
        path = root / "top" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root / "top"


def test_a_clean_tree_passes(tmp_path):
    assert circle(tree(tmp_path, CLEAN)) is None


@pytest.mark.parametrize(
    "text",
    [
        "import top.above",
        "from top.above import f",
        "from top import above",
        "def g():\n    import top.above as other",
        "if TYPE_CHECKING:\n    from top.above import f",
    ],
)
def test_a_circle_is_named(text, tmp_path):
    found = circle(tree(tmp_path, {**CLEAN, "lowest.py": text}))
    assert set(found.split(" -> ")) == {"top.above", "top.below", "top.lowest"}
