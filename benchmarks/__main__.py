"""Prints the tables of figures that are asked for: `python -m benchmarks [QUESTION ...]`.

Without a question, the table of ratios. Several questions, as "all", have a process each. Bytes are
compared before anything is timed; absolute times are those of the machine, ratios are what counts.
"""

import argparse
import importlib
import platform
import subprocess
import sys

QUESTIONS = {
    "ratios": "time over all workloads, against C, `_Pickler` and torch.package",
    "loads": "loading all workloads, against C and torch.package",
    "clients": "joblib, dill, datasets, torch.package and hooks, before `install()` and under it",
    "tiny": "calls that pickle next to nothing, against C",
    "fresh": "the first dump of fresh instances, against C",
    "memory": "peak memory of a dump, against C",
    "scale": "cost per object at 10⁴ to 10⁷ objects",
    "floor": "what libraries' own code takes of the rows where it is most, called directly",
    "imports": "the time of `import oxipickle` beside `import pickle`",
    "look": "scans, `genops`, `dis` and `optimize`, against `pickletools`",
    "profile": "instructions per object of each workload, against C",
    "calls": "calls of our own functions per element, in a build without optimisation",
    "readme": "first dumps against C, `_Pickler`, dill and msgspec; writes the README's table and picture",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog="; ".join(f"{name}: {what}" for name, what in QUESTIONS.items()),
    )
    # The choice of "all" leaves nothing out.
    parser.add_argument("question", nargs="*", choices=[*QUESTIONS, "all"], default="ratios")
    parser.add_argument("--only", help="rows whose name contains this")
    parser.add_argument("--quick", action="store_true", help="leave out the slow peers and the largest sizes")
    options = parser.parse_args()

    asked = [options.question] if isinstance(options.question, str) else options.question
    asked = list(QUESTIONS) if "all" in asked else asked
    if len(asked) > 1:
        failed = [name for name in asked if asked_alone(name, options.only, options.quick)]
        sys.exit(f"failed: {', '.join(failed)}" if failed else 0)
    question = importlib.import_module(f"benchmarks.{asked[0]}")
    print(
        f"CPython {platform.python_version()}\n\n{asked[0]}: {question.__doc__.splitlines()[0]}", flush=True
    )
    question.main(options.only, options.quick)


def asked_alone(name: str, only: str | None, quick: bool) -> int:
    """The exit code of a process that answers one question."""
    options = [*(["--only", only] if only else []), *(["--quick"] if quick else [])]
    return subprocess.run([sys.executable, "-m", "benchmarks", name, *options]).returncode


if __name__ == "__main__":
    main()
