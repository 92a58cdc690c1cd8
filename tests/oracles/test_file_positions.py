"""Where a `BytesIO` stands whenever somebody can see it: where the model leaves it.

Ours reads it in larger pieces, and gives back what is too much before anybody looks.
"""

import io
import pickle
import random

import oxipickle
import pytest
from faces import PROTOCOLS
from loaded_pickles import BASES


class Seen:
    """Tells where the file stands whenever it is rebuilt, hashed, or given its state."""

    log: list = []
    file = io.BytesIO()

    def __init__(self, *parts):
        self.note("init")
        self.parts = parts

    @classmethod
    def note(cls, what):
        cls.log.append((what, cls.file.tell()))

    def __reduce__(self):
        return Seen, self.parts, {"state": [1, 2]}

    def __setstate__(self, state):
        self.note("state")

    def append(self, item):
        self.note("append")


class Plain:
    pass


def things(seed):
    draw = random.Random(seed)
    made = [Seen(), "x" * draw.randrange(700), Plain()]
    for _ in range(draw.randrange(1, 30)):
        kind = draw.randrange(8)
        if kind == 0:
            made.append(Seen(draw.choice(made), 1))
        elif kind == 1:
            made.append([draw.random() for _ in range(draw.randrange(60))])
        elif kind == 2:
            made.append({str(i): i for i in range(draw.randrange(40))})
        elif kind == 3:
            made.append(draw.randbytes(draw.choice([3, 200, 5_000, 70_000])))
        elif kind == 4:
            made.append("é" * draw.choice([3, 200, 5_000, 70_000]))
        elif kind == 5:
            made.append(draw.choice(made))
        elif kind == 6:
            made.append(2 ** draw.randrange(1_000))
        else:
            made.append(Plain())
    return made


def hooked(base):
    class Hooked(base):
        def find_class(self, module, name):
            Seen.note(name)
            return super().find_class(module, name)

        def persistent_load(self, pid):
            Seen.note("pid")
            return pid

    return Hooked


def handling(base):
    """Some opcodes are carried out by functions of its own."""

    class Handling(base):
        dispatch = dict(base.dispatch)

        def load_reduce(self):
            Seen.note("REDUCE")
            base.dispatch[pickle.REDUCE[0]](self)

        dispatch[pickle.REDUCE[0]] = load_reduce

    return Handling


def reading(base):
    """Looks at the bytes that come next."""

    class Reading(base):
        def find_class(self, module, name):
            Seen.note(name)
            at = Seen.file.tell()
            Seen.log.append(Seen.file.read(3))
            Seen.file.seek(at)
            return super().find_class(module, name)

    return Reading


WAYS = [lambda base: base, hooked, handling, reading]
WAY_NAMES = ["plain", "hooked", "handling", "reading"]

# Our unpickler and its model, for each face.
FACES = {"hookable": BASES, "lean": (oxipickle.Unpickler, pickle.Unpickler)}


@pytest.fixture(params=FACES)
def bases(request):
    return FACES[request.param]


def positions(cls, data, make_file=io.BytesIO):
    """Where the file stood, load for load."""
    Seen.log, Seen.file = [], make_file(data)
    for _ in range(6):
        try:
            cls(Seen.file).load()
        except Exception:
            # Of which class that is, C's unpickler and upstream's don't agree.
            Seen.note("failed")
            break
        else:
            Seen.note("loaded")
    return Seen.log


def assert_same(way, data, bases=BASES, **options):
    ours, theirs = (positions(way(base), data, **options) for base in bases)
    assert ours == theirs


WAYS_OF_FACES = [
    pytest.param(bases, way, id=f"{face}-{name}")
    for face, bases in FACES.items()
    for way, name in zip(WAYS, WAY_NAMES, strict=True)
    if way is not handling or face == "hookable"
]


