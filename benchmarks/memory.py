"""Peak memory of `dumps`, in MiB, beside that of C's, each in a process of its own.

What counts is how far the process's high-water mark (VmHWM) rises above what it held when the data
was built: the pickle itself, the memo, and whatever else is needed on the way. The code of all libraries
is in memory by then, and does not count. The bytes are compared after that, in the same process, since data
may hold addresses.
"""

import pathlib
import subprocess
import sys

from benchmarks.timing import mean
from benchmarks.workloads import WORKLOADS

PROTOCOL = 4

CHILD = """
import ctypes, gc, sys
import pickle, oxipickle
from benchmarks.workloads import WORKLOADS

def status(field):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field))

def read_libraries():
    libc, populate_read = ctypes.CDLL(None), 22
    with open("/proc/self/maps") as file:
        ranges = [line.split()[0] for line in file if ".so" in line]
    for each in ranges:
        begin, end = (int(address, 16) for address in each.split("-"))
        libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), populate_read)

try:
    obj = WORKLOADS[sys.argv[1]][0]()
except ImportError as missing:
    sys.exit(f"left out: {missing}")
dumps = {"ours": oxipickle.dumps, "C": pickle.dumps}[sys.argv[2]]
# What is imported and cached by the first dump is not its memory.
protocol = int(sys.argv[3])
dumps([1, "text"], protocol)
gc.collect()
read_libraries()
try:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
except OSError:
    pass
before = status("VmRSS:")
pickled = dumps(obj, protocol)
print(status("VmHWM:") - before)
if pickled != pickle.dumps(obj, protocol):
    sys.exit("the bytes differ")
"""


def peak(name: str, whose: str) -> int:
    """KiB above what the data took; ImportError where nothing came of it."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD, name, whose, str(PROTOCOL)],
        capture_output=True,
        text=True,
        cwd=pathlib.Path(__file__).parent.parent,
    )
    if child.returncode:
        last = child.stderr.strip().splitlines()[-1]
        if last.startswith("left out"):
            raise ImportError(last)
        sys.exit(f"{name}: {last}")
    return int(child.stdout)


def main(only: str | None, quick: bool) -> None:
    print(f"{'':30}{'ours, MiB':>12}{'C, MiB':>12}{'ours / C':>12}")
    ratios = []
    for name in WORKLOADS:
        if only and only not in name:
            continue
        try:
            ours, theirs = peak(name, "ours"), peak(name, "C")
        except ImportError as left_out:
            print(f"{name:30}  {left_out}")
            continue
        ratios.append(max(ours, 1) / max(theirs, 1))
        print(f"{name:30}{ours / 1024:12.1f}{theirs / 1024:12.1f}{ratios[-1]:12.2f}", flush=True)
    if ratios:
        print(f"{'geometric mean':54}{mean(ratios):12.2f}")
