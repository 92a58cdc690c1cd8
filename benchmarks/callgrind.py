"""Runs a piece of Python under valgrind's callgrind, and counts what happens between two marks.

Callgrind counts instructions and calls, which a busy machine does not change. It writes the counts
down, and begins anew, whenever the function of the C library that `mark` calls is entered: so each
part between two marks has counts of its own, without the interpreter's start and the making of data.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parent.parent

# A function that the interpreter calls for `os.getpriority` and for nothing else.
MARK = "getpriority"


def mark() -> None:
    """Ends a part, and begins the next."""
    os.getpriority(os.PRIO_PROCESS, 0)


@dataclasses.dataclass
class Part:
    """What was counted between two marks."""

    # Instructions by the file of machine code (a program or a shared library) that holds them.
    instructions: Counter[str] = dataclasses.field(default_factory=Counter)
    # Calls by source file of the caller, name of the callee and source file of the callee.
    calls: Counter[tuple[str, str, str]] = dataclasses.field(default_factory=Counter)

    def total(self) -> int:
        return self.instructions.total()

    def of_ours(self) -> int:
        """Instructions of the extension module's own code."""
        return sum(count for name, count in self.instructions.items() if "_oxipickle" in name)


# A name is written out once, with a number, and then told by its number.
NAMED = re.compile(r"^(ob|fl|fi|fe|fn|cob|cfi|cfl|cfn)=\((\d+)\)(?: (.*))?$")
# Names are numbered apart by what they name.
KINDS = {"ob": "ob", "cob": "ob", "fn": "fn", "cfn": "fn"}


class Reader:
    """Reads the files of one process in order: a number that an earlier file explained stays known."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, str], str] = {}

    def read(self, path: pathlib.Path) -> Part:
        part = Part()
        now = dict.fromkeys(("ob", "fl", "fn", "cfl", "cfn"), "")
        # A line that follows `calls=` is the callee's whole cost, which its own lines tell too.
        is_cost_of_call = False
        for line in path.read_text(errors="replace").splitlines():
            if found := NAMED.match(line):
                self._name(now, *found.groups())
            elif line.startswith("calls="):
                count = int(line[len("calls=") :].split()[0])
                part.calls[now["fl"], now["cfn"], now["cfl"] or now["fl"]] += count
                now["cfl"] = ""
                is_cost_of_call = True
            elif line[:1].isdigit() or line[:1] in ("+", "-", "*"):
                if not is_cost_of_call:
                    part.instructions[now["ob"]] += int(line.split()[1])
                is_cost_of_call = False
        return part

    def _name(self, now: dict[str, str], what: str, number: str, name: str | None) -> None:
        kind = KINDS.get(what, "fl")
        if name is not None:
            self.names[kind, number] = name
        name = self.names[kind, number]
        if what in ("cfi", "cfl"):
            now["cfl"] = name
        elif what in ("fi", "fe"):
            now["fl"] = name
        elif what != "cob":
            now[what] = name


def is_installed() -> bool:
    return shutil.which("valgrind") is not None


def parts(function: str, *args: str) -> Iterator[Part]:
    """What was counted between the marks that `function`, as "module.name", sets."""
    module, name = function.rsplit(".", 1)
    code = f"import sys; from {module} import {name}; {name}(*sys.argv[1:])"
    # What else the environment holds would move memory, and with it the order of some tables.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    environment = kept | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        base = pathlib.Path(folder, "counts")
        valgrind = ["valgrind", "--tool=callgrind", f"--dump-before={MARK}", f"--callgrind-out-file={base}"]
        done = subprocess.run(
            [*valgrind, sys.executable, "-c", code, *args],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()
            raise RuntimeError("\n".join(line for line in last if not line.startswith("==")))
        reader = Reader()
        files = sorted(base.parent.glob("counts.*"), key=lambda path: int(path.suffix[1:]))
        # What comes before the first mark, and after the last, is the interpreter's start and end.
        before, *between = (reader.read(path) for path in files)
        yield from between