@pytest.mark.parametrize(("bases", "way"), WAYS_OF_FACES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_positions(bases, way, protocol):
    for seed in range(25):
        parts = [pickle.dumps(things(seed + part), protocol) for part in range(3)]
        assert_same(way, b"".join(parts), bases)


@pytest.mark.parametrize(("bases", "way"), WAYS_OF_FACES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_positions_where_the_data_ends(bases, way, protocol):
    data = pickle.dumps([Seen(Plain()), "x" * 300, b"y" * 300, 2**100, Seen()], protocol)
    for end in range(len(data)):
        ours, theirs = (positions(way(base), data[:end]) for base in bases)
        # C's unpickler refuses what is cut off, upstream's may begin with it. Both have read all.
        assert ours[:-1] == theirs[: len(ours) - 1]
        assert ours[-1] == theirs[-1] == ("failed", end)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_positions_in_malformed_data(bases, protocol):
    data = pickle.dumps([Seen(Plain()), "x" * 30, 2**100, Seen()], protocol)
    draw = random.Random(protocol)
    for _ in range(300):
        broken = bytearray(data)
        broken[draw.randrange(len(broken))] = draw.randrange(256)
        ours, theirs = (positions(hooked(base), bytes(broken)) for base in bases)
        # As far as both go.
        common = min(len(ours), len(theirs)) - 1
        assert ours[:common] == theirs[:common]


class Counting(io.BytesIO):
    """No `BytesIO` itself: all of its methods are asked, for no more than is needed."""

    def read(self, n=-1):
        Seen.log.append(("read", n))
        return super().read(n)


def test_files_of_another_class(bases):
    data = pickle.dumps(things(1), 2)
    assert_same(hooked, data, bases, make_file=Counting)


def test_a_file_that_is_lent_out(bases):
    """Its memory can't be moved meanwhile."""

    def lent(data):
        file = io.BytesIO()
        file.write(data)
        file.seek(0)
        file.view = file.getbuffer()
        return file

    for protocol in PROTOCOLS:
        assert_same(hooked, pickle.dumps(things(2), protocol), bases, make_file=lent)


class Changing:
    """Changes the file that it is loaded from."""

    def __reduce__(self):
        return change, (1,)


def change(_):
    file = Seen.file
    at = file.tell()
    Seen.note("change")
    rest = file.read()
    file.seek(at)
    file.write(rest.replace(b"before", b"behind"))
    file.truncate()
    file.seek(at)


def loaded(cls, data):
    Seen.file = io.BytesIO(data)
    return cls(Seen.file).load()[1:]


@pytest.mark.parametrize("protocol", range(4))
def test_a_file_that_changes_under_way(bases, protocol):
    """What comes later is read as it is by then."""
    data = pickle.dumps([Changing(), "before", ["before"] * 50], protocol)
    assert loaded(bases[0], data) == loaded(bases[1], data) == ["behind", ["behind"] * 50]


def test_a_file_that_is_closed_under_way(bases):
    data = pickle.dumps([Plain(), "x" * 1_000, Plain], 2)
    for base in bases:

        class Closing(base):
            def find_class(self, module, name):
                self.file.close()
                return super().find_class(module, name)

        unpickler = Closing(file := io.BytesIO(data))
        unpickler.file = file
        with pytest.raises(ValueError, match="closed"):
            unpickler.load()


def test_methods_that_were_set_on_the_file(bases):
    calls = []
    file = io.BytesIO(pickle.dumps([1, "x" * 500, Plain()], 2))
    file.seek = file.tell = lambda *args: calls.append(args)
    assert bases[0](file).load()[0] == 1
    assert not calls


@pytest.mark.parametrize("data", [b"(lp\n(lp1\n.", b"I\nI5\n.", b"(lp\nN.", b"L\nN.", b"Np", b"cos\n\nN."])
def test_a_line_that_is_too_short_is_read_all_the_same(bases, data):
    def loaded(base):
        unpickler = base(io.BytesIO(data))
        results = []
        for _ in range(3):
            try:
                results.append(unpickler.load())
            except Exception:
                results.append("error")
        return results

    ours, model = map(loaded, bases)
    assert ours == model
