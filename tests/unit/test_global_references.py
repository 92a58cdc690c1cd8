"""`global_references`: every global that was emitted, first seen first."""

import collections
import copyreg
import io

import pytest
from faces import raised


class Outer:
    class Inner:
        pass


def references(pickler_class, obj, protocol=4, **options):
    pickler = pickler_class(io.BytesIO(), protocol, **options)
    pickler.dump(obj)
    return pickler.global_references


def test_none_at_first(face):
    assert face.ours(io.BytesIO()).global_references == []


def test_pairs_of_text(face, protocol):
    (pair,) = references(face.ours, len, protocol)
    assert pair == ("builtins", "len")
    assert type(pair) is tuple


def test_each_once_first_seen_first(face):
    obj = [collections.OrderedDict, len, Outer(), len, Outer, collections.Counter, Outer()]
    assert references(face.ours, obj) == [
        ("collections", "OrderedDict"),
        ("builtins", "len"),
        (__name__, "Outer"),
        ("collections", "Counter"),
    ]


def test_full_qualified_names_at_every_protocol(face, protocol):
    found = references(face.ours, Outer.Inner, protocol)
    assert (__name__, "Outer.Inner") in found
    assert (("builtins", "getattr") in found) == (protocol < 4)


@pytest.mark.parametrize("protocol", range(3))
def test_as_named_before_old_names_are_mapped(face, protocol):
    assert references(face.ours, range, protocol) == [("builtins", "range")]


def test_the_implicit_ones(face):
    assert references(face.ours, Outer(), 0) == [
        ("copyreg", "_reconstructor"),
        (__name__, "Outer"),
        ("builtins", "object"),
    ]
    assert references(face.ours, b"bytes", 2) == [("_codecs", "encode")]
    assert references(face.ours, {1}, 2) == [("builtins", "set")]
    assert references(face.ours, bytearray(b"x"), 4) == [("builtins", "bytearray")]
    assert references(face.ours, type(None), 4) == [("builtins", "type")]


def test_extension_codes_are_told_by_name(face, monkeypatch):
    monkeypatch.setitem(copyreg._extension_registry, (__name__, "Outer"), 9)
    assert references(face.ours, Outer(), 2) == [(__name__, "Outer")]


def test_kept_over_dumps_and_clear_memo(face):
    pickler = face.ours(io.BytesIO(), 4)
    pickler.dump(len)
    pickler.clear_memo()
    pickler.dump([int, len])
    assert pickler.global_references == [("builtins", "len"), ("builtins", "int")]


def test_what_a_failed_dump_had_emitted_stays(face):
    pickler = face.ours(io.BytesIO(), 4)
    raised(pickler.dump, [len, (i for i in ())])
    assert pickler.global_references[:1] == [("builtins", "len")]


def test_changing_the_list_changes_nothing(face):
    pickler = face.ours(io.BytesIO(), 4)
    pickler.dump(len)
    pickler.global_references.clear()
    assert pickler.global_references == [("builtins", "len")]


def test_names_with_surrogates(face, monkeypatch):
    import sys

    name = "odd\udc80"

    class Named:
        def __reduce__(self):
            return name

    named = Named()
    named.__module__ = __name__
    monkeypatch.setattr(sys.modules[__name__], name, named, raising=False)
    assert references(face.ours, named, 4) == [(__name__, name)]
