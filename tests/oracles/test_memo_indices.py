"""The index that MEMOIZE gives next, whatever the pickle put where before."""

import io
import pickle
import random
from struct import pack

import oxipickle
import pytest
from faces import UNPICKLERS

SEEDS = 40


def random_memo_pickle(seed, length):
    """Values put at named and at counted indices, and fetched from some: a list of what was fetched."""
    choice = random.Random(seed)
    top = choice.choice([40, 80, 150, 300, 1000, 3000])
    pickle, named = b"\x80\4(", [0]
    for step in range(length):
        kind = choice.random()
        if kind < 0.2:
            named.append(choice.randrange(top))
            pickle += b"M" + pack("<H", step) + b"r" + pack("<I", named[-1]) + b"0"
        elif kind < 0.9:
            pickle += b"M" + pack("<H", step) + b"\x940"
        elif step > length // 2:
            pickle += b"j" + pack("<I", choice.choice([*named, choice.randrange(length // 2)]))
    return pickle + b"l."


def loaded(load, data):
    """What is loaded, or the class of the error."""
    try:
        return load(data)
    except Exception as error:
        return type(error)


def by_both(face, data):
    return [loaded(lambda data: of(io.BytesIO(data)).load(), data) for of in face.both()]


@pytest.mark.parametrize("length", [60, 250, 1500])
@pytest.mark.parametrize("face", UNPICKLERS, ids=repr)
def test_random_sequences(face, length):
    fetched = 0
    for seed in range(SEEDS):
        data = random_memo_pickle(seed, length)
        ours, model = by_both(face, data)
        if type(ours) is type and type(model) is type:
            # Each class has its own error for what is not there.
            continue
        assert ours == model, seed
        fetched += len(ours)
        if face.name == "lean":
            assert oxipickle.loads(data) == model, seed
    assert fetched


def spelled(choice, index):
    """A number as the interpreter reads one, in one of many ways."""
    text = str(index)
    if len(text) > 1 and choice.random() < 0.3:
        text = text[:1] + "_" + text[1:]
    return choice.choice(["", " ", "+", "000", "\t "]) + text + choice.choice(["", "", " ", "\r"])


def random_late_pickle(seed):
    """As above, of more counted indices than BINGET can name, and of names that come late or never."""
    choice = random.Random(seed)
    pickle, there = b"\x80\4(", []
    size = choice.choice([257, 300, 520, 1000])
    names = choice.choice([0, 0.02, 0.3])
    for step in range(size + 300):
        value = b"M" + pack("<H", step)
        if step < size or choice.random() < 0.5:
            there.append(len(set(there)))
            pickle += value + b"\x940"
        elif choice.random() < names:
            index = choice.choice([choice.randrange(256), choice.randrange(size), len(there), 3 * size])
            there.append(index)
            ways = [b"r" + pack("<I", index), b"p" + spelled(choice, index).encode() + b"\n"]
            pickle += value + choice.choice(ways) + b"0"
        else:
            index = choice.choice([choice.choice(there), max(there), len(set(there)) - 1])
            ways = [b"j" + pack("<I", index), b"g" + spelled(choice, index).encode() + b"\n"]
            pickle += choice.choice([*ways, b"h" + bytes([index])] if index < 256 else ways)
    return pickle + b"l."


def test_names_that_come_late():
    fetched = 0
    for seed in range(150):
        data = random_late_pickle(seed)
        ours, model = (loaded(of.loads, data) for of in (oxipickle, pickle))
        if type(ours) is type and type(model) is type:
            continue
        assert ours == model, seed
        fetched += len(ours)
    assert fetched > 1000


@pytest.mark.parametrize("far", [1, 5, 31, 32, 33, 63, 64, 100, 255, 256, 257, 300, 600, 1000, 1025, 5000])
@pytest.mark.parametrize("before", [0, 16, 32, 40, 254, 255, 256, 300])
@pytest.mark.parametrize("face", UNPICKLERS, ids=repr)
def test_memoized_after_one_far_entry(face, before, far):
    put = b"N\x940" * before + b"Nr" + pack("<I", far) + b"0"
    counted = b"".join(b"M" + pack("<H", i) + b"\x940" for i in range(400))
    for index in {before, before + 1, before + 2, far - 1, far, far + 1, before + 300}:
        data = b"\x80\4" + put + counted + b"j" + pack("<I", index) + b"."
        ours, model = by_both(face, data)
        if type(model) is type:
            assert type(ours) is type, index
        else:
            assert ours == model, index
            if face.name == "lean":
                assert oxipickle.loads(data) == model, index
