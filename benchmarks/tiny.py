"""Tiny calls, in nanoseconds beside C's: what a call costs before anything is pickled."""

import io
import pickle
import sys

import oxipickle

from benchmarks.timing import least_times


class Thing:
    def __init__(self):
        self.x = 1


OBJECTS = {
    "None": None,
    "an int": 12345,
    "a text": "some text",
    "a small list": [1, 2, 3],
    "a small dict": {"a": 1, "b": "text"},
    "an instance": Thing(),
    "a class": Thing,
}


def through(module, obj, protocol):
    file = io.BytesIO()
    module.Pickler(file, protocol).dump(obj)
    return file.getvalue()


CALLS = {
    "dumps": lambda module, obj: module.dumps(obj),
    "dumps, protocol 2": lambda module, obj: module.dumps(obj, 2),
    "Pickler(file).dump": lambda module, obj: through(module, obj, None),
}


def main(only: str | None, quick: bool) -> None:
    print(f"{'':40}{'ours, ns':>12}{'C, ns':>12}{'ours / C':>12}")
    for call, do in CALLS.items():
        for name, obj in OBJECTS.items():
            title = f"{call} of {name}"
            if only and only not in title:
                continue
            if do(oxipickle, obj) != do(pickle, obj):
                sys.exit(f"{title}: the bytes differ")
            ours, theirs = least_times([lambda: do(oxipickle, obj), lambda: do(pickle, obj)])
            print(f"{title:40}{ours * 1e9:12.0f}{theirs * 1e9:12.0f}{ours / theirs:12.2f}", flush=True)
