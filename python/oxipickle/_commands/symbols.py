"""Follows a pickle with what must be known of it to find joblib's arrays, without loading anything.

joblib writes an array's bytes behind the BUILD that gives its wrapper a state: their number follows from
the shape and the dtype in that state. Nothing else is kept, so that memory stays small.
"""

from typing import Any, NamedTuple

from oxipickle._oxipickle import opcode_table

# Keys of the state that are kept.
KEPT = {"shape", "dtype", "numpy_array_alignment_bytes"}

# Items of the longest tuple that is kept: dimensions, or the parts of a dtype.
LONGEST = 64

STACK_BEFORE = {row[0]: row[3] for row in opcode_table()}
STACK_AFTER = {row[0]: row[4] for row in opcode_table()}


class Global(NamedTuple):
    """A global, by its names."""

    module: str
    name: str


class Made:
    """What comes of calling a global."""

    def __init__(self, called: Global, arguments: Any) -> None:
        self.called = called
        self.arguments = arguments
        self.state: Any = None


class _Mark:
    """A MARK on the stack."""


class _Unknown:
    """Anything else."""


UNKNOWN = _Unknown()
MARK = _Mark()

# Opcodes whose argument is the object that they push.
PUSHED = {name for name in STACK_AFTER if "INT" in name or "LONG" in name or "UNICODE" in name}
PUSHED -= {"LONG_BINGET", "LONG_BINPUT"}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}
GETS = {"GET", "BINGET", "LONG_BINGET"}


class Machine:
    """The stack and the memo. What does not fit in raises IndexError or KeyError: the pickle is malformed."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def _above_mark(self) -> list[Any]:
        at = len(self.stack) - 1
        while self.stack[at] is not MARK:
            at -= 1
            if at < 0:
                raise IndexError("no MARK")
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def _call(self, arguments: Any) -> None:
        called = self.stack.pop()
        self.stack.append(Made(called, arguments) if isinstance(called, Global) else UNKNOWN)

    @staticmethod
    def _fill(target: Any, items: list[Any]) -> None:
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2]):
                if isinstance(key, str) and key in KEPT:
                    target[key] = value

    def follow(self, name: str, argument: Any) -> None:
        """Does what the opcode of this name does."""
        stack = self.stack
        if name in PUSHED:
            stack.append(argument if not isinstance(argument, str) or len(argument) < 256 else UNKNOWN)
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name == "MARK":
            stack.append(MARK)
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name in ("SETITEMS", "SETITEM"):
            if name == "SETITEM":
                items = stack[-2:]
                del stack[-2:]
            else:
                items = self._above_mark()
            self._fill(stack[-1], items)
        elif name == "DICT":
            items = self._above_mark()
            stack.append({})
            self._fill(stack[-1], items)
        elif name == "TUPLE":
            items = self._above_mark()
            stack.append(tuple(items) if len(items) <= LONGEST else UNKNOWN)
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            items = stack[-count:]
            del stack[-count:]
            stack.append(tuple(items))
        elif name == "GLOBAL":
            stack.append(Global(*argument.split(" ", 1)))
        elif name == "STACK_GLOBAL":
            qualname, module = stack.pop(), stack.pop()
            told = isinstance(module, str) and isinstance(qualname, str)
            stack.append(Global(module, qualname) if told else UNKNOWN)
        elif name in ("REDUCE", "NEWOBJ"):
            self._call(stack.pop())
        elif name == "BUILD":
            state = stack.pop()
            if isinstance(stack[-1], Made):
                stack[-1].state = state
        elif name in PUTS:
            self.memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in GETS:
            stack.append(self.memo[argument])
        elif name == "DUP":
            stack.append(stack[-1])
        elif name == "POP":
            stack.pop()
        else:
            self._other(name)

    def _other(self, name: str) -> None:
        before, after = STACK_BEFORE[name], STACK_AFTER[name]
        if "mark" in before:
            self._above_mark()
            count = before.index("mark")
        else:
            count = len(before)
        # What is filled stays what it was.
        if name not in ("APPEND", "APPENDS", "ADDITEMS"):
            if count > len(self.stack):
                raise IndexError("too little on the stack")
            del self.stack[len(self.stack) - count :]
            self.stack.extend([UNKNOWN] * len(after))
        elif name == "APPEND":
            self.stack.pop()
