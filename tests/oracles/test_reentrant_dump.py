"""`dump` within `dump`, and from two threads, on one pickler: RuntimeError on every version."""

import io
import sys
import threading

import pytest
from faces import HOOKABLE, LEAN, dumped, raised


class Calls:
    """Calls a function when it is saved, and reduces to a list."""

    def __init__(self, call):
        self.call = call

    def __reduce__(self):
        self.call()
        return list, ()


def test_dump_within_dump(face, protocol):
    errors = []
    file = io.BytesIO()
    pickler = face.ours(file, protocol)
    pickler.dump([Calls(lambda: errors.append(raised(pickler.dump, 42))), "after"])
    assert [type(error) for error in errors] == [RuntimeError]
    assert file.getvalue() == dumped(face.model, [Calls(lambda: None), "after"], protocol)


def test_the_words_are_the_newest_of_c():
    words = []
    for pickler_class in LEAN.both() if sys.version_info >= (3, 15) else [LEAN.ours]:
        pickler = pickler_class(io.BytesIO())
        pickler.dump(Calls(lambda p=pickler: words.append(str(raised(p.dump, 42)))))
    assert set(words) == {"Pickler object is already used"}


@pytest.mark.parametrize(
    "use",
    [
        lambda pickler: pickler.clear_memo(),
        lambda pickler: pickler.__init__(io.BytesIO()),
        lambda pickler: pickler.memo.copy(),
        lambda pickler: setattr(pickler, "memo", {}),
        lambda pickler: setattr(pickler, "fast", True),
        lambda pickler: pickler.bin,
        lambda pickler: pickler.global_references,
        lambda pickler: sys.getsizeof(pickler),
        lambda pickler: repr(pickler),
    ],
    ids=["clear_memo", "init", "copy", "assign memo", "fast", "bin", "references", "sizeof", "repr"],
)
def test_any_use_within_dump_is_safe(face, use, protocol):
    def try_it():
        try:
            use(pickler)
        except RuntimeError:
            pass

    file = io.BytesIO()
    pickler = face.ours(file, protocol)
    pickler.dump([["text"], Calls(try_it), "text"])
    before = file.tell()
    pickler.clear_memo()
    pickler.fast = False
    pickler.dump("after")
    assert file.getvalue()[before:].endswith(b".") or before == 0


def test_init_within_dump_on_the_lean_face():
    errors = []
    pickler = LEAN.ours(io.BytesIO())
    pickler.dump(Calls(lambda: errors.append(raised(pickler.__init__, io.BytesIO()))))
    assert [type(error) for error in errors] == [RuntimeError]


def test_dump_within_the_write_of_a_dump(face, protocol):
    errors = []

    class File:
        def write(self, data):
            if not errors:
                errors.append(None)
                errors[0] = raised(pickler.dump, 42)

    pickler = face.ours(File(), protocol)
    pickler.dump([b"x" * 200_000])
    assert type(errors[0]) is RuntimeError


def test_dump_from_two_threads(face, protocol):
    entered, finish = threading.Event(), threading.Event()

    def wait():
        entered.set()
        assert finish.wait(60)

    file = io.BytesIO()
    pickler = face.ours(file, protocol)
    thread = threading.Thread(target=pickler.dump, args=([Calls(wait), "after"],))
    thread.start()
    assert entered.wait(60)
    error = raised(pickler.dump, 42)
    finish.set()
    thread.join(60)
    assert type(error) is RuntimeError
    assert file.getvalue() == dumped(face.model, [Calls(lambda: None), "after"], protocol)


def test_two_picklers_at_once(face, protocol):
    inner = []
    expected = dumped(face.model, ["inner"], protocol)
    outer = dumped(face.ours, [Calls(lambda: inner.append(dumped(face.ours, ["inner"], protocol)))], protocol)
    assert inner == [expected]
    assert outer == dumped(face.model, [Calls(lambda: None)], protocol)


class Saved:
    pass


def nesting(base, obj, depth=1):
    """A pickler that saves `obj` by itself when it is asked for `Saved`."""

    class Nesting(base):
        def reducer_override(self, asked):
            if isinstance(asked, Saved):
                for _ in range(depth):
                    self.save(obj)
                return str, ()
            return NotImplemented

    return Nesting


@pytest.mark.parametrize(
    "obj", [1, "text", ["a", ["b"]], {"k": {"l": (1, 2, 3, 4)}}, {1, 2}, list(range(1001))]
)
def test_save_from_a_hook(obj, protocol):
    pickles = [dumped(nesting(c, obj), ["before", Saved(), obj, Saved()], protocol) for c in HOOKABLE.both()]
    assert pickles[0] == pickles[1]


def test_save_nested_in_save(protocol):
    def attempt(base):
        class Deep(base):
            level = 0

            def reducer_override(self, asked):
                if isinstance(asked, Saved) and self.level < 5:
                    self.level += 1
                    self.save([asked, "text"])
                return NotImplemented

        return dumped(Deep, [Saved(), "text"], protocol)

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)


def test_save_by_a_hook_is_guarded_like_python_recursion():
    class Endless(HOOKABLE.ours):
        def reducer_override(self, asked):
            if isinstance(asked, Saved):
                self.save(Saved())
            return NotImplemented

    with pytest.raises(RecursionError):
        dumped(Endless, Saved())


def test_save_without_persistent_id(protocol):
    def attempt(base):
        class Sub(base):
            def persistent_id(self, obj):
                return "id" if obj == "x" else None

            def reducer_override(self, obj):
                if isinstance(obj, Saved):
                    self.save("x", save_persistent_id=False)
                    self.save("x")
                return NotImplemented

        return dumped(Sub, [Saved()], protocol)

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)


def test_save_outside_of_a_dump(protocol):
    def attempt(base):
        file = io.BytesIO()
        pickler = base(file, protocol)
        shared = ["shared"]
        pickler.save([shared, shared])
        pickler.save(shared)
        return file.getvalue()

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)


def test_save_from_another_thread_is_refused():
    errors = []

    def from_another_thread(pickler):
        thread = threading.Thread(target=lambda: errors.append(raised(pickler.save, 1)))
        thread.start()
        thread.join(60)

    class Sub(HOOKABLE.ours):
        def reducer_override(self, obj):
            if isinstance(obj, Saved):
                from_another_thread(self)
            return NotImplemented

    assert dumped(Sub, [Saved()], 4) == dumped(HOOKABLE.ours, [Saved()], 4)
    assert [type(error) for error in errors] == [RuntimeError]


def test_an_error_of_save_that_the_hook_swallows(protocol):
    class Failing:
        def __reduce__(self):
            raise ValueError

    def attempt(base):
        class Sub(base):
            def reducer_override(self, obj):
                if isinstance(obj, Saved):
                    try:
                        self.save([1, Failing()])
                    except ValueError:
                        pass
                return NotImplemented

        return dumped(Sub, [Saved(), "after"], protocol)

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)
