"""What programs do with libraries that pickle: each imports its library and gives the work, a function
without arguments whose result is a literal.

They run in processes of their own, with oxipickle installed before the import, after it, or not at all.
"""

import hashlib
import io
import os
import pathlib
import pickle
import sys
import tempfile

# Before anything is imported that might change it.
CLASSES = (pickle._Pickler, pickle._Unpickler)


def digest(data):
    return f"{len(data)} bytes {hashlib.sha256(data).hexdigest()[:16]}"


def attempt(call, *args, **options):
    """What a call gives, or what it raises."""
    try:
        return call(*args, **options)
    except Exception as error:
        return f"{type(error).__name__}"


def some_things(*left_out):
    import real_things

    return {name: make for name, make in real_things.THINGS.items() if name not in left_out}


def joblib_dump():
    import joblib

    def work():
        found = {}
        for name, make in some_things().items():
            for options in ({}, {"compress": 3}, {"protocol": 2}, {"protocol": 3}):
                file = io.BytesIO()
                found[name, str(options)] = attempt(joblib.dump, make(), file, **options) or digest(
                    file.getvalue()
                )
        return found

    return work


def joblib_load():
    import joblib
    import numpy

    def work():
        found = {}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "file")
            for name in ("array", "large array", "arrays in things", "structured array", "matrix", "shared"):
                for options in ({}, {"compress": ("gzip", 3)}):
                    joblib.dump(some_things()[name](), path, **options)
                    with open(path, "rb") as file:
                        data = file.read()
                    # A compressed file tells the time.
                    found[name, str(options)] = digest(data) if not options else ""
                    for mode in (None, "r", "c") if not options else (None,):
                        obj = joblib.load(path, mmap_mode=mode)
                        found[name, str(options), mode] = repr(obj), type(obj).__name__, joblib.hash(obj)
                        if mode and isinstance(obj, numpy.memmap):
                            obj._mmap.close()
                        del obj
                    with open(path, "rb") as file:
                        found[name, str(options), "file"] = repr(joblib.load(file))
        return found

    return work


def joblib_hash():
    import joblib

    def work():
        found = {}
        for name, make in some_things().items():
            for options in ({}, {"hash_name": "sha1"}, {"coerce_mmap": True}):
                found[name, str(options)] = attempt(joblib.hash, make(), **options)
        return found

    return work


def joblib_memory():
    import joblib

    def work():
        import real_things

        calls = []

        def add(x, things):
            calls.append(x)
            return {"sum": x + len(things), "things": things}

        with tempfile.TemporaryDirectory() as folder:
            cached = joblib.Memory(folder, verbose=0).cache(add)
            results = [
                repr(cached(x, things))
                for x in (1, 1, 2)
                for things in ([1], {"a": real_things.THINGS["array"]()})
            ]
            reference = cached.call_and_shelve(1, [1])
            for path in pathlib.Path(folder).rglob("output.pkl"):
                path.write_text("garbage")
            results.append(attempt(reference.get))
            results.append(repr(cached(1, [1])))
        return results, calls

    return work


def scikit_learn():
    import joblib
    import numpy
    import sklearn.ensemble
    import sklearn.feature_extraction.text
    import sklearn.linear_model
    import sklearn.pipeline
    import sklearn.preprocessing

    def work():
        draw = numpy.random.RandomState(0)
        x, y = draw.normal(size=(60, 4)), draw.randint(0, 2, 60)
        models = {
            "pipeline": sklearn.pipeline.make_pipeline(
                sklearn.preprocessing.StandardScaler(), sklearn.linear_model.LogisticRegression()
            ),
            "forest": sklearn.ensemble.RandomForestClassifier(5, random_state=0),
            "boosting": sklearn.ensemble.GradientBoostingClassifier(n_estimators=5, random_state=0),
        }
        found = {}
        for name, model in models.items():
            model.fit(x, y)
            file = io.BytesIO()
            joblib.dump(model, file)
            file.seek(0)
            loaded = joblib.load(file)
            predictions = [each.predict_proba(x).tobytes() for each in (model, loaded)]
            assert predictions[0] == predictions[1]
            found[name] = (
                joblib.hash(model),
                digest(predictions[0]),
                digest(file.getvalue()),
            )
        vectors = sklearn.feature_extraction.text.TfidfVectorizer().fit(["a word", "another word", "words"])
        # An address, by which it tells whether it has looked at the words already.
        vectors._stop_words_id = 0
        file = io.BytesIO()
        joblib.dump(vectors, file)
        file.seek(0)
        found["texts"] = digest(file.getvalue()), joblib.hash(vectors), joblib.load(file).vocabulary_
        return repr(found)

    return work


