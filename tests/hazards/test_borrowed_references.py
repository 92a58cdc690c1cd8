"""Hazard: from 3.14 on the interpreter borrows references from locals, so that what a caller hands
over counts one reference less than it has holders.
"""

import io

from faces import HOOKABLE, dumped
from parts import Marker, both, rebuilt


def test_a_local_dumped_twice(pickler_face, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        local = [["part"], ("a", "b")]
        pickler.dump(local)
        pickler.dump(local)
        memo = pickler.memo.copy()
        return file.getvalue(), memo[id(local)][0], memo[id(local)][1] is local

    both(pickler_face, attempt)


def test_a_local_dumped_and_then_met_inside(pickler_face, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        local = {"key": ["part"]}
        pickler.dump(local)
        pickler.dump([local, local["key"]])
        return file.getvalue()

    both(pickler_face, attempt)


def test_a_local_saved_twice_by_a_hook(protocol):
    def attempt(base):
        class Sub(base):
            def reducer_override(self, obj):
                if not isinstance(obj, Marker):
                    return NotImplemented
                local = [["part"], ("a", "b")]
                self.save(local)
                self.save(local)
                self.save(local[0])
                return rebuilt, ()

        return dumped(Sub, [Marker(), Marker()], protocol)

    both(HOOKABLE, attempt)


def test_a_local_that_a_hook_answers_with(pickler_face, protocol):
    def attempt(base):
        class Sub(base):
            def reducer_override(self, obj):
                if not isinstance(obj, Marker):
                    return NotImplemented
                local = ["part"]
                value = (rebuilt, (local, local), local)
                return value

        return dumped(Sub, [Marker(), Marker()], protocol)

    both(pickler_face, attempt)


def test_a_local_that_a_generator_yields_twice(face, protocol):
    class Yields:
        def __reduce__(self):
            return rebuilt, (), None, self.yielded()

        def yielded(self):
            for tag in range(5):
                local = [tag]
                yield local
                yield local

    both(face, lambda pickler_class: dumped(pickler_class, [Yields(), Yields()], protocol))


def test_the_argument_of_a_hook(pickler_face, protocol):
    """What `persistent_id` is asked about is met again by its own doing."""

    def attempt(base):
        class Sub(base):
            def persistent_id(self, obj):
                if type(obj) is list and obj and obj[0] == "part" and len(tail) < 2:
                    tail.append(obj)

        tail = []
        root = [["part"], {"key": ["part", 1]}, tail]
        return dumped(Sub, root, protocol)

    both(pickler_face, attempt)
