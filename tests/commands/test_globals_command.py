"""`python -m oxipickle globals`: what a pickle needs to be loaded, told without loading it."""

import collections
import copyreg
import datetime
import io
import json
import pickle
import sys

import pytest

OBJECT = [
    collections.OrderedDict(a=datetime.date(2020, 1, 2)),
    datetime.date(2021, 1, 1),
    collections.Counter(),
]
NAMES = {"collections.OrderedDict", "datetime.date", "collections.Counter"}


class Seen(pickle.Unpickler):
    """Notes what a load finds."""

    def find_class(self, module, name):
        found = super().find_class(module, name)
        self.__dict__.setdefault("names", []).append(f"{found.__module__}.{found.__qualname__}")
        return found


def asked_for(data):
    unpickler = Seen(io.BytesIO(data))
    unpickler.load()
    return set(unpickler.names)


@pytest.mark.parametrize("protocol", range(6))
def test_what_a_load_asks_for(command, saved, protocol):
    for obj in (
        OBJECT,
        [ValueError, print, {1: complex(1, 2)}, range(3)],
        datetime.datetime.isoformat,
        {1, 2},
    ):
        try:
            data = pickle.dumps(obj, protocol)
            names = asked_for(data)
        except AttributeError:
            continue
        done = command("globals", saved(data))
        assert (done.code, done.err) == (0, "")
        assert {line.partition("  #")[0] for line in done.lines} == names


def test_names_of_python_2(command, saved):
    done = command("globals", saved(b"c__builtin__\nset\n."))
    assert done.lines == ["builtins.set  # written as __builtin__.set"]
    # From protocol 3 on names are not mapped.
    assert command("globals", saved(b"\x80\x03c__builtin__\nset\n.")).lines == ["__builtin__.set"]


TEXTS = {
    "memo": b"\x8c\x02osq\x05\x8c\x04pathq\x0600h\x05h\x06\x93.",
    "DUP": b"\x8c\x04path\x8c\x02os2000\x8c\x02os2\x8c\x04path\x93\x86.",
    "texts of Python 2": b"U\x02osU\x04path\x93.",
    "lines of text": b"Vos\nVpath\n\x93.",
    "escapes": b"V\\u006fs\nS'p\\x61th'\n\x93.",
    "INST": b"(ios\npath\n.",
    "GLOBAL": b"cos\npath\n.",
}


@pytest.mark.parametrize("name", TEXTS)
def test_where_names_come_from(command, saved, name):
    done = command("globals", saved(b"\x80\x04" + TEXTS[name]))
    assert (done.code, done.lines) == (0, ["os.path"])


def test_what_cannot_be_told(command, saved):
    done = command("globals", saved(b"\x80\x04cos\ngetcwd\n)R\x8c\x01x\x93."))
    assert done.code == 0
    assert done.lines[0] == "os.getcwd"
    assert done.lines[1].startswith("?  # can't be told: STACK_GLOBAL at byte")


def test_extension_codes(command, saved):
    copyreg.add_extension("collections", "OrderedDict", 0x7A7A7A)
    try:
        data = pickle.dumps(collections.OrderedDict, 2)
        known = command("globals", saved(data)).lines
    finally:
        copyreg.remove_extension("collections", "OrderedDict", 0x7A7A7A)
    unknown = command("globals", saved(data)).lines
    assert known == [f"collections.OrderedDict  # extension code {0x7A7A7A}, registered here"]
    assert unknown[0].startswith(
        f"extension code {0x7A7A7A}  # extension code {0x7A7A7A}, not registered here"
    )


def test_json(command, saved):
    [line] = command("globals", "--json", saved(pickle.dumps(OBJECT, 4))).lines
    told = json.loads(line)
    named = {f"{each['module']}.{each['name']}": each for each in told["globals"]}
    assert set(named) == NAMES
    assert named["datetime.date"]["objects"] == 2 and named["datetime.date"]["opcode"] == "STACK_GLOBAL"
    assert (told["persistent_ids"], told["buffers"], told["fault"]) == (0, 0, None)


def test_persistent_ids_and_buffers(command, saved):
    done = command("globals", saved(b"\x80\x05P1\nN\x86NQ\x86\x97\x86."))
    text = done.out
    assert "# 2 persistent ids" in text and "# 1 out-of-band buffers" in text


def test_what_was_found_before_a_fault(command, saved):
    data = pickle.dumps(OBJECT, 4)
    done = command("globals", saved(data[:60]))
    assert done.code == 2 and done.lines == ["collections.OrderedDict"]
    assert "data ends" in done.err


def test_names_that_would_harm_a_terminal(command, saved):
    done = command("globals", saved(b"\x80\x04\x8c\x05a\x1b[2J\x8c\x04b\r\xc2\x9b\x93."))
    assert "\x1b" not in done.out and "\r" not in done.out and "a\\x1b[2J.b\\r\\x9b" in done.out


def test_nothing_is_imported(command, saved, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "never_imported.py").write_text("raise SystemExit('imported')")
    data = b"\x80\x04cnever_imported\nf\n)R\x8c\x0enever_imported\x8c\x01g\x93)\x81\x86}b."
    for name in ("globals", "check", "dis", "stats"):
        assert command(name, saved(data)).code == 0
    assert command("optimize", saved(data), tmp_path / "out.pkl").code == 0
    assert "never_imported" not in sys.modules


def test_names_beyond_ascii(command, saved):
    data = b"\x80\x04c\xc3\xa9\n\\x41\nU\x02\xff\xffU\x01b\x93\x86."
    assert command("globals", saved(data)).lines == ["é.\\x41", "\\xff\\xff.b"]
