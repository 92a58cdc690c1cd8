"""A `BytesIO` that frames go to one after the other holds what C's class has written, whoever looks at it.

`pickle._Pickler` writes at other moments.
"""

import io

import pytest
from faces import LEAN, outcome

# Half a MiB: some frames.
DATA = [[f"text number {i} " * 5, i] for i in range(6_000)]


def nothing(file, kept):
    """Nobody looks."""


def keep_value(file, kept):
    kept.append(file.getvalue())
    del kept[:-2]


def look_through_buffer(file, kept):
    with file.getbuffer() as buffer:
        kept[:] = [len(buffer)]


def keep_buffer(file, kept):
    if len(kept) < 1 and file.tell() > 100_000:
        kept.append(file.getbuffer())


def seek_back(file, kept):
    if not kept and file.tell() > 150_000:
        kept.append(file.seek(70_000))


def seek_ahead(file, kept):
    if not kept and file.tell() > 150_000:
        kept.append(file.seek(1_000_000))


def truncate(file, kept):
    if not kept and file.tell() > 150_000:
        kept.append(file.truncate(90_000))


def write_between(file, kept):
    if len(kept) < 5:
        kept.append(file.write(b"between" * 20_000))


def close(file, kept):
    if file.tell() > 150_000:
        file.close()


LOOKS = [
    nothing,
    keep_value,
    look_through_buffer,
    keep_buffer,
    seek_back,
    seek_ahead,
    truncate,
    write_between,
    close,
]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__)
@pytest.mark.parametrize("before", [0, 100, 300_000])
@pytest.mark.parametrize("protocol", [2, 4, 5], ids=lambda protocol: f"protocol{protocol}")
def test_looked_at_by_a_hook(look, before, protocol):
    def attempt(base):
        file, kept, frames = io.BytesIO(b"before" * before), [], []
        file.seek(0, io.SEEK_END)

        class Sub(base):
            def persistent_id(self, obj):
                if type(obj) is list and not file.closed and file.tell() not in frames[-1:]:
                    # A frame has come.
                    look(file, kept)
                    frames.append(file.closed or file.tell())

        found = outcome(Sub(file, protocol).dump, DATA)
        for buffer in kept:
            if isinstance(buffer, memoryview):
                buffer.release()
        return found, file.closed or (file.getvalue(), file.tell()), frames if protocol > 3 else None

    assert attempt(LEAN.ours) == attempt(LEAN.model)
