"""What may be imported in several threads at once."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parents[2] / "python" / "oxipickle"
# A command runs in a process of its own, in one thread.
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if "_commands" not in path.parts]


def run_time_imports(node):
    """The modules out of which names are imported when a module runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom):
            yield child.module
        elif not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from run_time_imports(child)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_name_is_taken_out_of_collections_abc(path):
    """In 3.13.0 that module puts another in its own place while it is imported, and a thread that waits for
    it finds the first one, which is empty. `import collections.abc` finds the other."""
    assert "collections.abc" not in run_time_imports(ast.parse(path.read_text(encoding="utf-8")))
