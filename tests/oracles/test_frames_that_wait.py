"""What a `BytesIO` holds whenever somebody can look at it while a dump goes to it: what C's pickler has
written.

Ours lets whole frames wait as long as nobody can look, and puts them into an empty file without a copy. Both
faces write frame by frame, as C's does; upstream's Python class writes in smaller pieces.
"""

import io
import pickle
import random

import oxipickle
import pytest
from faces import PROTOCOLS

FRAME = 64 * 1024


class Looks:
    """Notes, when it is reduced, what its file holds."""

    def __init__(self, file, log):
        self.file, self.log = file, log

    def __reduce__(self):
        self.log.append((self.file.tell(), self.file.getvalue()))
        return list, ()


class Refuses:
    def __reduce__(self):
        raise ZeroDivisionError


def large(frames, seed=1):
    draw = random.Random(seed)
    return [draw.random() for _ in range(frames * FRAME // 9)]


def contents(pickler_class, protocol, before, make):
    """What a file of these first bytes holds after a dump and, for each look in the midst of it, then."""
    file, log = io.BytesIO(before), []
    file.seek(0, io.SEEK_END)
    try:
        pickler_class(file, protocol).dump(make(file, log))
    except ZeroDivisionError:
        log.append("refused")
    return log, file.tell(), file.getvalue()


GRAPHS = {
    "nobody looks": lambda file, log: large(5),
    "looks at first": lambda file, log: [Looks(file, log), large(3)],
    "looks in the midst": lambda file, log: [large(3), Looks(file, log), large(2), Looks(file, log)],
    "looks in the first frame": lambda file, log: [1, Looks(file, log), large(1)],
    "looks where a frame ends": lambda file, log: [["x" * 65_520, Looks(file, log)] for _ in range(4)],
    "large payloads": lambda file, log: [
        *(b"x" * FRAME * 2, large(2), "y" * FRAME * 2),
        *(Looks(file, log), b"z" * FRAME),
    ],
    "large text that is not ASCII": lambda file, log: [large(2), "é" * FRAME, large(2), "\udc80" * FRAME],
    "refused at the end": lambda file, log: [large(3), Refuses()],
    "refused in the first frame": lambda file, log: [Refuses(), large(3)],
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("before", [b"", b"written before"], ids=["empty", "not empty"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_whoever_looks_sees_what_the_model_has_written(face, graph, before, protocol):
    ours, model = (contents(c, protocol, before, GRAPHS[graph]) for c in (face.ours, pickle.Pickler))
    assert ours == model


def test_the_function_too():
    file = io.BytesIO()
    oxipickle.dump(large(4), file, 4)
    assert file.getvalue() == pickle.dumps(large(4), 4)


def test_a_file_that_was_filled_is_a_file_like_any_other():
    obj = large(3)
    data = pickle.dumps(obj, 4)
    file = io.BytesIO()
    pickler = oxipickle.Pickler(file, 4)
    pickler.dump(obj)
    pickler.clear_memo()
    pickler.dump(obj)
    assert file.getvalue() == data * 2
    file.seek(len(data))
    file.truncate()
    file.write(b"more")
    assert file.getvalue() == data + b"more"
    file.seek(10)
    file.write(b"overwritten")
    assert file.getvalue() == data[:10] + b"overwritten" + data[21:] + b"more"
    with file.getbuffer() as buffer:
        assert len(buffer) == len(data) + 4


def test_what_was_given_out_is_not_changed_by_later_writes():
    obj = large(3)
    file = io.BytesIO()
    oxipickle.Pickler(file, 4).dump(obj)
    given = file.getvalue()
    file.seek(0)
    file.write(b"changed")
    assert given == pickle.dumps(obj, 4)


@pytest.mark.parametrize("spoil", ["closed", "exported", "moved", "subclass"])
def test_files_that_are_not_empty_and_open(spoil):
    class Own(io.BytesIO):
        written = 0

        def write(self, data):
            self.written += 1
            return super().write(data)

    def dump(pickler_class):
        file = Own() if spoil == "subclass" else io.BytesIO()
        pickler = pickler_class(file, 4)
        buffer = file.getbuffer() if spoil == "exported" else None
        if spoil == "closed":
            file.close()
        elif spoil == "moved":
            file.seek(7)
        try:
            pickler.dump(large(3))
        except (ValueError, BufferError) as error:
            return type(error), str(error)
        finally:
            del buffer
        return file.getvalue(), file.tell(), getattr(file, "written", None)

    assert dump(oxipickle.Pickler) == dump(pickle.Pickler)
