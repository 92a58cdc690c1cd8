"""Every name that upstream's pickler reads through `self`: overridden, it is called as upstream calls it."""

import pytest
from faces import HOOKABLE
from overridden import METHODS, OTHERS, PLACES, session


def test_the_source_was_read():
    assert {"save", "memoize", "persistent_id", "save_global", "_batch_setitems", "save_pers"} <= set(METHODS)
    assert {"framer", "memo", "write", "dispatch", "dispatch_table", "reducer_override"} <= set(OTHERS)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", METHODS)
def test_a_method_that_logs(name, place, protocol):
    ours = session(HOOKABLE.ours, PLACES[place], name, protocol)
    model = session(HOOKABLE.model, PLACES[place], name, protocol)
    assert ours == model
