"""The time of `import oxipickle` beside `import pickle`, in milliseconds, each in fresh processes.

"clock" is told by a clock around the import, "importtime" by `-X importtime`, whose own cost is in it
and larger. Below stand the modules that take the most of `import oxipickle`, by themselves.
"""

import re
import statistics
import subprocess
import sys

PROCESSES = 60
FEW_PROCESSES = 5
MODULES = ("pickle", "oxipickle")
# So many modules are told of, the dearest first.
DEAREST = 8

CLOCK = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"
LINE = re.compile(r"^import time:\s*(\d+) \|\s*(\d+) \|\s*(\S+)$", re.MULTILINE)


def python(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)


def by_clock(module: str) -> float:
    return float(python("-c", CLOCK.format(module)).stdout) * 1e3


def by_importtime(module: str) -> dict[str, tuple[float, float]]:
    """By module, the time that it took by itself, and with what it imported."""
    told = LINE.findall(python("-X", "importtime", "-c", f"import {module}").stderr)
    # What the interpreter imports as it starts ends with `site`.
    started = [name for *_, name in told].index("site") + 1
    return {name: (int(own) / 1e3, int(whole) / 1e3) for own, whole, name in told[started:]}


def main(only: str | None, quick: bool) -> None:
    clock: dict[str, list[float]] = {module: [] for module in MODULES}
    told: dict[str, list[float]] = {module: [] for module in MODULES}
    own: dict[str, list[float]] = {}
    for turn in range(FEW_PROCESSES if quick else PROCESSES):
        for module in MODULES if turn % 2 else reversed(MODULES):
            clock[module].append(by_clock(module))
            times = by_importtime(module)
            told[module].append(times[module][1])
            if module == "oxipickle":
                for name, (itself, _) in times.items():
                    own.setdefault(name, []).append(itself)
    print(f"{'':30}" + "".join(f"{title:>12}" for title in (*MODULES, "difference")))
    for how, times_of in (("clock", clock), ("importtime", told)):
        for what, of in (("least", min), ("median", statistics.median)):
            theirs, ours = (of(times_of[module]) for module in MODULES)
            print(f"{f'{how}, {what}':30}{theirs:12.2f}{ours:12.2f}{ours - theirs:12.2f}")
    print("\nby itself, median of importtime")
    medians = {name: statistics.median(times) for name, times in own.items()}
    for name in sorted(medians, key=medians.__getitem__, reverse=True)[:DEAREST]:
        print(f"  {name:40}{medians[name]:12.2f}")
