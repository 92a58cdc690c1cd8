"""numpy's arrays, many in one pickle: from the second on they are written without their reduce values."""

import sys

import pytest
from faces import assert_same_outcome, dumped, outcome

np = pytest.importorskip("numpy")


class Own(np.ndarray):
    pass


def own_strings(i):
    if not hasattr(np.dtypes, "StringDType"):
        return np.array(["no such type"])
    return np.array(["text", "longer text" * 10], dtype=np.dtypes.StringDType())


def readonly(i):
    array = np.arange(i + 3)
    array.flags.writeable = False
    return array


ARRAYS = {
    # Zeros, not ones: a number stored as a long double leaves the bytes behind its ten as they happen to be.
    **{
        f"{code} of {n}": lambda i, code=code, n=n: np.zeros(n, code) if code in "gG" else np.ones(n, code)
        for code in "?bBhHiIlLqQefdgFDG"
        for n in (0, 1, 2, 5)
    },
    "of no dimension": lambda i: np.array(i),
    "one byte": lambda i: np.array([i], "u1"),
    "one byte of no dimension": lambda i: np.array(i, "u1"),
    "two dimensions": lambda i: np.arange(6.0).reshape(2, 3) + i,
    "many dimensions": lambda i: np.arange(1).reshape((1,) * 20),
    "no items in many dimensions": lambda i: np.zeros((300, 0, 70_000)),
    "large": lambda i: np.arange(5000.0) + i,
    "larger than a frame": lambda i: np.arange(9000.0) + i,
    "in Fortran's order": lambda i: np.asfortranarray(np.arange(6).reshape(2, 3)),
    "with gaps": lambda i: np.arange(10)[::2],
    "backwards": lambda i: np.arange(5)[::-1],
    "broadcast": lambda i: np.broadcast_to(np.arange(3), (2, 3)),
    "a view": lambda i: np.arange(10)[3:7],
    "read only": readonly,
    "of another byte order": lambda i: np.arange(4, dtype=">i4"),
    "of texts": lambda i: np.array(["a", "bcd"]),
    "of bytes": lambda i: np.array([b"a", b"bcd"]),
    "of own strings": own_strings,
    "of nothing": lambda i: np.zeros(3, "V0"),
    "of dates": lambda i: np.arange("2020-01", "2020-05", dtype="M8[D]"),
    "of times": lambda i: np.arange(4, dtype="m8[ns]"),
    "of objects": lambda i: np.array([i, "text", None], dtype=object),
    "of records": lambda i: np.zeros(2, [("a", "i4"), ("b", "f8", (2,))]),
    "of records with objects": lambda i: np.array([(1, [])], [("a", "i4"), ("b", "O")]),
    "of a type with metadata": lambda i: np.zeros(2, np.dtype("i4", metadata={"key": "value"})),
    "of a subclass": lambda i: np.arange(3).view(Own),
    "a matrix of records": lambda i: np.zeros(2, [("a", "i4")]).view(np.recarray),
    "masked": lambda i: np.ma.array([1, 2, 3], mask=[0, 1, 0]),
    "a number": lambda i: np.float64(i),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_many(face, name, protocol):
    def make():
        arrays = [ARRAYS[name](i) for i in range(4)]
        ordinary = [np.arange(2), np.arange(3.0)]
        return [
            *ordinary,
            *arrays,
            arrays[0],
            {"key": ARRAYS[name](5), "another": (ARRAYS[name](6), ordinary[0])},
        ]

    assert_same_outcome(face, make, protocol)
    assert_same_outcome(face, make, protocol)


def test_all_in_one(face, protocol):
    assert_same_outcome(face, lambda: [make(i) for i in range(3) for make in ARRAYS.values()], protocol)


def test_the_function_is_another_by_now(face, protocol, monkeypatch):
    module = sys.modules.get("numpy._core._multiarray_umath") or np.core._multiarray_umath
    arrays = [np.arange(i) for i in range(4)]

    def attempt(pickler_class):
        return outcome(dumped, pickler_class, arrays, protocol)

    assert attempt(face.ours) == attempt(face.model)
    monkeypatch.setattr(module, "_reconstruct", np.zeros)
    assert attempt(face.ours) == attempt(face.model)
    monkeypatch.undo()
    assert attempt(face.ours) == attempt(face.model)
