"""`python -m oxipickle stats`: what takes the bytes of a pickle."""

import collections
import json
import pickle
import pickletools

import pytest
from looked_at import SOUND


def told(command, path, *options):
    done = command("stats", "--json", *options, path)
    assert (done.code, done.err) == (0, "")
    [line] = done.lines
    return json.loads(line)


@pytest.mark.parametrize("data", SOUND[::3], ids=range(len(SOUND[::3])))
def test_opcodes_are_counted(command, saved, data):
    found = told(command, saved(data))
    counts, sizes = collections.Counter(), collections.Counter()
    instructions = list(pickletools.genops(data))
    for (opcode, _, at), following in zip(instructions, [*(i[2] for i in instructions[1:]), len(data)]):
        counts[opcode.name] += 1
        sizes[opcode.name] += following - at
    assert {row["opcode"]: (row["count"], row["bytes"]) for row in found["opcodes"]} == {
        name: (counts[name], sizes[name]) for name in counts
    }
    assert found["bytes"] == len(data) == sum(row["bytes"] for row in found["opcodes"])


@pytest.mark.parametrize("protocol", range(6))
def test_memo(command, saved, protocol):
    shared = ["a"]
    data = pickle.dumps([shared, shared, (1, 2)], protocol)
    memo = told(command, saved(data))["memo"]
    optimized = pickletools.optimize(data)
    fetched = [o for o, _, _ in pickletools.genops(optimized) if o.name == "MEMOIZE" or "PUT" in o.name]
    assert memo["fetched"] == len(fetched) == 1
    assert memo["stored"] > 3


def test_largest_strings(command, saved):
    data = pickle.dumps([b"x" * size for size in range(0, 400, 20)] + ["y" * 1000], 4)
    largest = told(command, saved(data))["largest"]
    assert [row["bytes"] for row in largest] == [1000, *range(380, 200, -20)]
    for row in largest:
        [(opcode, argument)] = [(o, a) for o, a, at in pickletools.genops(data) if at == row["offset"]]
        assert (opcode.name, len(argument)) == (row["opcode"], row["bytes"])


def test_bytes_of_what_globals_make(command, saved):
    small = pickle.dumps([collections.OrderedDict(a=1)], 4)
    large = pickle.dumps([collections.OrderedDict(a="x" * 1000)], 4)
    sizes = []
    for data in (small, large):
        [row] = told(command, saved(data))["globals"]
        assert (row["name"], row["objects"], row["times"]) == ("OrderedDict", 1, 1)
        sizes.append(row["bytes"])
    assert 1000 <= sizes[1] - sizes[0] <= 1010


def test_tables(command, saved):
    data = pickle.dumps([collections.OrderedDict(a=i) for i in range(9)], 4)
    out = command("stats", saved(data)).out
    assert "collections.OrderedDict" in out and "SHORT_BINUNICODE" in out and "memo: " in out
    assert "others" in command("stats", saved(pickle.dumps([SOUND, 1.5, {2}, None, True, 2**99], 4))).out
    everything = [1, 1.5, None, True, (1, 2), [3], {4: 5}, {6}, frozenset([7]), b"8", 2**99]
    assert "others" not in command("stats", "--all", saved(pickle.dumps(everything, 4))).out


def test_a_broken_pickle(command, saved):
    done = command("stats", saved(pickle.dumps(["a" * 50, "b"], 4)[:-4]))
    assert done.code == 2 and "at byte" in done.err and "largest strings" in done.out
