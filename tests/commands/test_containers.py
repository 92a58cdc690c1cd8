"""What pickles lie in: compressed files, archives, joblib's arrays, torch's files, pipes."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import pickletools
import struct
import zipfile
import zlib

import pytest
from called import started
from looked_at import shown

DATA = pickle.dumps([{"a": 1}, "text" * 100], 4)
COMPRESSIONS = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
}


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_every_level_of_zlib(command, saved, level):
    assert command("check", saved(zlib.compress(DATA, level))).code == 0


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_compressed(command, saved, name):
    path = saved(COMPRESSIONS[name](DATA))
    assert command("dis", path).out == shown(pickletools.dis, DATA)[0]
    [told] = [json.loads(line) for line in command("check", "--json", path).lines]
    assert (told["compression"], told["end"]) == (name, len(DATA))


@pytest.mark.parametrize("name", ["gzip", "bz2", "xz"])
def test_several_streams(command, saved, name):
    path = saved(COMPRESSIONS[name](DATA[:20]) + COMPRESSIONS[name](DATA[20:]))
    assert command("check", path).code == 0


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_damaged(command, saved, name):
    data = COMPRESSIONS[name](DATA)
    for broken in (data[:-5], data[:12], data[:15] + b"\xff\xff\xff" + data[18:]):
        done = command("check", saved(broken))
        assert done.code == 2 and done.err.count("\n") == 1


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_more_than_the_limit(command, saved, name):
    path = saved(COMPRESSIONS[name](b"B" + struct.pack("<I", 1 << 23) + bytes(1 << 23) + b"."))
    assert command("check", path).code == 0
    done = command("check", "--limit", "4M", path)
    assert done.code == 2 and f"more than {4 << 20} bytes" in done.err and "--limit" in done.err


def test_compressed_as_what_is_not_read(command, saved):
    assert "lz4" in command("check", saved(b"\x04\x22M\x18abc")).err
    assert "zstd" in command("check", saved(b"(\xb5/\xfdabc")).err


def archive(members, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as written:
        for name, data in members.items():
            written.writestr(name, data)
    return file.getvalue()


TORCH = {
    "archive/data.pkl": DATA,
    "archive/data/0": b"\x80\x02" + bytes(64),
    "archive/.data/serialization_id": b"123",
    "archive/version": b"3\n",
}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_of_an_archive(command, saved, compression):
    path = saved(archive(TORCH | {"pkg/model": DATA[:-20]}, compression=compression))
    done = command("check", path)
    assert done.lines[0].startswith(f"{path}: archive/data.pkl: well-formed")
    assert len(done.lines) == 1
    assert done.code == 2 and f"{path}: pkg/model: at byte" in done.err


def test_a_member_by_name(command, saved):
    path = saved(archive(TORCH | {"other.pkl": b"\xff"}))
    assert command("check", "--member", "archive/data.pkl", path).code == 0
    done = command("check", "--member", "nothing", path)
    assert done.code == 2 and "no member of that name" in done.err
    assert command("check", "--member", "x", saved(DATA, "plain.pkl")).code == 2


def test_an_archive_without_pickles(command, saved):
    done = command("check", saved(archive({"a.txt": b"text"})))
    assert done.code == 2 and "no member that is a pickle" in done.err


def test_damaged_archives(command, saved):
    data = archive(TORCH, compression=zipfile.ZIP_DEFLATED)
    for broken in (
        data[:-30],
        data[:40],
        data.replace(b"\x4b", b"\x4c", 1),
        data[:60] + b"\xff" * 20 + data[80:],
    ):
        done = command("check", saved(broken))
        assert done.code == 2 and done.err.count("\n") == 1


def test_a_member_that_lies_about_its_size(command, saved):
    data = bytearray(archive({"a.pkl": bytes(1 << 20)}, compression=zipfile.ZIP_DEFLATED))
    assert "more than 1024 bytes" in command("check", "--limit", "1K", saved(bytes(data))).err


def legacy_torch_file():
    magic, version = 0x1950A86A20F9469CFC6C, 1001
    parts = [magic, version, {"little_endian": True}, {"weight": [1, 2]}, ["0"]]
    pickles = [pickle.dumps(part, 2) for part in parts]
    return pickles, b"".join(pickles) + struct.pack("<q", 3) + b"\xff" * 12


def test_a_torch_file_of_several_pickles(command, saved):
    pickles, data = legacy_torch_file()
    path = saved(data)
    done = command("check", path)
    assert (done.code, done.err) == (0, "")
    assert len(done.lines) == len(pickles) + 1
    end = sum(map(len, pickles))
    assert done.lines[-1] == f"{path}: bytes {end} to {len(data)} are the tensors of a torch file"
    assert command("optimize", path, path.with_name("out")).code == 2


joblib = pytest.importorskip("joblib")
numpy = pytest.importorskip("numpy")

ARRAYS = {
    "floats": numpy.arange(1000.0).reshape(10, 100),
    "strings": numpy.array(["x", "yy"]),
    "objects": numpy.array([1, None, "z"], dtype=object),
    "records": numpy.zeros(3, dtype=[("p", "i4"), ("q", "f8")]),
    "dates": numpy.array(["2020-01-01"], dtype="M8[D]"),
    "complex": numpy.zeros((2, 2, 2), dtype=">c16"),
    "none": numpy.zeros((0, 3)),
    "a number": numpy.array(5, dtype="u2"),
    "columns": numpy.asfortranarray(numpy.arange(6).reshape(2, 3)),
    "bools": numpy.ones(7, dtype=bool),
}


def in_joblib(obj, **options):
    file = io.BytesIO()
    joblib.dump(obj, file, **options)
    return file.getvalue()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_joblib(command, saved, name, protocol):
    data = in_joblib(["before", ARRAYS[name], "after", ARRAYS[name][...], "end"], protocol=protocol)
    assert joblib.load(io.BytesIO(data))[-1] == "end"
    done = command("check", saved(data))
    assert (done.code, done.err) == (0, "")
    assert "bytes" in done.lines[-1] and "are an array of" in done.lines[-1]


def test_all_arrays_of_joblib_at_once(command, saved):
    data = in_joblib(ARRAYS)
    told = [json.loads(line) for line in command("check", "--json", saved(data)).lines]
    raw = [line["raw"] for line in told if "raw" in line]
    assert len(raw) == len(ARRAYS)
    # What is left is one pickle, and the arrays' bytes are where they are said to be.
    begin, end = raw[0]
    floats = ARRAYS["floats"].tobytes()
    assert data[begin:end].endswith(floats) and end - begin <= len(floats) + 17
    whole = next(line for line in told if "begin" in line)
    assert (whole["begin"], whole["end"], whole["well_formed"]) == (0, len(data), True)


def test_offsets_behind_an_array_are_those_of_the_file(command, saved):
    data = in_joblib([ARRAYS["floats"], "behind" * 9])
    told = [json.loads(line) for line in command("dis", "--json", saved(data)).lines]
    [line] = [line for line in told if line.get("argument") == "behind" * 9]
    assert data[line["position"] :].startswith(b"\x8c\x36behind")
    text = command("dis", saved(data)).out
    assert f"{line['position']:5}: \\x8c" in text
    largest = json.loads(command("stats", "--json", saved(data)).lines[0])["largest"]
    assert line["position"] in {row["offset"] for row in largest}


def test_globals_of_joblib_files(command, saved):
    out = command("globals", saved(in_joblib(ARRAYS["floats"], compress=("gzip", 3)))).out
    assert "joblib.numpy_pickle.NumpyArrayWrapper" in out and "numpy.dtype" in out


@pytest.mark.parametrize("compress", [("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)], ids=str)
def test_compressed_by_joblib(command, saved, compress):
    done = command("check", saved(in_joblib(ARRAYS, compress=compress)))
    assert (done.code, done.err) == (0, "")


def test_arrays_that_are_cut_off(command, saved):
    data = in_joblib([ARRAYS["floats"], "behind"])
    for end in range(100, len(data), 97):
        done = command("check", saved(data[:end]))
        assert done.code == 2 and "at byte" in done.err


def test_an_array_that_claims_too_much(command, saved):
    data = in_joblib([ARRAYS["floats"]])
    huge = data.replace(b"K\nKd\x86", b"K\x0bKd\x86")
    assert huge != data
    done = command("check", saved(huge))
    assert done.code == 2 and "it claims 8800 bytes" in done.err
    unknown = data.replace(b"f8", b"~~")
    done = command("check", saved(unknown))
    assert done.code == 2 and "its dtype is unknown" in done.err


def test_pipes(tmp_path):
    assert started("check", "-", given=DATA).code == 0
    assert started("check", "-", given=archive(TORCH)).code == 0
    done = started("check", "--limit", "1K", "-", given=bytes(5000))
    assert done.code == 2 and b"more than 1024 bytes" in done.err
    if os.path.exists("/dev/zero"):
        done = started("check", "--limit", "1M", "/dev/zero")
        assert done.code == 2 and b"more than 1048576 bytes" in done.err
