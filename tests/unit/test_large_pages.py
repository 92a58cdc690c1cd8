"""Objects of a large load lie in large pages, and their memory goes back to where it came from.

So do output and memo of a large dump, and the places of a long list.
"""

import ctypes
import gc
import io
import operator
import pathlib
import pickle
import resource
import threading

import own_process
import oxipickle
import pytest
from faces import UNPICKLERS

SMAPS = pathlib.Path("/proc/self/smaps")
ENABLED = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")
MIB = 1 << 20

pytestmark = pytest.mark.skipif(
    not SMAPS.exists() or not ENABLED.exists() or "[never]" in ENABLED.read_text(),
    reason="this system gives no large pages",
)


class FromFile:
    """A load through an unpickler of this class, by its name."""

    def __init__(self, name):
        self.unpickler = getattr(oxipickle, name)

    def __call__(self, data):
        return self.unpickler(io.BytesIO(data)).load()


def loader(name):
    """`loads` of ours or of the interpreter, or a load through an unpickler."""
    return {"loads": oxipickle.loads, "C": pickle.loads}.get(name) or FromFile(name)


def mapped():
    """Memory of this process: pairs of addresses, from and up to, and what the system says of it, by name."""
    found = []
    for line in SMAPS.read_text().splitlines():
        name, _, rest = line.partition(" ")
        if name.endswith(":"):
            found[-1][1][name] = rest
        else:
            low, high = (int(address, 16) for address in name.split("-"))
            found.append(((low, high), {}))
    return found


def in_large_pages():
    """MiB that lie in large pages."""
    return sum(int(says["AnonHugePages:"].split()[0]) for _, says in mapped()) // 1024


def asked_for():
    """Memory for which large pages were asked, as pairs of addresses. CPython 3.15 asks for some itself."""
    return [at for at, says in mapped() if "hg" in says["VmFlags:"].split()]


def size_of(places):
    """How many MiB these are."""
    return sum(high - low for low, high in places) // MIB


def are_within(addresses, places):
    """Of each address, whether it lies in one of these places."""
    return [any(low <= address < high for low, high in places) for address in addresses]


def large_pages_of_load(name, n):
    """MiB in large pages that n ints take which are loaded.

    The most of some loads: the system may be short of such pages for a while.
    """
    data = pickle.dumps(list(range(1000, 1000 + n)))
    most = 0
    for _ in range(5):
        before = in_large_pages()
        values = loader(name)(data)
        most = max(most, in_large_pages() - before if values else 0)
        del values
    return most


@pytest.mark.parametrize("name", ["loads", "Unpickler", "HookableUnpickler"])
def test_a_large_load(name):
    # An int takes 32 bytes.
    assert own_process.run(large_pages_of_load, name, 400_000, allocator="pymalloc") >= 8


@pytest.mark.parametrize("name, n", [("C", 10_000), ("C", 400_000), ("loads", 10_000), ("Unpickler", 10_000)])
def test_others_lie_where_they_lay(name, n):
    assert own_process.run(large_pages_of_load, name, n, allocator="pymalloc") <= 2


def memory_after_loads():
    """MiB that large pages were asked for: before loads, after them, and while there are objects of one."""
    # Some of these end in the first half of a large page.
    pickles = [pickle.dumps([[i, str(i)] for i in range(n)]) for n in range(80_000, 100_000, 2_000)]
    sizes = []
    for loads in (0, 1, 6):
        # Nothing is made between two loads: what else lies in an arena keeps all of it.
        for data in pickles * loads:
            oxipickle.loads(data)
        sizes.append(size_of(asked_for()))
    value = oxipickle.loads(pickles[-1])
    return *sizes, size_of(asked_for()) if value else None


def test_memory_is_given_back():
    before, first, last, held = own_process.run(memory_after_loads, allocator="pymalloc")
    assert before <= first <= before + 4 and last <= first + 4 and held >= last + 8


def faults_of(call):
    """Page faults of a call, the least of some."""
    faults = []
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        result = call()
        faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
        del result
    return min(faults)


def faults_of_dump():
    """Page faults of a large dump, and those that it would take without large pages."""
    values = [f"text {i}" for i in range(4_000_000)]
    size = len(oxipickle.dumps(values, 4)) + 8 * len(values)
    return faults_of(lambda: oxipickle.dumps(values, 4)), size // resource.getpagesize()


def faults_of_many_entries():
    """As `faults_of_dump`, where the output is small enough for the C library to keep its room."""
    values = [f"{i}" for i in range(3_000_000)]
    return faults_of(lambda: oxipickle.dumps(values, 4)), 8 * len(values) // resource.getpagesize()


def faults_of_payloads(into):
    """As `faults_of_dump`, for payloads that go to a file in memory, and wait for it or not."""
    values = [bytes([i]) * (8 * MIB + i) for i in range(8)]

    def dump():
        file = io.BytesIO(into)
        file.seek(len(into))
        oxipickle.Pickler(file, 4).dump(values)
        return file

    return faults_of(dump), 64 * MIB // resource.getpagesize()


@pytest.mark.counted
@pytest.mark.parametrize("into", [b"", b"not empty"])
def test_payloads_into_a_file_in_memory(into):
    faults, otherwise = own_process.run(faults_of_payloads, into, allocator="pymalloc")
    assert faults < otherwise / 3


def faults_of_list():
    """As `faults_of_dump`, for a load of a list of what exists already."""
    data = pickle.dumps([1] * 12_000_000)
    return faults_of(lambda: oxipickle.loads(data)), 8 * 12_000_000 // resource.getpagesize()


