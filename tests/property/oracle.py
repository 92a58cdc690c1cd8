"""The interpreter's own class as an oracle, in a process of its own.

The C class allocates for a memo index or a length before it looks, and the interpreter itself may overflow
its stack: so the process has a limit on its address space, and its MemoryError or death decides
nothing. Started as a program with the class's name, this file is that process.
"""

import io
import pickle
import struct
import subprocess
import sys

ADDRESS_SPACE = 1 << 30
UNDECIDED = "undecided"


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


class Oracle:
    """Asks the process, and starts another one when it died."""

    def __init__(self, model=pickle.Unpickler):
        self.model = model
        self.process = None

    def ask(self, data):
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, __file__, self.model.__name__],
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


def main(model):
    import resource

    from closed import closed

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    unpickler_class = closed(getattr(pickle, model))
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    while header := source.read(4):
        (size,) = struct.unpack("<I", header)
        answer = outcome(unpickler_class, source.read(size)).encode("utf-8", "surrogatepass")
        answers.write(struct.pack("<I", len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
