"""The main job: a trained pipeline that holds objects of a module which only an importer knows.

Pickles it by `create_pickler`, prints what the pickle depends on, its size and the time beside
`pickle._Pickler` and C's `pickle`, and reads it back through the importer.
"""

import io
import logging
import pickle
import sys
import time
import types
from collections import Counter

import numpy
from oxipickle import Importer, OrderedImporter, create_pickler, create_unpickler, sys_importer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

SOURCE = {
    "hidden_features": """
class Ratios:
    '''Adds the ratios of neighbouring columns.'''

    def __init__(self, floor):
        self.floor = floor

    def fit(self, X, y=None):
        self.columns_ = X.shape[1]
        return self

    def transform(self, X):
        import numpy
        ratios = X[:, 1:] / numpy.maximum(X[:, :-1], self.floor)
        return numpy.hstack([X, ratios])
"""
}


class SourceImporter(Importer):
    """Compiles modules from the texts in `SOURCE`; none of them is in `sys.modules`."""

    def __init__(self):
        self.modules = {}

    def import_module(self, module_name):
        if module_name not in SOURCE:
            raise ModuleNotFoundError(module_name)
        if module_name not in self.modules:
            module = types.ModuleType(module_name)
            exec(compile(SOURCE[module_name], f"<{module_name}>", "exec"), vars(module))
            self.modules[module_name] = module
        return self.modules[module_name]


def timed(make_pickler, model):
    """The pickle, the pickler, and the best of three times, in milliseconds."""
    best = float("inf")
    for _ in range(3):
        buffer = io.BytesIO()
        pickler = make_pickler(buffer)
        start = time.perf_counter()
        pickler.dump(model)
        best = min(best, time.perf_counter() - start)
    return buffer.getvalue(), pickler, best * 1000


def main():
    # An importer that does not know a name is no news here: the next one is asked.
    logging.getLogger("oxipickle").setLevel(logging.ERROR)
    hidden = SourceImporter()
    importer = OrderedImporter(hidden, sys_importer)
    features = hidden.import_module("hidden_features")
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(features.Ratios(0.1), RandomForestClassifier(100, random_state=0)).fit(X, y)

    data, pickler, ours = timed(lambda file: create_pickler(file, importer, protocol=4), model)
    # The stdlib's picklers name classes by `sys.modules` only.
    sys.modules["hidden_features"] = features
    _, _, python = timed(lambda file: pickle._Pickler(file, 4), model)
    _, _, c = timed(lambda file: pickle.Pickler(file, 4), model)
    del sys.modules["hidden_features"]

    print("depends on:")
    for module_name, count in Counter(module for module, _ in pickler.global_references).items():
        print(f"  {module_name} ({count} names)")
    print(f"size: {len(data):,} bytes")
    print(f"time: {ours:.1f} ms; pickle._Pickler {python:.1f} ms; C pickle {c:.1f} ms")
    loaded = create_unpickler(io.BytesIO(data), importer).load()
    assert type(loaded[0]) is features.Ratios
    assert numpy.array_equal(loaded.predict(X), model.predict(X))
    print("read back through the importer: the same predictions")


if __name__ == "__main__":
    main()
