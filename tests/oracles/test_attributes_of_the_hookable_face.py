"""Row "`bin`, `fast`": on the hookable face plain attributes, which take and lose any value."""

import io

import pytest
from faces import HOOKABLE, dumped, outcome

NAMES = ["bin", "fast"]


VALUES = ["x", "", None, 1.5, [], 2**70, True, 0]


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("name", NAMES)
def test_any_value_counts_by_its_truth(name, value, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        setattr(pickler, name, value)
        pickler.dump([1, "text", ("text", b"bytes"), {1.5: None}, "text"])
        return file.getvalue()

    assert outcome(attempt, HOOKABLE.ours) == outcome(attempt, HOOKABLE.model)


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("name", NAMES)
def test_the_value_is_kept_as_it_is(name, value):
    for pickler_class in HOOKABLE.both():
        pickler = pickler_class(io.BytesIO())
        setattr(pickler, name, value)
        assert getattr(pickler, name) == value


def test_bin_is_a_bool(protocol):
    for pickler_class in HOOKABLE.both():
        assert pickler_class(io.BytesIO(), protocol).bin is (protocol > 0)


@pytest.mark.parametrize("name", NAMES)
def test_read_by_a_hook(name, protocol):
    def attempt(base):
        seen = []

        class Sub(base):
            def persistent_id(self, obj):
                seen.append(getattr(self, name))
                setattr(self, name, not seen[-1])

        return outcome(dumped, Sub, [["a"], ("b", ["c"]), {"d": 1}], protocol), seen

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)
