"""`python -m oxipickle dis`: the text of `pickletools.dis`, for every pickle of a file."""

import io
import json
import os
import pickle
import pickletools
import subprocess
import sys

import pytest
from called import started
from looked_at import SOUND, shown


@pytest.mark.parametrize("data", SOUND[::3], ids=range(len(SOUND[::3])))
def test_the_text_of_pickletools(command, saved, data):
    done = command("dis", saved(data))
    assert (done.code, done.err) == (0, "")
    assert done.out == shown(pickletools.dis, data)[0]


def test_annotations(command, saved):
    data = pickle.dumps([1, {"a": ()}], 4)
    expected = shown(pickletools.dis, data, annotate=30)[0]
    assert command("dis", "-a", saved(data)).out == expected


def test_several_pickles_have_offsets_in_the_file(command, saved):
    parts = [pickle.dumps(["a"], 0), pickle.dumps(("b", 2), 4)]
    path = saved(b"".join(parts))
    file = io.BytesIO(b"".join(parts))
    expected = ""
    for begin in (0, len(parts[0])):
        expected += f"== {path}: pickle at byte {begin} ==\n" + shown(pickletools.dis, file)[0]
    assert command("dis", path).out == expected


def test_a_memo_for_all_pickles(command, saved):
    file = io.BytesIO()
    pickler = pickle.Pickler(file, 2)
    pickler.dump(["a"])
    pickler.dump(["a"][0])
    pickler.memo = pickler.memo.copy()
    first = file.getvalue()
    done = command("dis", saved(first + b"\x80\x02h\x00."))
    assert done.code == 2 and "memo key 0 has never been stored into" in done.err
    assert command("dis", "-m", saved(b"]q\x00.h\x00.")).code == 0


def test_json(command, saved):
    data = pickle.dumps(["ab", b"c", 1.5, float("inf"), 2**5000, None, True], 2)
    done = command("dis", "--json", saved(data))
    told = [json.loads(line) for line in done.lines]
    names = [opcode.name for opcode, _, _ in pickletools.genops(data)]
    assert [line["opcode"] for line in told] == names
    values = [line["argument"] for line in told]
    assert "ab" in values and 1.5 in values and "inf" in values and hex(2**5000) in values
    assert [line["position"] for line in told] == [at for _, _, at in pickletools.genops(data)]


def test_a_fault_ends_the_text(command, saved):
    data = pickle.dumps([1, "abc"], 4)[:-6]
    for options in ([], ["--json"]):
        done = command("dis", *options, saved(data))
        assert done.code == 2
        assert done.err.count("\n") == 1 and "at byte" in done.err
        assert "EMPTY_LIST" in done.out


def test_marks_beyond_some_indent_no_further(command, saved):
    done = command("dis", saved(b"(" * 300 + b"N."))
    assert done.code == 2
    assert max(map(len, done.lines)) < 1000


def test_colours_only_on_a_terminal():
    pty = pytest.importorskip("pty")
    for env, coloured in [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]:
        main, other = pty.openpty()
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | env
        subprocess.run(
            [sys.executable, "-m", "oxipickle", "dis", "-"],
            input=b"N.",
            stdout=other,
            env=environment,
            timeout=60,
            check=True,
        )
        os.close(other)
        said = os.read(main, 10_000)
        os.close(main)
        assert (b"\x1b[" in said) == coloured and b"NONE" in said


def test_output_in_ascii_escapes_what_it_has_not():
    data = pickle.dumps("é€", 4)
    done = started("dis", "-", given=data, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.code == 0 and b"\\xe9\\u20ac" in done.out


def test_unknown_escapes_are_shown_whatever_becomes_of_warnings():
    done = started("dis", "-", given=b"S'\\d'\n.", env=os.environ | {"PYTHONWARNINGS": "error"})
    assert (done.code, done.err) == (0, b"") and b"STRING" in done.out
