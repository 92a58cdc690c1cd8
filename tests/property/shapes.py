"""What an object graph looks like, as plain text: equal texts mean isomorphic graphs."""

_ATOMS = (type(None), bool, int, str, bytes, complex, type(Ellipsis))


def shape(root):
    """A line for each object, numbered as it is first met; what is met again is its number."""
    numbers, lines, waiting, kept = {}, [], [root], [root]

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
            parts += sorted(map(_hashed, obj))
        elif isinstance(obj, dict):
            for key, value in dict.items(obj):
                parts += [reference(key), reference(value)]
        elif isinstance(obj, (bytearray, memoryview)):
            parts.append(repr(bytes(obj)))
        for name, value in getattr(obj, "__dict__", {}).items():
            parts += [reference(name), reference(value)]
        for name in getattr(type(obj), "__slots__", ()):
            parts.append(reference(getattr(obj, name, "unset")))
        lines.append(f"{type(obj).__name__}({', '.join(parts)})")
    return "\n".join(lines)


def _hashed(element):
    """An element of a set: of these there are no cycles, and sharing does not show."""
    if isinstance(element, (tuple, frozenset)):
        inner = list(map(_hashed, element))
        return (
            f"{type(element).__name__}({', '.join(inner if isinstance(element, tuple) else sorted(inner))})"
        )
    if type(element) is float:
        return element.hex()
    if type(element) in _ATOMS:
        return repr(element)
    return type(element).__name__
