"""What the tests of `install()` run in processes of their own."""

import io
import operator
import pickle

import oxipickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

NAMES = (
    "dump",
    "dumps",
    "load",
    "loads",
    "Pickler",
    "Unpickler",
    "_Pickler",
    "_Unpickler",
    "_dumps",
    "_Pickler.dump",
    "_Pickler.save",
    "_Pickler.save_reduce",
    "_Pickler.__init__",
    "_Unpickler.load",
    "_Unpickler.find_class",
)

# Who pickles: by C, by ours under its own name and under upstream's.
PICKLERS = ("C", "lean", "hookable", "pickle._Pickler", "pickle.dumps")

C_PICKLER = pickle.Pickler


def _class(name):
    return {
        "C": C_PICKLER,
        "lean": oxipickle.Pickler,
        "hookable": oxipickle.HookablePickler,
        "pickle._Pickler": pickle._Pickler,
        "pickle.dumps": pickle.Pickler,
    }[name]


def _dumped(cls, obj, protocol):
    file = io.BytesIO()
    try:
        cls(file, protocol).dump(obj)
    except Exception as error:
        return type(error).__name__
    return file.getvalue()


def references(pickler, functions):
    """The pickles of each name's object, by protocol: before `install`, and under it."""
    model = C_PICKLER if pickler in ("C", "lean", "pickle.dumps") else pickle._Pickler
    expected, ours = {}, {}
    for name in NAMES:
        expected[name] = [
            _dumped(model, operator.attrgetter(name)(pickle), protocol) for protocol in PROTOCOLS
        ]
    with oxipickle.installed(functions=functions):
        for name in NAMES:
            obj = operator.attrgetter(name)(pickle)
            ours[name] = [_dumped(_class(pickler), obj, protocol) for protocol in PROTOCOLS]
    return expected, ours
