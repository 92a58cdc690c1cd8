"""The parser of the command line, and what each command calls."""

import argparse
import os
import sys
import warnings

from oxipickle._oxipickle import __version__

# Bytes that come of a compressed file or member, or of a pipe, at the most.
LIMIT = 1 << 30

FILES = "a pickle, a zip archive of pickles as torch's, or a file compressed as joblib's; - for stdin"


def _size(text: str) -> int:
    """A number of bytes, with K, M or G for powers of 1024."""
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:].upper(), 1)
    number = text[:-1] if factor > 1 else text
    if not (number.isascii() and number.isdecimal()):
        raise argparse.ArgumentTypeError(f"no size: {text!r}")
    return int(number[:20]) * factor


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m oxipickle",
        description="The hookable pickler at native speed. All commands but `run` look at pickles without "
        "loading them: nothing that a pickle names is imported or called. What is broken ends in a line on "
        "stderr and exit code 2.",
    )
    parser.add_argument("--version", action="version", version=f"oxipickle {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    limited = argparse.ArgumentParser(add_help=False)
    limited.add_argument(
        "--limit",
        type=_size,
        default=LIMIT,
        metavar="SIZE",
        help="bytes that a compressed file, a member or a pipe may have at the most (default 1G)",
    )
    looking = argparse.ArgumentParser(add_help=False, parents=[limited])
    looking.add_argument("files", nargs="+", metavar="FILE", help=FILES)
    looking.add_argument("--member", metavar="NAME", help="look at this member of a zip archive")
    looking.add_argument("--json", action="store_true", help="print an object on each line, for machines")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[looking], help=words, description=f"{words.capitalize()}.")

    dis = command("dis", "show the instructions of pickles, as pickletools.dis does")
    dis.add_argument("-a", "--annotate", action="store_true", help="say in a few words what each opcode does")
    dis.add_argument("-m", "--memo", action="store_true", help="keep the memo from one pickle to the next")
    command("globals", "list the modules and names that pickles need to be loaded")
    command("check", "say whether pickles are well-formed, and where they are broken")
    stats = command("stats", "count the bytes of pickles, by opcode and by global")
    stats.add_argument("--all", action="store_true", help="leave out no row")

    optimize = commands.add_parser(
        "optimize",
        parents=[limited],
        help="drop what pickles store in the memo and never fetch",
        description="Writes the pickles of a file without what they store in the memo and never fetch. "
        "Each is taken for one that is loaded on its own.",
    )
    optimize.add_argument("source", metavar="IN", help="a file of pickles; - for stdin")
    optimize.add_argument("target", metavar="OUT", help="the file to write; - for stdout")

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
    return parser


def _parsed(words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """The command, and the arguments that are a program's own."""
    places = [at for at, word in enumerate(words) if not word.startswith("-")]
    end = len(words)
    if places and words[places[0]] == "run" and len(places) > 1:
        # Behind the second word that is no option everything is the program's: `--` and `-m` too.
        end = places[1] + 1
    return _parser().parse_args(words[:end]), words[end:]


def look(options: argparse.Namespace) -> int:
    """Carries out a command other than `run`, and gives the exit code."""
    with warnings.catch_warnings():
        # An escape that Python does not know is the business of who wrote the pickle.
        warnings.simplefilter("ignore")
        return _look(options)


def _look(options: argparse.Namespace) -> int:
    from oxipickle._commands.show import plain_output

    plain_output()
    if options.command == "optimize":
        from oxipickle._commands.optimize import optimize

        return optimize(options)
    from oxipickle._commands.visit import Command, Visit

    command: Command
    if options.command == "dis":
        from oxipickle._commands.dis import dis as command
    elif options.command == "globals":
        from oxipickle._commands.globals import globals_ as command
    elif options.command == "check":
        from oxipickle._commands.check import check as command
    else:
        from oxipickle._commands.stats import stats as command
    return Visit(command, options).run()


def main() -> None:
    """Carries out the command line. Exits with 0, or with 2 where something can't be read; under `run` raises
    what the program raises."""
    options, arguments = _parsed(sys.argv[1:])
    if options.command == "run":
        from oxipickle._commands.run import run

        run(options, arguments)
        return
    try:
        code = look(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has enough of it; the interpreter is not to try again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
