"""Libraries that derive from `_Pickler` and `_Unpickler`, before `install()` and under it.

First what a hook costs for each object, beside C's, and what a nested save and the hookable face cost.
Then the libraries: "joblib.dump" 12 says that it takes twelve times as long without. Bytes, digests and
objects are compared before anything is timed. A library that is missing is left out, and so is what one
can't save on this release by itself, each with the reason.
"""

import functools
import importlib
import io
import pickle
import sys
import warnings
from collections.abc import Callable

import oxipickle

from benchmarks.timing import into_file, least_times, mean
from benchmarks.workloads import WORKLOADS

# What these libraries are given: without the largest, which take their Python code minutes.
NAMES = (
    "JSON-like records",
    "60 000 dataclass instances",
    "300 000 strings",
    "graph of 30 000 edges",
    "text pipeline",
)
PROTOCOL = 4


def in_memory(save: Callable, obj: object) -> bytes:
    file = io.BytesIO()
    save(obj, file)
    return file.getvalue()


def joblib_dump(obj: object) -> tuple[Callable[[], object], Callable[[object], object]]:
    joblib = importlib.import_module("joblib")
    return lambda: in_memory(joblib.dump, obj), lambda result: result


def joblib_hash(obj: object) -> tuple[Callable[[], object], Callable[[object], object]]:
    joblib = importlib.import_module("joblib")
    return lambda: joblib.hash(obj), lambda result: result


def joblib_load(obj: object) -> tuple[Callable[[], object], Callable[[object], object]]:
    joblib = importlib.import_module("joblib")
    data = in_memory(joblib.dump, obj)
    return lambda: joblib.load(io.BytesIO(data)), lambda result: in_memory(joblib.dump, result)


def dill_dumps(obj: object) -> tuple[Callable[[], object], Callable[[object], object]]:
    dill = importlib.import_module("dill")
    return lambda: dill.dumps(obj), lambda result: result


def archive(obj: object) -> bytes:
    """A package that holds the object, and no modules."""
    package = importlib.import_module("torch.package")
    file = io.BytesIO()
    with package.PackageExporter(file) as exporter:
        exporter.extern("**")
        exporter.save_pickle("package", "object.pkl", obj)
    return file.getvalue()


def torch_save_pickle(obj: object) -> tuple[Callable[[], object], Callable[[object], object]]:
    return lambda: archive(obj), lambda result: result


def torch_load_pickle(obj: object) -> tuple[Callable[[], object], Callable[[object], object]]:
    package = importlib.import_module("torch.package")
    importer = package.PackageImporter(io.BytesIO(archive(obj)))
    return lambda: importer.load_pickle("package", "object.pkl"), archive


def datasets_hash(obj: object) -> tuple[Callable[[], object], Callable[[object], object]]:
    fingerprint = importlib.import_module("datasets.fingerprint")
    return lambda: fingerprint.Hasher.hash(obj), lambda result: result


# By name: what gives, for an object, the call that is timed, and how its results are compared.
CLIENTS: dict[str, Callable[[object], tuple[Callable[[], object], Callable[[object], object]]]] = {
    "joblib.dump": joblib_dump,
    "joblib.hash": joblib_hash,
    "joblib.load": joblib_load,
    "dill.dumps": dill_dumps,
    "datasets.hash": datasets_hash,
    "torch.save_pickle": torch_save_pickle,
    "torch.load_pickle": torch_load_pickle,
}


# What only clients of that library are given.
TRANSFORMER = "Transformer of torch"


def ratio(client: str, title: str, obj: object, slow: bool) -> float | Exception:
    """The time before `install()` over the time under it; or why the library can't save this here itself."""
    try:
        call, compared = CLIENTS[client](obj)
        # The first call leaves things behind, of which bytes depend: `__slotnames__`, registered types.
        call()
        before = compared(call())
    except Exception as error:
        return error
    with oxipickle.installed():
        if compared(call()) != before:
            sys.exit(f"{client} of {title}: the results differ under install()")
        ours = least_times([call])[0]
    return least_times([call], slow)[0] / ours


def libraries(only: str | None, quick: bool) -> None:
    clients = {}
    for client in CLIENTS:
        library = client.partition(".")[0]
        try:
            importlib.import_module(library)
            clients[client] = CLIENTS[client]
        except ImportError as missing:
            print(f"left out: {client} ({missing})")
    # Storages are deprecated, which torch tells whoever saves some.
    warnings.filterwarnings("ignore", category=UserWarning, module="torch")
    print(f"{'time before / under install()':30}" + "".join(f"{client:>18}" for client in clients))
    rows: dict[str, list[float]] = {client: [] for client in clients}
    for title in (*NAMES, TRANSFORMER):
        if only and only not in title:
            continue
        try:
            obj = WORKLOADS[title][0]()
        except ImportError as missing:
            print(f"{title:30}  left out: {missing}")
            continue
        line, reasons = f"{title:30}", []
        for client in clients:
            if title == TRANSFORMER and not client.startswith("torch"):
                line += f"{'-':>18}"
                continue
            found = ratio(client, title, obj, slow=quick)
            if isinstance(found, Exception):
                line += f"{'-':>18}"
                reasons.append(f"  left out: {client} fails by itself: {type(found).__name__}: {found}")
                continue
            rows[client].append(found)
            line += f"{found:18.2f}"
        print("\n".join([line, *reasons]), flush=True)
    means = "".join(f"{mean(row):18.2f}" if row else f"{'-':>18}" for row in rows.values())
    print(f"{'geometric mean':30}" + means)


