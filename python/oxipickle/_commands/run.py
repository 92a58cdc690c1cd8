"""`run`: runs a program, or a module, with oxipickle installed."""

import argparse
import builtins
import importlib.machinery
import io
import os
import pkgutil
import runpy
import sys
import types

from oxipickle import install


def _code(path: str) -> types.CodeType:
    """The code of a script, which may be compiled already."""
    with io.open_code(path) as file:
        compiled: types.CodeType | None = pkgutil.read_code(file)
    if compiled is not None:
        return compiled
    with io.open_code(path) as file:
        return compile(file.read(), path, "exec")


def _run_script(path: str, main: types.ModuleType) -> None:
    path = os.path.abspath(path)
    code = _code(path)
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(path))
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    vars(main).update(__file__=path, __cached__=None, __loader__=loader, __builtins__=builtins)
    exec(code, vars(main))


def run(options: argparse.Namespace, arguments: list[str]) -> None:
    """Runs the program with its own arguments. Raises what the program raises."""
    install(functions=options.functions)
    sys.argv = [options.program, *arguments]
    # A module of its own, which stays: threads and exit handlers look for it when the program is over.
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    if options.module:
        runpy._run_module_as_main(options.program)  # type: ignore[attr-defined]
    elif pkgutil.get_importer(options.program) is None:
        _run_script(options.program, main)
    else:
        # A directory or an archive.
        sys.path[0] = os.path.abspath(options.program)
        runpy._run_module_as_main("__main__", alter_argv=False)  # type: ignore[attr-defined]