def dill_dumps():
    import dill

    def work():
        found = {}
        for name, make in some_things("generator").items():
            for protocol in (2, 4, 5):
                for options in ({}, {"recurse": True}, {"byref": True}):
                    data = attempt(dill.dumps, make(), protocol, **options)
                    found[name, protocol, str(options)] = digest(data) if isinstance(data, bytes) else data
        return found

    return work


def dill_loads():
    import dill

    def session():
        class Local:
            count = 0

            def method(self):
                return self.count + 1

        def recursive(n):
            return n and 1 + recursive(n - 1)

        def outer(x):
            def inner(y):
                return x + y

            return inner

        closure, method, again, local = dill.loads(dill.dumps([outer(3), Local().method, recursive, Local]))
        found = [closure(4), method(), again(5), local().method(), local.__name__]
        found += [dill.copy(lambda: 7)(), dill.pickles(lambda: 7), dill.pickles(i for i in "abc")]
        try:
            dill.dumps(i for i in "abc")
        except Exception as error:
            found.append(str(error))
        return found

    # On the newest releases dill may not be able to save a function.
    return lambda: attempt(session)


def dill_session():
    import dill

    def session():
        import types

        module = types.ModuleType("made_for_the_session")
        sys.modules[module.__name__] = module
        exec("import math\nx = [1]\ny = x\ndef f(a):\n    return a + x[0] + math.floor(2.5)", vars(module))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "session")
            dill.dump_module(path, module)
            with open(path, "rb") as file:
                data = file.read()
            vars(module)["x"] = None
            dill.load_module(path, module)
            found = [digest(data), module.x is module.y, module.f(1)]
        del sys.modules[module.__name__]
        return found

    return lambda: attempt(session)


def datasets_hasher():
    import datasets
    from datasets.fingerprint import Hasher

    datasets.disable_progress_bars()

    def work():
        # The module of a class or function is found by its name.
        found = {
            name: attempt(Hasher.hash, make()) for name, make in some_things("local things", "lambda").items()
        }
        data = datasets.Dataset.from_dict({"a": [1, 2, 3], "b": ["x", "y", "z"]})
        data._fingerprint = "start"
        factor = 3
        mapped = data.map(
            lambda row: {"c": row["a"] * factor}, keep_in_memory=True, load_from_cache_file=False
        )
        found["mapped"] = mapped["c"][:], mapped._fingerprint
        return found

    return work


def pandas_pickles():
    import numpy
    import pandas
    from pandas.compat import pickle_compat

    def work():
        frames = {
            "frame": pandas.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, numpy.nan]}),
            "dates": pandas.DataFrame({"t": pandas.date_range("2020", periods=3, tz="UTC")}),
            "categories": pandas.Series(["a", "b", "a"], dtype="category"),
            "index": pandas.MultiIndex.from_product([[1, 2], ["a", "b"]]),
            "intervals": pandas.interval_range(0, 3),
            "periods": pandas.period_range("2020-01", periods=3, freq="M"),
            "scalars": [pandas.Timestamp("2020"), pandas.Timedelta(1), pandas.NaT, pandas.Period("2020")],
        }
        found = {}
        for name, frame in frames.items():
            for protocol in range(2, 6):
                file = io.BytesIO()
                pandas.to_pickle(frame, file, protocol=protocol)
                data = file.getvalue()
                loaded = [
                    pandas.read_pickle(io.BytesIO(data)),
                    pickle_compat.Unpickler(io.BytesIO(data)).load(),
                ]
                python_class = pickle._Pickler
                file = io.BytesIO()
                python_class(file, protocol).dump(frame)
                found[name, protocol] = digest(data), [repr(each) for each in loaded], digest(file.getvalue())
        # What old releases wrote is found by its new name.
        old = (
            b"\x80\x02cpandas.core.index\nIndex\nq\x00.",
            b"cpandas.indexes.base\nIndex\n.",
            b"cno.such\nname\n.",
        )
        found["old"] = [repr(attempt(pickle_compat.Unpickler(io.BytesIO(data)).load)) for data in old]
        return found

    return work


