"""`python -m oxipickle run PROGRAM ...`: runs a program, or a module, with oxipickle installed."""

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


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    """The command, and the arguments that are the program's own."""
    parser = argparse.ArgumentParser(
        prog="python -m oxipickle",
        description="The hookable pickler at native speed.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="run a program whose picklers are served natively",
        usage="%(prog)s [-h] [-f] [-m] PROGRAM ...",
        description="Runs a program with oxipickle installed: every subclass of pickle._Pickler and "
        "pickle._Unpickler is served natively. Processes that the program starts are not.",
    )
    run.add_argument("-f", "--functions", action="store_true", help="serve pickle.dumps and the like too")
    run.add_argument("-m", dest="module", action="store_true", help="PROGRAM is the name of a module")
    run.add_argument("program", metavar="PROGRAM", help="the path of a script, or a module's name")
    words = sys.argv[1:]
    # Behind the second word that is no option everything is the program's: `--` and `-m` too.
    places = [at for at, word in enumerate(words) if not word.startswith("-")]
    end = places[1] + 1 if len(places) > 1 else len(words)
    return parser.parse_args(words[:end]), words[end:]


def _code(path: str) -> types.CodeType:
    """The code of a script, which may be compiled already."""
    with io.open_code(path) as file:
        compiled = pkgutil.read_code(file)
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


def main() -> None:
    """Carries out the command line. Raises what the program raises."""
    command, arguments = _arguments()
    install(functions=command.functions)
    sys.argv = [command.program, *arguments]
    # A module of its own, which stays: threads and exit handlers look for it when the program is over.
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    if command.module:
        runpy._run_module_as_main(command.program)  # type: ignore[attr-defined]
    elif pkgutil.get_importer(command.program) is None:
        _run_script(command.program, main)
    else:
        # A directory or an archive.
        sys.path[0] = os.path.abspath(command.program)
        runpy._run_module_as_main("__main__", alter_argv=False)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
