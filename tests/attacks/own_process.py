"""Runs an attack in an interpreter of its own, where it may die without taking the tests along.

    run(attack, "lean", 4)

imports the attack's module in a fresh interpreter, calls the function there, and returns what it
returned, which has to be a literal. An interpreter that dies, or ends with an exception, fails the
test with what it said last. The allocator is the debugging one unless told otherwise: it overwrites
what is freed, so that whoever still reads it is found out. Where `OXIPICKLE_CHECKER` names a memory
checker, as `make sanitize` does, the interpreter runs under it, unless its memory is limited: the
checker's own would count. Where `OXIPICKLE_WATCH` is set, as by `make watch`, it is watched.
"""

import ast
import inspect
import os
import pathlib
import shlex
import subprocess
import sys

SECONDS = 120

# How many times slower an interpreter is under a memory checker, at the most.
SLOWER = 20


def run(attack, *args, memory=None, allocator="debug", seconds=SECONDS):
    """What `attack(*args)` returns in an interpreter that may map `memory` bytes more than it has.

    One that takes longer than `seconds` fails the test too.
    """
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    if allocator:
        env["PYTHONMALLOC"] = allocator
    checker = [] if memory else shlex.split(os.environ.get("OXIPICKLE_CHECKER", ""))
    if checker:
        # The debugging allocator, with blocks from the C library: the checker knows where these end.
        env["PYTHONMALLOC"] = "malloc_debug"
    module = pathlib.Path(inspect.getsourcefile(attack))
    # A checker shows the stack itself, and takes the one of the fault handler for a fault.
    ahead = checker + [sys.executable] if checker else [sys.executable, "-X", "faulthandler"]
    command = [*ahead, __file__, str(module), attack.__name__]
    done = subprocess.run(
        [*command, repr(args), repr(memory)],
        env=env,
        capture_output=True,
        text=True,
        timeout=seconds * (SLOWER if checker else 1),
        cwd=module.parent,
    )
    assert done.returncode == 0, f"ended with {done.returncode}\n{done.stdout[-500:]}\n{done.stderr[-30000:]}"
    return ast.literal_eval(done.stdout.splitlines()[-1])


def limit_memory(more):
    """Lets this process map so many bytes more than it has; None lifts the limit."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = hard
    if more is not None:
        with open("/proc/self/statm", encoding="ascii") as file:
            soft = int(file.read().split()[0]) * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def grow_the_stack():
    """Uses megabytes of the native stack: now and then valgrind fails to grow it where a signal comes."""
    nested, limit = [], sys.getrecursionlimit()
    for _ in range(20_000):
        nested = [nested]
    sys.setrecursionlimit(25_000)
    repr(nested)
    sys.setrecursionlimit(limit)


def main(module, name, args, memory):
    if os.environ.get("OXIPICKLE_CHECKER"):
        grow_the_stack()
    sys.path.insert(0, os.path.dirname(module))
    attack = getattr(__import__(pathlib.Path(module).stem), name)
    if memory != "None":
        limit_memory(int(memory))
    if os.environ.get("OXIPICKLE_WATCH"):
        import watchman

        with watchman.watching():
            result = attack(*ast.literal_eval(args))
        if seen := watchman.reports():
            sys.exit("\n".join(seen))
    else:
        result = attack(*ast.literal_eval(args))
    print(repr(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
