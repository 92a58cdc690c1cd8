"""Runs one program of the documentation, in a process of its own and in a folder that is thrown away.

Takes the blocks, as a list of pairs (language, code) in JSON, on stdin, and gives a list of what each prints
on stdout.
"""

import contextlib
import io
import json
import pathlib
import subprocess
import sys
import traceback
import types


def run_python(main, code):
    """What the block prints; with the end of a traceback, as the interpreter shows it, where it raises."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(code, main.__file__, "exec"), vars(main))
        except Exception as error:
            print("Traceback (most recent call last):\n  ...")
            print("".join(traceback.format_exception_only(error)), end="")
    return out.getvalue()


def run_console(code):
    """The block as it looks on a terminal: each command, and what it prints."""
    shown = ""
    for line in code.splitlines():
        if line.startswith("$ "):
            done = subprocess.run(
                line[2:],
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            shown += f"{line}\n{done.stdout}"
    return shown


def main():
    blocks = json.load(sys.stdin)
    # Processes that a program spawns run it again, as a module of another name.
    path = pathlib.Path("program.py").absolute()
    path.write_text("".join(code for language, code in blocks if language == "python"), encoding="utf-8")
    program = types.ModuleType("__main__")
    program.__file__ = str(path)
    sys.modules["__main__"] = program
    sys.path[0] = str(path.parent)
    printed = []
    for language, code in blocks:
        printed.append(run_python(program, code) if language == "python" else run_console(code))
    json.dump(printed, sys.__stdout__)
    sys.__stdout__.flush()


if __name__ == "__main__":
    main()
