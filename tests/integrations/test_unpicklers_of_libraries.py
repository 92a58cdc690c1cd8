"""Unpicklers that libraries derive from `pickle._Unpickler`, on ours: joblib's, whose BUILD turns
placeholders into arrays that it reads from the file itself, and pandas', whose REDUCE and NEWOBJ know old
classes."""

import io
import pickle

import oxipickle
import pytest
from oxipickle._oxipickle import unpickler_methods


@pytest.fixture(params=["rebased", "in place"])
def on_ours(request, monkeypatch):
    """Has a class served: by another base, or by other functions in the class that it has."""

    served = []

    def serve(cls, module):
        if request.param == "rebased":
            served.append((cls, cls.__bases__))
            cls.__bases__ = (oxipickle.HookableUnpickler,)
            if hasattr(module, "Unpickler") and module.Unpickler is not cls:
                monkeypatch.setattr(module, "Unpickler", oxipickle.HookableUnpickler)
            return
        for name, method in unpickler_methods(pickle._Unpickler, "pickle").items():
            monkeypatch.setattr(pickle._Unpickler, name, method, raising=False)

    yield serve
    for cls, bases in served:
        cls.__bases__ = bases


@pytest.mark.parametrize("compress", [0, 3])
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_joblib(on_ours, protocol, compress):
    numpy = pytest.importorskip("numpy")
    joblib = pytest.importorskip("joblib")
    from joblib import numpy_pickle

    arrays = [numpy.arange(n, dtype="f8") for n in (0, 3, 10_000)]
    value = {"arrays": arrays, "again": arrays[1], "other": [{"a": 1}, numpy.array([None, "x"], object)]}
    file = io.BytesIO()
    joblib.dump(value, file, compress=compress, protocol=protocol)
    model = joblib.load(io.BytesIO(file.getvalue()))
    on_ours(numpy_pickle.NumpyUnpickler, numpy_pickle)
    ours = joblib.load(io.BytesIO(file.getvalue()))
    assert ours.keys() == model.keys() and ours["again"].tolist() == model["again"].tolist()
    for found, expected in zip(ours["arrays"], model["arrays"], strict=True):
        assert found.dtype == expected.dtype and found.tolist() == expected.tolist()
    assert ours["other"][0] == {"a": 1} and ours["other"][1].tolist() == [None, "x"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pandas(on_ours, protocol):
    pandas = pytest.importorskip("pandas")
    from pandas.compat import pickle_compat

    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "c": pandas.date_range("2020", periods=2)})
    data = pickle.dumps([frame, frame["a"], pandas.Timestamp("2020")], protocol)
    on_ours(pickle_compat.Unpickler, pickle_compat)
    found, column, stamp = pickle_compat.Unpickler(io.BytesIO(data)).load()
    assert found.equals(frame) and column.equals(frame["a"]) and stamp == pandas.Timestamp("2020")


def test_many_builds_take_time_that_grows_with_them():
    """The values are not copied for each function that looks at them."""

    class Counting(oxipickle.HookableUnpickler):
        dispatch = dict(oxipickle.HookableUnpickler.dispatch)
        seen = 0

        def load_build(self):
            oxipickle.HookableUnpickler.load_build(self)
            Counting.seen += len(self.stack)

        dispatch[pickle.BUILD[0]] = load_build

    n = 50_000
    one = b"h\0)\x81}K\1K\2sb"
    data = b"\x80\2coxipickle.importer\n_SysImporter\nq\0(" + one * n + b"t."
    assert len(Counting(io.BytesIO(data)).load()) == n
    assert Counting.seen == n * (n + 1) // 2
