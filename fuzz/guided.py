"""Runs a coverage-guided target, linked to the interpreter that runs this file.

    python fuzz/guided.py loader --minutes 10
    python fuzz/guided.py loader --keep

Takes what it needs beside the seeds from `fuzz/corpus/`, and leaves there what it finds; what fails
is left in `fuzz/artifacts/`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent

# Bytes of the longest pickle that is tried, and of the longest that is kept.
LONGEST = {"reader": 4096, "loader": 2048}
LONGEST_KEPT = 1024

LIMITS = [
    "-rss_limit_mb=2048",
    # What a pickle claims must not be allocated for.
    "-malloc_limit_mb=64",
    "-timeout=20",
    # The interpreter ends with much that it does not free.
    "-detect_leaks=0",
    "-print_final_stats=1",
]


def environment():
    """Tells the build which interpreter it is for, and the interpreter where its files are."""
    libraries = [sysconfig.get_config_var("LIBDIR"), os.environ.get("LD_LIBRARY_PATH")]
    return os.environ | {
        "PYO3_PYTHON": sys.executable,
        "PYTHONHOME": sys.base_prefix,
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
        # Each object is a block of its own, so that the sanitizer sees one used after its end.
        "PYTHONMALLOC": "malloc",
        "PYTHONHASHSEED": "0",
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=64",
    }


def fuzz(command, target, *rest):
    call = ["cargo", "+nightly", "fuzz", command, target, *rest]
    return subprocess.run(call, cwd=ROOT.parent, env=environment()).returncode


def keep(target, corpus, seeds):
    """Makes the fewest pickles that lead everywhere known the new seeds, but for the long ones."""
    with tempfile.TemporaryDirectory() as folder:
        for known in [*seeds.iterdir(), *corpus.iterdir()]:
            if known.stat().st_size <= LONGEST_KEPT:
                shutil.copy(known, folder)
        # Where they lead counts, and not how often each place is passed.
        if fuzz("cmin", target, folder, "--", "-use_counters=0", "-detect_leaks=0"):
            return 1
        shutil.rmtree(seeds)
        seeds.mkdir()
        for found in Path(folder).iterdir():
            shutil.copy(found, seeds / found.name[:16])
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=LONGEST)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--keep", action="store_true", help="make seeds of what was found before")
    options = parser.parse_args()
    corpus, seeds = (ROOT / folder / options.target for folder in ("corpus", "seeds"))
    corpus.mkdir(parents=True, exist_ok=True)
    if options.keep:
        sys.exit(keep(options.target, corpus, seeds))
    limits = [*LIMITS, f"-max_total_time={options.minutes * 60:.0f}", f"-max_len={LONGEST[options.target]}"]
    dictionary = ROOT / f"{options.target}.dict"
    if dictionary.exists():
        limits.append(f"-dict={dictionary}")
    sys.exit(fuzz("run", options.target, str(corpus), str(seeds), "--", *limits))


if __name__ == "__main__":
    main()
