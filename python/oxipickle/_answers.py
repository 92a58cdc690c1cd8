"""What the interpreter's own code is asked in the middle of a dump, so that its answer, or its error, is
the release's."""

from functools import partial

from oxipickle._behaviour import raised
from oxipickle._pristine import Pickler

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any


def bind_new(cls: "Any", args: "Any", kwargs: "Any") -> "Any":
    """What stands for NEWOBJ_EX below protocol 4. A call in Python raises what the release raises."""
    return partial(cls.__new__, cls, *args, **kwargs)


def refuses_bad_codes(obj: "Any", qualname: "Any") -> "Any":
    """Whether C's pickler raises PicklingError for an object whose extension code is no such code.

    It can be asked only where copyreg's registry holds such a code, so it is asked where one was met.
    """

    class Naming(Pickler):  # type: ignore[misc]
        def reducer_override(self, _: "Any") -> "Any":
            return qualname

    error = raised(Naming, obj, 2)
    return error is not None and error.__name__ == "PicklingError"