def cloudpickle_dumps():
    import cloudpickle

    def work():
        found = {}
        for name, make in some_things("local things").items():
            data = attempt(cloudpickle.dumps, make())
            found[name] = digest(data) if isinstance(data, bytes) else data
        captured = [1]

        def closure(x):
            return captured, x

        found["closure"] = cloudpickle.loads(cloudpickle.dumps(closure))(2)
        return found

    return work


def double(x):
    return [x, x]


def multiprocessing_pools():
    import multiprocessing
    import multiprocessing.reduction

    def work():
        found = {
            name: repr(attempt(lambda: bytes(multiprocessing.reduction.ForkingPickler.dumps(make()))))
            for name, make in some_things("local things", "code", "cell").items()
            if name not in ("mock of an array",)
        }
        for method in ("fork", "spawn"):
            if method in multiprocessing.get_all_start_methods():
                context = multiprocessing.get_context(method)
                with context.Pool(1) as pool:
                    found[method] = pool.map(double, [1, "text", (2.5, b"x")])
                queue = context.Queue()
                queue.put({"a": [1, (2,)]})
                found[method, "queue"] = queue.get(timeout=30)
        first, second = multiprocessing.Pipe()
        first.send({"things": [1, b"x", double]})
        found["pipe"] = repr(second.recv()["things"][:2])
        return {
            key: digest(value.encode()) if isinstance(value, str) else value for key, value in found.items()
        }

    return work


def concurrent_futures():
    import concurrent.futures
    import multiprocessing

    def work():
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
            found = list(executor.map(double, [1, {"a": "b"}, (None, 2.5)]))
            failed = executor.submit(divmod, 1, 0)
            found.append(type(failed.exception()).__name__)
        return found

    return work


def loky_tasks():
    import loky
    from loky.backend import reduction

    def work():
        found = {}
        tasks = {"double": double, "closure": lambda x: (x, len(found) >= 0), "partial": int}
        for pickler in ("pickle", "oxipickle", "cloudpickle"):
            reduction.set_loky_pickler(pickler)
            found[pickler] = [digest(bytes(reduction.dumps((0, double, ([1, 2.5],), {"a": b"x"}))))]
            names = tasks if pickler == "cloudpickle" else ("double", "partial")
            executor = loky.get_reusable_executor(max_workers=1, reuse=False)
            found[pickler] += [executor.submit(tasks[name], 1).result(timeout=60) for name in names]
            executor.shutdown(wait=True)
        assert found["pickle"] == found["oxipickle"]
        return found

    return work


def shelves():
    import shelve

    def work():
        found = {}
        with tempfile.TemporaryDirectory() as folder:
            for options in ({}, {"writeback": True}, {"protocol": 2}):
                path = os.path.join(folder, "".join(map(str, options)) or "plain")
                with shelve.open(path, **options) as shelf:
                    shelf["a"] = {"x": [1, 2.5], "y": b"bytes"}
                    shelf["b"] = [double, (None, True)]
                    if options.get("writeback"):
                        shelf["a"]["x"].append(3)
                    found[str(options), "raw"] = {k: digest(v) for k, v in shelf.dict.items()}
                with shelve.open(path, **options) as shelf:
                    found[str(options)] = shelf["a"], shelf["b"][0] is double, shelf["b"][1], sorted(shelf)
        return found

    return work


