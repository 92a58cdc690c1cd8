"""Row "`bin`, `fast`": ints on the lean face, plain attributes on the hookable one."""

import io

import pytest
from faces import HOOKABLE, LEAN, outcome


def fresh(pickler_class, protocol=None):
    return pickler_class(io.BytesIO(), protocol)


@pytest.mark.parametrize("name", ["bin", "fast"])
def test_value_and_type_after_init(face, name, protocol):
    ours, model = (getattr(fresh(c, protocol), name) for c in face.both())
    assert (ours, type(ours)) == (model, type(model))


@pytest.mark.parametrize("value", [0, 1, True, False, 2, -1])
@pytest.mark.parametrize("name", ["bin", "fast"])
def test_assignment(name, value):
    results = []
    for pickler_class in LEAN.both():
        pickler = fresh(pickler_class)
        setattr(pickler, name, value)
        results.append(bool(getattr(pickler, name)))
    assert results[0] == results[1]


@pytest.mark.parametrize("value", ["x", None, 1.5, [], 2**70, -(2**70)])
@pytest.mark.parametrize("name", ["bin", "fast"])
def test_what_the_lean_face_refuses(name, value):
    results = [outcome(setattr, fresh(c), name, value) for c in LEAN.both()]
    assert results[0] == results[1]
    assert results[0][0] == "error"


@pytest.mark.parametrize("name", ["bin", "fast"])
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
