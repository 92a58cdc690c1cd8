"""NumPy: arrays of every order and type, scalars, generators, and buffers out of band."""

import pickle

import pytest
from comparisons import assert_alike, compare, same_bytes
from faces import PROTOCOLS, dumped, outcome

np = pytest.importorskip("numpy")


def read_only():
    array = np.arange(6.0)
    array.flags.writeable = False
    return array


def structured():
    kind = np.dtype([("name", "U5"), ("size", "<i4"), ("place", [("x", "f8"), ("y", "f8", (2,))])])
    return np.array([("a", 1, (1.5, [2, 3])), ("b", 2, (2.5, [4, 5]))], dtype=kind)


def objects():
    shared = ["shared"]
    return np.array([shared, shared, None, "text", {"k": 1}, 2**70], dtype=object)


def holding_itself():
    array = np.array([None, 1], dtype=object)
    array[0] = [array]
    return array


def sharing():
    array = np.arange(4)
    return {"first": array, "second": array, "view": array[1:3], "dtype": array.dtype, "item": array[1]}


ARRAYS = {
    "integers": lambda: np.arange(10),
    "fortran order": lambda: np.asfortranarray(np.arange(12).reshape(3, 4)),
    "c order": lambda: np.arange(24).reshape(2, 3, 4),
    "transposed": lambda: np.arange(24).reshape(2, 3, 4).T,
    "not contiguous": lambda: np.arange(20).reshape(4, 5)[::2, 1::2],
    "reversed": lambda: np.arange(10)[::-1],
    "broadcast": lambda: np.broadcast_to(np.arange(3), (2, 3)),
    "no dimension": lambda: np.array(1.5),
    "no elements": lambda: np.empty((0, 3)),
    "read-only": read_only,
    "structured": structured,
    "record array": lambda: structured().view(np.recarray),
    "view of a field": lambda: structured()["size"],
    "objects": objects,
    "objects without dimension": lambda: np.array(None, dtype=object),
    "objects in fortran order": lambda: np.asfortranarray(np.array([["a", 1], ["b", 2]], dtype=object)),
    "holding itself": holding_itself,
    "texts": lambda: np.array(["a", "bcd", "é"]),
    "bytes": lambda: np.array([b"a", b"bcd"]),
    "booleans": lambda: np.array([True, False]),
    "complex": lambda: np.array([1j, 2]),
    "halves": lambda: np.array([1, 2], dtype=np.float16),
    "dates": lambda: np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"),
    "spans": lambda: np.array([1, 2], dtype="timedelta64[ms]"),
    "void": lambda: np.zeros(2, dtype="V3"),
    "larger than a frame": lambda: np.arange(20_000.0),
    "masked": lambda: np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0], fill_value=9),
    "matrix": lambda: np.ma.asarray(np.eye(2)).data,
    "sharing": sharing,
}

OTHERS = {
    "scalars": lambda: [np.float64(1.5), np.int8(-1), np.bool_(True), np.str_("é"), np.bytes_(b"b")],
    "more scalars": lambda: [np.complex64(1j), np.datetime64("2020-01-01"), np.timedelta64(3, "s"), np.nan],
    "record": lambda: structured()[0],
    "types": lambda: [np.dtype("f4"), np.dtype(">i8"), np.dtype("O"), np.dtype("U3"), structured().dtype],
    "scalar types": lambda: [np.float64, np.int32, np.generic, np.ndarray, np.dtype],
    "functions": lambda: [np.add, np.sum, np.linalg.norm, np.float64.mean, np.random.default_rng],
    "generator": lambda: np.random.default_rng(1),
    "random state": lambda: np.random.RandomState(1),
    "bit generators": lambda: [np.random.PCG64(1), np.random.Philox(1), np.random.SFC64(1)],
    "seed sequence": lambda: np.random.SeedSequence(5).spawn(2),
    "polynomials": lambda: [np.poly1d([1, 2]), np.polynomial.Polynomial([1, 2], domain=[0, 1])],
    "indices": lambda: [np.s_[1:2, ...], np.finfo(float).dtype, np.iinfo(int)],
    "flags": lambda: np.arange(3).flags,
    "iterator": lambda: np.nditer(np.arange(3)),
}

SPECIMENS = {**ARRAYS, **OTHERS}


@pytest.mark.parametrize("name", SPECIMENS)
def test_numpy(name, face, protocol):
    compare(face, SPECIMENS[name], protocol)


def test_the_other_byte_order(face, protocol):
    # NumPy itself may read it back in the machine's order.
    same_bytes(face, lambda: np.arange(4, dtype=np.dtype("i4").newbyteorder()), protocol)


def out_of_band(pickler_class, array, answer):
    """The pickle, and what the callback was handed: content and whether it can be written to."""
    buffers = []

    def callback(buffer):
        buffers.append(buffer)
        return answer

    written = dumped(pickler_class, array, 5, buffer_callback=callback)
    return written, [(bytes(buffer.raw()), buffer.raw().readonly) for buffer in buffers]


@pytest.mark.parametrize("answer", [None, True])
@pytest.mark.parametrize("name", ARRAYS)
def test_buffers_out_of_band(name, face, answer):
    array = ARRAYS[name]()
    ours = outcome(out_of_band, face.ours, array, answer)
    assert ours == outcome(out_of_band, face.model, array, answer)
    written, buffers = ours[1]
    handed = [content if readonly else bytearray(content) for content, readonly in buffers]
    assert_alike(array, pickle.loads(written, buffers=handed))


def test_buffers_share_the_memory_of_the_array(face):
    array = np.arange(1000)
    buffers = []
    written = dumped(face.ours, array, 5, buffer_callback=buffers.append)
    assert len(written) < 500
    assert np.shares_memory(pickle.loads(written, buffers=buffers), array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_array_is_released_after_the_dump(face, protocol):
    array = np.arange(1000)
    dumped(face.ours, [array, array.T], protocol)
    array.resize(2000, refcheck=False)
    assert array[-1] == 0
