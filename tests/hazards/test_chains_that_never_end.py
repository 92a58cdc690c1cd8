"""Hazard: objects made during the dump, each inside the one before, without an end.

The walk has no native stack that would overflow, so it counts them.
"""

import copyreg

import pytest
from faces import dumped, raised
from parts import rebuilt

# Far more than the walk allows, and less than fills the memory.
ENOUGH = 250_000


class Link:
    """Reduces to a value that holds the next link."""

    def __init__(self, form, left=ENOUGH):
        self.form = form
        self.left = left

    def __reduce__(self):
        if self.left == 0:
            raise AssertionError("nobody counted the links")
        return FORMS[self.form](Link(self.form, self.left - 1))


FORMS = {
    "arguments": lambda link: (rebuilt, (link,)),
    "list in arguments": lambda link: (rebuilt, ([link],)),
    "newobj": lambda link: (copyreg.__newobj__, (Link, link)),
    "newobj and state": lambda link: (copyreg.__newobj__, (Link,), [link]),
    "state": lambda link: (rebuilt, (), link),
    "dict in the state": lambda link: (rebuilt, (), {"link": (link,)}),
    "list items": lambda link: (rebuilt, (), None, iter([link])),
    "dict items": lambda link: (rebuilt, (), None, None, iter([(0, [link])])),
}


@pytest.mark.parametrize("form", FORMS)
def test_of_what_objects_reduce_to(face, form):
    assert type(raised(dumped, face.ours, Link(form), 4)) is RecursionError


class Identified:
    pass


def test_of_persistent_ids(pickler_face):
    class Pickler(pickler_face.ours):
        left = ENOUGH

        def persistent_id(self, obj):
            if type(obj) is not Identified:
                return None
            self.left -= 1
            if self.left == 0:
                raise AssertionError("nobody counted the ids")
            return [Identified()]

    assert type(raised(dumped, Pickler, Identified(), 4)) is RecursionError