def silent(self: object, obj: object) -> None:
    """A `persistent_id` that has nothing to say."""


def on_class(base: type, hook: Callable) -> Callable:
    hooked = type("Hooked", (base,), {"persistent_id": hook})
    return lambda file: hooked(file, PROTOCOL)


def on_instance(base: type, hook: Callable) -> Callable:
    def make(file: io.BytesIO) -> object:
        pickler = base(file, PROTOCOL)
        pickler.persistent_id = functools.partial(hook, None)
        return pickler

    return make


class Sub(pickle.Pickler):
    """C's, on whose instances attributes can be set."""


def hooks() -> None:
    """What a hook costs for each object that it is asked about."""
    obj = WORKLOADS["JSON-like records"][0](5_000)
    asked: list[object] = []
    into_file(on_class(pickle.Pickler, lambda self, obj: asked.append(None)), obj)
    rows = {
        "persistent_id on the class": (oxipickle.HookablePickler, pickle.Pickler, on_class),
        "persistent_id on the instance": (oxipickle.HookablePickler, Sub, on_instance),
        "... of Pickler, on the class": (oxipickle.Pickler, pickle.Pickler, on_class),
    }
    print(f"\n{'ns for each of ' + str(len(asked)) + ' objects':40}{'ours':>10}{'C':>10}{'ours / C':>10}")
    for title, (*bases, place) in rows.items():
        costs = []
        for base in bases:
            hooked, plain = place(base, silent), lambda file, base=base: base(file, PROTOCOL)
            if into_file(hooked, obj) != into_file(plain, obj):
                sys.exit(f"{title}: the bytes differ")
            times = least_times([lambda: into_file(hooked, obj), lambda: into_file(plain, obj)])
            costs.append((times[0] - times[1]) / len(asked) * 1e9)
        print(f"{title:40}{costs[0]:10.0f}{costs[1]:10.0f}{costs[0] / costs[1]:10.2f}")


class Thing:
    """Saved by a hook that saves a part of it by itself."""


def nested() -> None:
    """What a save from within a hook costs, for each, beside `_Pickler`'s."""
    obj = [Thing() for _ in range(20_000)]

    def picklers(base: type, saves: int) -> Callable:
        class Nesting(base):
            def save_thing(self, thing):
                for _ in range(saves):
                    self.save(None)

        Nesting.dispatch = {**base.dispatch, Thing: Nesting.save_thing}
        return lambda file: Nesting(file, PROTOCOL)

    print(f"\n{'ns':40}{'ours':>10}{'_Pickler':>10}{'ratio':>10}")
    costs = []
    for base in (oxipickle.HookablePickler, pickle._Pickler):
        once, often = picklers(base, 1), picklers(base, 5)
        times = least_times([lambda: into_file(often, obj), lambda: into_file(once, obj)])
        costs.append((times[0] - times[1]) / len(obj) / 4 * 1e9)
    for saves in (1, 5):
        ours, theirs = (picklers(base, saves) for base in (oxipickle.HookablePickler, pickle._Pickler))
        if into_file(ours, obj) != into_file(theirs, obj):
            sys.exit("a nested save: the bytes differ")
    title = "self.save(None) from a dispatch entry"
    print(f"{title:40}{costs[0]:10.0f}{costs[1]:10.0f}{costs[1] / costs[0]:10.2f}")


def faces(only: str | None) -> None:
    """What the hookable face costs where nothing is overridden."""
    print(f"\n{'':40}{'HookablePickler / Pickler':>30}")
    found = []
    for title in NAMES:
        if only and only not in title:
            continue
        try:
            obj = WORKLOADS[title][0]()
        except ImportError:
            continue
        calls = [
            lambda base=base: into_file(lambda file: base(file, PROTOCOL), obj)
            for base in (oxipickle.HookablePickler, oxipickle.Pickler)
        ]
        if calls[0]() != into_file(lambda file: pickle._Pickler(file, PROTOCOL), obj):
            sys.exit(f"{title}: the bytes differ from _Pickler's")
        times = least_times(calls)
        found.append(times[0] / times[1])
        print(f"{title:40}{found[-1]:30.2f}", flush=True)
    if found:
        print(f"{'geometric mean':40}{mean(found):30.2f}")


def main(only: str | None, quick: bool) -> None:
    # First of all: a process in which libraries have worked is a slower one.
    hooks()
    nested()
    faces(only)
    print()
    libraries(only, quick)
