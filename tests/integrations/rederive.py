"""Another project's pickler class, derived anew from a base of the test's choice.

The class's own source is executed once more, where `pickle.Pickler` is that base and every other
name means what it means in the class's module.
"""

import inspect
import pickle
import sys
import textwrap
import types


def rederive(pickler_class: type, base: type) -> type:
    """`pickler_class` as its module would have defined it, had `pickle.Pickler` been `base`."""
    substitute = types.ModuleType("pickle")
    substitute.__dict__.update(vars(pickle), Pickler=base)
    namespace = dict(vars(sys.modules[pickler_class.__module__]), pickle=substitute)
    exec(textwrap.dedent(inspect.getsource(pickler_class)), namespace)
    derived = namespace[pickler_class.__name__]
    assert derived is not pickler_class
    assert issubclass(derived, base)
    return derived
