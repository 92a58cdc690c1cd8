"""Row "`bin`, `fast`": ints on the lean face; on the hookable one plain attributes, which take any value."""

import io

import pytest
from faces import HOOKABLE, LEAN, dumped, outcome

NAMES = ["bin", "fast"]

# Values that only the hookable face takes, and two that both do.
VALUES = ["x", "", None, 1.5, [], 2**70, True, 0]


def fresh(pickler_class, protocol=None):
    return pickler_class(io.BytesIO(), protocol)


@pytest.mark.parametrize("name", NAMES)
def test_value_and_type_after_init(face, name, protocol):
    ours, model = (getattr(fresh(c, protocol), name) for c in face.both())
    assert (ours, type(ours)) == (model, type(model))


@pytest.mark.parametrize("value", [0, 1, True, False, 2, -1])
@pytest.mark.parametrize("name", NAMES)
def test_assignment(name, value):
    results = []
    for pickler_class in LEAN.both():
        pickler = fresh(pickler_class)
        setattr(pickler, name, value)
        results.append(bool(getattr(pickler, name)))
    assert results[0] == results[1]


@pytest.mark.parametrize("value", ["x", None, 1.5, [], 2**70, -(2**70)])
@pytest.mark.parametrize("name", NAMES)
def test_what_the_lean_face_refuses(name, value):
    results = [outcome(setattr, fresh(c), name, value) for c in LEAN.both()]
    assert results[0] == results[1]
    assert results[0][0] == "error"


@pytest.mark.parametrize("name", NAMES)
def test_the_lean_face_refuses_deletion(name):
    for pickler_class in LEAN.both():
        pickler = fresh(pickler_class)
        with pytest.raises(TypeError):
            delattr(pickler, name)
        assert getattr(pickler, name) in (0, 1)


@pytest.mark.parametrize("binary", [0, 1])
def test_bin_set_apart_from_the_protocol(face, binary, protocol):
    obj = [None, True, 1, 2**70, 1.5, "text", b"bytes", (), (1,), {1: 2}, {3}, "text"]

    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        pickler.bin = binary
        pickler.dump(obj)
        return file.getvalue()

    assert attempt(face.ours) == attempt(face.model)


def test_proto_and_fix_imports_of_the_hookable_face(protocol):
    for fix_imports in (True, False):
        ours, model = (c(io.BytesIO(), protocol, fix_imports=fix_imports) for c in HOOKABLE.both())
        assert (ours.proto, ours.fix_imports, ours.bin) == (model.proto, model.fix_imports, model.bin)


def test_bin_of_the_hookable_face_is_a_bool(protocol):
    for pickler_class in HOOKABLE.both():
        assert fresh(pickler_class, protocol).bin is (protocol > 0)


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("name", NAMES)
def test_any_value_counts_by_its_truth_on_the_hookable_face(name, value, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        setattr(pickler, name, value)
        pickler.dump([1, "text", ("text", b"bytes"), {1.5: None}, "text"])
        return file.getvalue()

    assert outcome(attempt, HOOKABLE.ours) == outcome(attempt, HOOKABLE.model)


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("name", NAMES)
def test_the_hookable_face_keeps_the_value_as_it_is(name, value):
    for pickler_class in HOOKABLE.both():
        pickler = fresh(pickler_class)
        setattr(pickler, name, value)
        assert getattr(pickler, name) == value


@pytest.mark.parametrize("name", NAMES)
def test_a_hook_of_the_hookable_face_reads_and_sets_it(name, protocol):
    def attempt(base):
        seen = []

        class Sub(base):
            def persistent_id(self, obj):
                seen.append(getattr(self, name))
                setattr(self, name, not seen[-1])

        return outcome(dumped, Sub, [["a"], ("b", ["c"]), {"d": 1}], protocol), seen

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)
