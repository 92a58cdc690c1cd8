"""Rows of a table, each answered by a process of its own.

So what one workload leaves in memory, as room that the C library has learnt to keep, is no part of the next
one's figures.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.timing import mean
from benchmarks.workloads import WORKLOADS


def rows(question: str, only: str | None, quick: bool) -> Iterator[tuple[str, list[float]]]:
    """The name of each workload, and what `row(name, quick)` of the question's module says of it.

    A workload whose library is missing is left out, and said so.
    """
    for name in WORKLOADS:
        if only and only not in name:
            continue
        options = ["quick"] if quick else []
        command = [sys.executable, "-m", "benchmarks.alone", question, name, *options]
        child = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if child.returncode:
            sys.exit(f"{name}: exit code {child.returncode}")
        told = json.loads(child.stdout.splitlines()[-1])
        if isinstance(told, str):
            print(f"{name:30}  left out: {told}")
        else:
            yield name, told


def print_table(titles: list[str], found: Iterator[tuple[str, list[float]]], ratios: int) -> None:
    """Prints rows as they come, and the means of the first columns, which are ratios."""
    width = max(21, *(len(title) + 2 for title in titles))
    print(f"{'':30}" + "".join(f"{title:>{width}}" for title in titles), flush=True)
    printed: list[tuple[bool, list[float]]] = []
    for name, figures in found:
        digits = [2] * ratios + [1] * (len(figures) - ratios)
        columns = zip(figures, digits, strict=True)
        print(f"{name:30}" + "".join(f"{figure:{width}.{n}f}" for figure, n in columns), flush=True)
        printed.append((WORKLOADS[name][1], figures[:ratios]))
    for title, wanted in (("geometric mean", (True, False)), ("... of object-heavy ones", (True,))):
        chosen = [figures for is_object_heavy, figures in printed if is_object_heavy in wanted]
        means = [mean(list(column)) for column in zip(*chosen, strict=True)]
        print(f"{title:30}" + "".join(f"{figure:{width}.2f}" for figure in means))


def main() -> None:
    """The child: prints what it is asked for as JSON."""
    question, name, *options = sys.argv[1:]
    try:
        told = importlib.import_module(f"benchmarks.{question}").row(name, bool(options))
    except ImportError as missing:
        told = str(missing)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
