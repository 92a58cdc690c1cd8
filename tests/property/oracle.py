"""The interpreter's C class, or its Python class, as an oracle, in a process of its own.

They allocate for a memo index or a length before they look, and the interpreter itself may overflow
its stack, or hash without end: so the process has a limit on its address space and on its time, and
its MemoryError or death decides nothing. Started as a program with the name of the class, this file
is that process.
"""

import io
import pickle
import re
import struct
import subprocess
import sys

ADDRESS_SPACE = 1 << 30
SECONDS = 2
UNDECIDED = "undecided"

# Where ours differs on purpose from the C class: what that says, and what ours may say instead.
ON_PURPOSE = {
    # Up to 3.14 the C class makes an object of the claimed length before it looks for the bytes.
    ("error OverflowError", "error UnpicklingError"): "byte string is too large",
}

# GLOBAL or INST with a line that is empty.
NO_NAME = re.compile(rb"[ci]([^\n]*\n)?\n")


def outcome(unpickler_class, data):
    """The shape of what the class loads, or the name of the exception's class.

    The file can be looked ahead in: from others the C class drops, up to 3.13, what it read of a
    frame that ends within an argument.
    """
    return outcome_of(lambda: unpickler_class(io.BufferedReader(io.BytesIO(data), 1 << 16)).load())


def outcome_of(load):
    """The shape of what is loaded, or the name of the exception's class."""
    from shapes import shape

    try:
        value = load()
    except MemoryError:
        return UNDECIDED
    except Exception as error:
        return f"error {type(error).__name__}"
    try:
        return f"value {shape(value)}"
    except RecursionError:
        return UNDECIDED


def may_count_otherwise(data):
    """Whether the C class may give MEMOIZE another index than ours and than the Python class.

    From 3.15 on it does not count entries that were put far ahead, so a pickle that names indices
    and counts them too, as no pickler's does, decides nothing there where the outcomes differ.
    """
    names = any(put in data for put in (pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT))
    return sys.version_info >= (3, 15) and pickle.MEMOIZE in data and names


def differ(expected, ours, data):
    """Whether what ours comes to is not what the C class says, where that decides."""
    if expected in (UNDECIDED, ours) or (expected, ours) in ON_PURPOSE:
        return False
    # Ours refuses a key that shares its parts before it would take a second to hash.
    return ours != "error RecursionError" and not may_count_otherwise(data)


def differ_from_python(expected, ours, data):
    """The same for the hookable face and the Python class, whose exceptions may be of any class."""
    if expected.startswith("error"):
        return not ours.startswith("error")
    accepted = (
        # Its memo is a dict, and takes an index that nothing has as many entries as.
        (pickle.PUT in data and ours == "error OverflowError")
        # It does not look whether all of a frame is there.
        or (pickle.FRAME in data and ours == "error UnpicklingError")
        # It asks `find_class` for names of no length.
        or (NO_NAME.search(data) and ours == "error UnpicklingError")
        or ours == "error RecursionError"
    )
    return expected not in (UNDECIDED, ours) and not accepted


class Oracle:
    """Asks the process, and starts another one when it died."""

    def __init__(self, unpickler_class=pickle.Unpickler):
        self.name = "_Unpickler" if unpickler_class is pickle._Unpickler else "Unpickler"
        self.process = None

    def ask(self, data):
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, __file__, self.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        try:
            self.process.stdin.write(struct.pack("<I", len(data)) + data)
            self.process.stdin.flush()
            (size,) = struct.unpack("<I", self.process.stdout.read(4))
            return self.process.stdout.read(size).decode("utf-8", "surrogatepass")
        except (OSError, struct.error):
            self.close()
            return UNDECIDED

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def main():
    import resource
    import signal

    from closed import closed

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    unpickler_class = closed(getattr(pickle, sys.argv[1]))
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    while header := source.read(4):
        (size,) = struct.unpack("<I", header)
        data = source.read(size)
        signal.alarm(SECONDS)
        answer = outcome(unpickler_class, data).encode("utf-8", "surrogatepass")
        signal.alarm(0)
        answers.write(struct.pack("<I", len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    main()
