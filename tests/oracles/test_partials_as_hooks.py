"""`persistent_id` as a `functools.partial`: called as by the model, whatever it binds and becomes."""

import functools
import gc

import pytest
from faces import HOOKABLE, LEAN, dumped, outcome

DATA = [{"key": [1, "text", 2.5, None]}, ("tuple", "text"), [b"bytes", {"of": "texts"}]]

FACES = pytest.mark.parametrize("face", [LEAN, HOOKABLE], ids=lambda face: face.name)


def asked(log, *args, **options):
    # From 3.14 on a partial in a class binds the pickler, of which either side has its own.
    *bound, obj = args
    bound = [value if isinstance(value, int | str) else "a pickler" for value in bound]
    log.append((type(obj).__name__, *bound, *options.items()))
    return "an id" if obj == "text" else None


class Callable:
    def __init__(self, log):
        self.log = log

    def __call__(self, *args):
        return asked(self.log, *args)


class Derived(functools.partial):
    def __call__(self, obj):
        return super().__call__("derived", obj)


PARTIALS = {
    "one argument": lambda log: functools.partial(asked, log),
    "two arguments": lambda log: functools.partial(asked, log, 1),
    "a keyword": lambda log: functools.partial(asked, log, option=1),
    "of a partial": lambda log: functools.partial(functools.partial(asked, log), 2),
    "nothing": lambda log: functools.partial(functools.partial(asked, log)),
    "of a method": lambda log: functools.partial(Callable(log).__call__, 3),
    "of an object": lambda log: functools.partial(Callable(log), 4),
    "of a builtin": lambda log: functools.partial(log.__contains__),
    "derived": lambda log: Derived(asked, log),
}


@FACES
@pytest.mark.parametrize("place", ["class", "instance"])
@pytest.mark.parametrize("kind", PARTIALS)
def test_what_is_bound(face, kind, place, protocol):
    def attempt(base):
        log = []
        hook = PARTIALS[kind](log)
        if place == "class":
            # No function binds a pickler.
            return outcome(dumped, type("Sub", (base,), {"persistent_id": hook}), DATA, protocol), log

        class Sub(base):
            def dump(self, obj):
                self.persistent_id = hook
                super().dump(obj)

        if face is LEAN:
            Sub = type("Sub", (base,), {"persistent_id": property(lambda self: hook)})
        return outcome(dumped, Sub, DATA, protocol), log

    assert attempt(face.ours) == attempt(face.model)


def takes_a_keyword(hook, log):
    hook.keywords["late"] = True


def takes_another_state(hook, log):
    def other(number, obj):
        log.append((number, type(obj).__name__))

    hook.__setstate__((other, (len(log),), {}, {}))


CHANGES = [takes_a_keyword, takes_another_state]


@FACES
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("at", [1, 4])
def test_changed_while_it_is_called(face, change, at, protocol):
    """What it bound goes away with that, but not before the call is over."""

    def attempt(base):
        log = []

        def hook(log, obj, **options):
            asked(log, obj, **options)
            if len(log) == at:
                change(partial, log)
                gc.collect()
                log.append("still alive")

        partial = functools.partial(hook, log)
        del hook
        sub = type("Sub", (base,), {"persistent_id": property(lambda self: partial)})
        return outcome(dumped, sub, DATA, protocol), log

    assert attempt(face.ours) == attempt(face.model)


@FACES
def test_an_error(face, protocol):
    def attempt(base):
        partial = functools.partial(lambda words, obj: 1 / 0 if obj == "text" else None, "words")
        sub = type("Sub", (base,), {"persistent_id": property(lambda self: partial)})
        return outcome(dumped, sub, DATA, protocol)

    found = attempt(face.ours)
    assert found == attempt(face.model)
    assert found == ("error", ZeroDivisionError)
