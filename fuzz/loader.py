"""Any bytes at all, for as long as wanted: ours beside the interpreter's two classes.

    python fuzz/loader.py --minutes 10

What differs is written to `fuzz/found/`, to become a row of `tests/oracles/test_odd_pickles.py`.
"""

import argparse
import hashlib
import pickle
import random
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent / "tests" / "property"))

import closed  # noqa: E402
import oxipickle  # noqa: E402
import ways  # noqa: E402
from oracle import Oracle, differ, differ_from_python, outcome  # noqa: E402

# The first word of each line of an outcome tells it from others, though not of very many lines.
KINDS = re.compile(r"^(?:value |error )?#?(\w+)", re.MULTILINE)
MOST_KINDS = 6

OPCODES = bytes(pickle_opcode[1] for pickle_opcode in oxipickle._oxipickle.opcode_table())


def seeds():
    """Pickles to begin with: where the guided target got to, and what picklers make of the closed
    world in every protocol."""
    for seed in sorted((ROOT / "seeds" / "loader").iterdir()):
        yield seed.read_bytes()
    thing, slotted = closed.Thing(), closed.Slotted()
    thing.a, thing.b = [1, {"k": thing}], (2.5, None, True)
    slotted.a, slotted.b = "text", b"bytes"
    things = [closed.Thing() for _ in range(300)]
    for i, one in enumerate(things):
        one.a, one.b = i, str(i)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.dumps(
            [1, -1, 1 << 40, 1 << 90, 2.5, "x", "é" * 300, b"y", (1, 2), {3}, frozenset({4})], protocol
        )
        yield pickle.dumps([thing, closed.Listed([1, 2]), closed.Named(a=1), bytearray(b"z")], protocol)
        yield pickle.dumps(things, protocol)
        if protocol >= 2:
            yield pickle.dumps([slotted, slotted], protocol)
            yield pickle.dumps([closed.Slotted() for _ in range(3)] + [slotted] * 300, protocol)


def mutate(draw, corpus):
    """Some pieces of pickles, with some bytes changed."""
    data = bytearray(draw.choice(corpus))
    for _ in range(draw.randrange(1, 6)):
        at = draw.randrange(len(data) + 1)
        what = draw.randrange(6)
        if what == 0:
            data[at : at + 1] = bytes([draw.randrange(256)])
        elif what == 1:
            data[at:at] = bytes([draw.choice(OPCODES)])
        elif what == 2:
            del data[at : at + draw.randrange(1, 9)]
        elif what == 3:
            other = draw.choice(corpus)
            start = draw.randrange(len(other) + 1)
            data[at:at] = other[start : start + draw.randrange(1, 40)]
        elif what == 4:
            start = draw.randrange(len(data) + 1)
            data[at:at] = data[start : start + draw.randrange(1, 20)]
        else:
            data[at : at + 1] = bytes([draw.choice(OPCODES)])
    return bytes(data)


def differences(data, lean_model, hookable_model):
    """Where ours differs: from which model, what that says, and what ours does."""
    expected, ours = lean_model.ask(data), outcome(ways.LEAN, data)
    if differ(expected, ours, data):
        yield "C", expected, ours
    in_memory, comparable = ways.in_memory(data)
    # `loads` takes other ways than an unpickler object: where it succeeds, it has to agree.
    if in_memory.startswith("value") and comparable and differ(expected, in_memory, data):
        yield "C", expected, f"loads: {in_memory}"
    expected, hookable = hookable_model.ask(data), outcome(ways.HOOKABLE, data)
    if differ_from_python(expected, hookable, data):
        yield "Python", expected, hookable


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    draw, corpus = random.Random(options.seed), list(seeds())
    models = Oracle(pickle.Unpickler), Oracle(pickle._Unpickler)
    seen, tried, different = set(), 0, 0
    end = time.monotonic() + options.minutes * 60
    while time.monotonic() < end:
        data = mutate(draw, corpus)
        tried += 1
        for model, expected, ours in differences(data, *models):
            different += 1
            found = ROOT / "found"
            found.mkdir(exist_ok=True)
            (found / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
            print(f"different: {data!r}\n  {model:6} {expected[:200]}\n  ours   {ours[:200]}", flush=True)
        # What loads in a way not met before is worth changing further.
        kind = tuple(KINDS.findall(outcome(ways.LEAN, data))[:MOST_KINDS])
        if kind not in seen and len(data) < 4000:
            seen.add(kind)
            corpus.append(data)
    for model in models:
        model.close()
    print(f"{tried} pickles, {len(corpus)} kept, {different} different")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
