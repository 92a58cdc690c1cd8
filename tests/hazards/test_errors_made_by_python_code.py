"""Hazard: an exception class that the walk raises runs Python code when it is made.

`pickle.PicklingError` is a class like any other: somebody may have patched its `__init__` or its
`__new__`, which then free what was written and deferred.
"""

import io
import pickle

import oxipickle
import pytest
from fresh_texts import TEXTS, free, free_and_hand_over, new_text, old_text
from own_process import run

ACTS = {"free": free, "free and hand over": free_and_hand_over}

PICKLERS = {"lean": oxipickle.Pickler, "hookable": oxipickle.HookablePickler}


class Bad:
    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return self.value


class Local:
    pass


Local.__qualname__ = "Missing"

FAILING = {
    "reduce value": lambda: Bad(7),
    "reduce value of one": lambda: Bad((int,)),
    "function of a reduce value": lambda: Bad((7, ())),
    "items of a reduce value": lambda: Bad((list, (), None, 7)),
    "global": lambda: Local,
    "lambda": lambda: lambda: 0,
    "buffer below protocol 5": lambda: pickle.PickleBuffer(b"buffer"),
    "code of an extension": lambda: Bad("missing"),
}


def failing(face, act, method):
    """What became of texts, after dumps that fail with an exception that a user has patched."""
    wrong, patched_ran = [], set()
    for name, make in FAILING.items():
        for protocol in (0, 2, 4):
            items = [0, *map(old_text, range(TEXTS)), make(), []]
            made = []

            def patched(*args, **options):
                if not made:
                    ACTS[act](items)
                    made.append([new_text(number) for number in range(1000)])
                    patched_ran.add(name)
                return Exception.__new__(*args) if method == "__new__" else None

            pickler = PICKLERS[face](io.BytesIO(), protocol)
            setattr(pickle.PicklingError, method, patched)
            try:
                pickler.dump(items)
            except Exception:
                pass
            finally:
                delattr(pickle.PicklingError, method)
            for entry in pickler.memo.copy().values():
                repr(entry)
            pickler.clear_memo()
            del pickler
            wrong += [text for texts in made for number, text in enumerate(texts) if text != new_text(number)]
    return len(patched_ran), wrong


@pytest.mark.parametrize("method", ["__init__", "__new__"])
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("face", PICKLERS)
def test_a_patched_error(face, act, method):
    ran, wrong = run(failing, face, act, method, seconds=60)
    assert ran > 0
    assert wrong == []
