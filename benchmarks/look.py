"""Looking at pickles: scans in MB/s, and `genops`, `dis` and `optimize` beside `pickletools`' own.

For each workload and protocol 4 and 0: a scan of the opcodes without objects, a check, and how many times
faster ours is, with nanoseconds for an instruction of `genops`. Results are compared first.
"""

import collections
import io
import pickle
import pickletools
import sys

import oxipickle
from oxipickle import _oxipickle

from benchmarks import workloads
from benchmarks.timing import least_times, mean

PROTOCOLS = (4, 0)

# Small ones: `pickletools` takes its time.
WORKLOADS = {
    "JSON-like records": lambda: workloads.json_like_records(2_000),
    "ints": lambda: workloads.ints(50_000),
    "floats": lambda: workloads.floats(50_000),
    "strings": lambda: workloads.strings(30_000),
    "dataclass instances": lambda: workloads.dataclass_instances(5_000),
    "values of the stdlib": lambda: workloads.values_of_the_stdlib(1_000),
}


def exhaust(iterator):
    collections.deque(iterator, 0)


def shown(module, data):
    out = io.StringIO()
    module.dis(data, out)
    return out.getvalue()


# What is done with a pickle, by `oxipickle` or `pickletools`; the first gives what is compared.
WAYS = {
    "genops": (lambda module, data: list(module.genops(data)), lambda m, data: exhaust(m.genops(data))),
    "dis": (shown, shown),
    "optimize": (lambda module, data: module.optimize(data), lambda m, data: m.optimize(data)),
}


def main(only: str | None, quick: bool) -> None:
    print(
        f"{'workload, protocol':34}{'scan, MB/s':>12}{'check, MB/s':>13}{'genops, ns':>12}"
        f"{''.join(f'{way:>10}' for way in WAYS)}"
    )
    ratios: dict[str, list[float]] = {way: [] for way in WAYS}
    for name, make in WORKLOADS.items():
        for protocol in PROTOCOLS[: 1 if quick else 2]:
            title = f"{name}, {protocol}"
            if only and only not in title:
                continue
            data = pickle.dumps(make(), protocol)
            size = len(data) / 1e6
            scan, check = least_times(
                [lambda: _oxipickle.census(data, 0), lambda: _oxipickle.Survey(data).check(0)]
            )
            line = f"{title:34}{size / scan:12.0f}{size / check:13.0f}"
            times = []
            for way, (compared, timed) in WAYS.items():
                if compared(oxipickle, data) != compared(pickletools, data):
                    sys.exit(f"{title}: {way} differs")
                ours = least_times([lambda: timed(oxipickle, data)])[0]
                theirs = least_times([lambda: timed(pickletools, data)], slow=True)[0]
                ratios[way].append(theirs / ours)
                times.append(ours)
            count = sum(1 for _ in oxipickle.genops(data))
            line += f"{times[0] / count * 1e9:12.0f}"
            print(line + "".join(f"{ratios[way][-1]:10.1f}" for way in WAYS), flush=True)
    if ratios["genops"]:
        means = "".join(f"{mean(ratios[way]):10.1f}" for way in WAYS)
        print(f"{'geometric mean, times faster':71}{means}")