def logging_over_sockets():
    import logging
    import logging.handlers

    def work():
        handler = logging.handlers.SocketHandler("localhost", None)
        found = []
        for args, error in (((1, "a"), None), (([1, b"x"],), None), ((), ValueError("lost"))):
            info = (type(error), error, None) if error else None
            record = logging.LogRecord(
                "name", logging.INFO, "file.py", 3, "words" + " %s" * len(args), args, info, "function"
            )
            # What differs from call to call.
            vars(record).update(
                created=1.5,
                msecs=500.0,
                relativeCreated=2.0,
                thread=1,
                process=2,
                taskName=None,
                processName="p",
            )
            data = handler.makePickle(record)
            again = logging.makeLogRecord(pickle.loads(data[4:]))
            found.append((digest(data), again.msg, again.args, again.exc_text))
        return found

    return work


def pickletools_optimize():
    import pickletools

    def work():
        found = {}
        for name, make in some_things("local things", "code").items():
            for protocol in range(6):
                data = attempt(pickle.dumps, make(), protocol)
                if isinstance(data, bytes):
                    listing = io.StringIO()
                    pickletools.dis(data, listing)
                    optimized = pickletools.optimize(data)
                    found[name, protocol] = (
                        digest(data),
                        digest(optimized),
                        digest(listing.getvalue().encode()),
                    )
        return found

    return work


def copies():
    import copy

    def work():
        return {
            name: repr(attempt(lambda: pickle.dumps(copy.deepcopy(make()), 4)))
            for name, make in some_things("local things", "lambda", "code", "mock of an array").items()
        }

    return work


def torch_save():
    import torch

    def work():
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
        for parameter in model.parameters():
            torch.nn.init.constant_(parameter, 0.5)
        found = []
        for module in (pickle, __import__("oxipickle")):
            file = io.BytesIO()
            torch.save(model.state_dict(), file, pickle_module=module)
            file.seek(0)
            loaded = torch.load(file, weights_only=False, pickle_module=module)
            found.append({name: tensor.tolist() for name, tensor in loaded.items()})
        return found

    return work


CLIENTS = {
    "joblib_dump": ["joblib", "numpy"],
    "joblib_load": ["joblib", "numpy"],
    "joblib_hash": ["joblib", "numpy"],
    "joblib_memory": ["joblib", "numpy"],
    "scikit_learn": ["sklearn", "joblib"],
    "dill_dumps": ["dill", "numpy"],
    "dill_loads": ["dill"],
    "dill_session": ["dill"],
    "datasets_hasher": ["datasets"],
    "pandas_pickles": ["pandas"],
    "cloudpickle_dumps": ["cloudpickle", "numpy"],
    "multiprocessing_pools": ["numpy"],
    "concurrent_futures": [],
    "loky_tasks": ["loky", "cloudpickle"],
    "shelves": [],
    "logging_over_sockets": [],
    "pickletools_optimize": ["numpy"],
    "copies": ["numpy"],
    "torch_save": ["torch"],
}


def plainly(name):
    """The work's results without oxipickle, twice: the first may leave something behind."""
    work = globals()[name]()
    return [work(), work()]


def imported_before(name):
    """The same under `install()`, once more after `uninstall()`, and with functions."""
    work = globals()[name]()
    import oxipickle

    with oxipickle.installed():
        found = [work(), work()]
        assert CLASSES == (pickle._Pickler, pickle._Unpickler)
    found.append(work())
    with oxipickle.installed(functions=True):
        found.append(work())
    return found


def imported_after(name, functions):
    """The same under `install()` with the library imported there, and once more after `uninstall()`."""
    import oxipickle

    with oxipickle.installed(functions=functions):
        work = globals()[name]()
        found = [work(), work()]
    found.append(work())
    return found
