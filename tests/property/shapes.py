"""What an object graph looks like, as plain text: equal texts mean isomorphic graphs."""

# Elements of sets that are looked at: tuples that share their parts may be reached without end.
_MOST_HASHED = 50_000

_ATOMS = (type(None), bool, int, str, bytes, complex, type(Ellipsis))


def shape(root):
    """A line for each object, numbered as it is first met; what is met again is its number."""
    numbers, lines, waiting, kept = {}, [], [root], [root]
    budget = [_MOST_HASHED]

    def reference(obj):
        if isinstance(obj, _ATOMS) and type(obj) in _ATOMS:
            return f"{type(obj).__name__} {obj!r}"
        if type(obj) is float:
            return f"float {obj.hex()}"
        if isinstance(obj, type) or callable(obj):
            return f"global {getattr(obj, '__qualname__', type(obj).__name__)}"
        if id(obj) not in numbers:
            numbers[id(obj)] = len(numbers)
            kept.append(obj)
            waiting.append(obj)
        return f"#{numbers[id(obj)]}"

    lines.append(reference(waiting.pop()))
    while waiting:
        obj = waiting.pop(0)
        parts = []
        if isinstance(obj, (list, tuple)):
            parts += (
                [reference(item) for item in list.__iter__(obj)]
                if isinstance(obj, list)
                else [reference(item) for item in tuple.__iter__(obj)]
            )
        elif isinstance(obj, (set, frozenset)):
            parts += sorted(_hashed(element, budget) for element in obj)
        elif isinstance(obj, dict):
            for key, value in dict.items(obj):
                parts += [reference(key), reference(value)]
        elif isinstance(obj, (bytearray, memoryview)):
            parts.append(repr(bytes(obj)))
        for name, value in dict.items(getattr(obj, "__dict__", {})):
            parts += [reference(name), reference(value)]
        for name in getattr(type(obj), "__slots__", ()):
            parts.append(reference(getattr(obj, name, "unset")))
        lines.append(f"{type(obj).__name__}({', '.join(parts)})")
    return "\n".join(lines)


def _hashed(element, budget):
    """An element of a set: of these there are no cycles, and sharing does not show."""
    budget[0] -= 1
    if budget[0] < 0:
        raise RecursionError("a set is too deep to be shown")
    if isinstance(element, (tuple, frozenset)):
        inner = [_hashed(part, budget) for part in element]
        return (
            f"{type(element).__name__}({', '.join(inner if isinstance(element, tuple) else sorted(inner))})"
        )
    if type(element) is float:
        return element.hex()
    if type(element) in _ATOMS:
        return repr(element)
    return type(element).__name__