@pytest.mark.counted
@pytest.mark.parametrize("question", [faults_of_dump, faults_of_many_entries, faults_of_list])
def test_what_grows(question):
    faults, otherwise = own_process.run(question, allocator="pymalloc")
    assert faults < otherwise / 3


class Allocator(ctypes.Structure):
    """`PyObjectArenaAllocator`: a context, and functions `alloc(ctx, size)`, `free(ctx, arena, size)`."""

    _fields_ = [("ctx", ctypes.c_void_p), ("alloc", ctypes.c_void_p), ("free", ctypes.c_void_p)]


def present_allocator():
    found = Allocator()
    ctypes.pythonapi.PyObject_GetArenaAllocator(ctypes.byref(found))
    return found


def fields(allocator):
    return allocator.ctx, allocator.alloc, allocator.free


def load_above_another_allocator():
    """Loads where arenas come from the C library, of which the system must get nothing back."""
    before, asked_before = fields(present_allocator()), asked_for()
    libc = ctypes.CDLL(None)
    address = lambda function: ctypes.cast(function, ctypes.c_void_p)  # noqa: E731
    # `aligned_alloc(alignment, size)`, whose context is the alignment. What is freed is left alone.
    ctypes.pythonapi.PyObject_SetArenaAllocator(
        ctypes.byref(Allocator(4096, address(libc.aligned_alloc), address(libc.getppid)))
    )
    theirs = fields(present_allocator())
    # Arenas of theirs are in use, and are freed when ours is there; and arenas of ours in turn.
    early = [[i] for i in range(200_000)]
    value = {i: [i, str(i)] for i in range(60_000)}
    data = pickle.dumps(value)
    results = []
    for _ in range(6):
        results.append(oxipickle.loads(data) == value)
        # Theirs gives nothing back, so what has gone has gone by ours.
        left = asked_for()
        results.append(size_of(left) <= size_of(asked_before) + 4)
        addresses = [id(each) for each in early[::10_000]]
        are_ours = are_within(addresses, left)
        del early
        gc.collect()
        are_kept = are_within(addresses, [at for at, _ in mapped()])
        results.append(all(map(operator.or_, are_ours, are_kept)))
        early = [[i] for i in range(200_000)]
    ours = fields(present_allocator())
    # Somebody who puts back what was there before ours gets on without it.
    ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(Allocator(*theirs)))
    loaded = oxipickle.loads(data)
    results.append(loaded == value)
    ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(Allocator(*ours)))
    del loaded, early
    gc.collect()
    return all(results), before != theirs, theirs[0] == ours[0], theirs[1] != ours[1]


def test_each_arena_goes_back_to_where_it_came_from():
    assert own_process.run(load_above_another_allocator, allocator="pymalloc") == (True,) * 4


def allocators_of_loads():
    """Whether small loads leave the interpreter's allocator, and large ones set ours once."""
    large = pickle.dumps(list(range(400_000)))
    seen = [fields(present_allocator())]
    for data in (pickle.dumps([1, 2]), large, large):
        oxipickle.loads(data)
        seen.append(fields(present_allocator()))
    return seen[0] == seen[1], seen[1] != seen[2], seen[2] == seen[3]


def test_the_allocator_is_set_once_and_by_large_loads_only():
    assert own_process.run(allocators_of_loads, allocator="pymalloc") == (True,) * 3


def load_with_less_and_less_memory(name):
    value = [[i, str(i)] for i in range(60_000)]
    data = pickle.dumps(value)
    outcomes = []
    for mib in (64, 24, 12, 6, 3, 1):
        own_process.limit_memory(mib * MIB)
        try:
            outcomes.append(loader(name)(data) == value)
        except MemoryError:
            outcomes.append(None)
        own_process.limit_memory(None)
    return outcomes, loader(name)(data) == value


@pytest.mark.counted
@pytest.mark.parametrize("name", ["loads", "Unpickler", "HookableUnpickler"])
def test_memory_that_runs_out(name):
    outcomes, afterwards = own_process.run(load_with_less_and_less_memory, name, allocator="pymalloc")
    assert outcomes[0] is True and False not in outcomes and outcomes[-1] is None and afterwards


def loads_within_loads():
    """Large loads within a large load, on its thread and on others, while arenas come and go."""
    value = [[i, str(i)] for i in range(30_000)]
    inner = pickle.dumps(value)
    results = []

    class Loading(oxipickle.Unpickler):
        def persistent_load(self, index):
            thread = threading.Thread(target=lambda: results.append(oxipickle.loads(inner) == value))
            thread.start()
            results.append(oxipickle.loads(inner) == value)
            thread.join()
            return index

    class Saving(oxipickle.Pickler):
        def persistent_id(self, obj):
            return obj if type(obj) is float else None

    file = io.BytesIO()
    outer = [float(i) if i % 20_000 == 0 else [i, str(i)] for i in range(80_000)]
    Saving(file).dump(outer)
    file.seek(0)
    return Loading(file).load() == outer, len(results), all(results)


def test_loads_within_loads():
    assert own_process.run(loads_within_loads, allocator="pymalloc") == (True, 8, True)


@pytest.mark.parametrize("face", UNPICKLERS, ids=repr)
def test_the_same_objects(face):
    data = pickle.dumps({i: [i, str(i), float(i)] for i in range(60_000)})
    ours, theirs = (unpickler(io.BytesIO(data)).load() for unpickler in face.both())
    assert ours == theirs
