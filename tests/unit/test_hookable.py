"""`HookablePickler`: what it has over `Pickler`."""

import io

import oxipickle
import pytest
from faces import HOOKABLE, dumped, raised


def test_attributes_after_init(protocol):
    ours, model = (c(io.BytesIO(), protocol) for c in HOOKABLE.both())
    for name in ("proto", "bin", "fast", "fix_imports", "memo"):
        assert getattr(ours, name) == getattr(model, name)
        assert type(getattr(ours, name)) is type(getattr(model, name))


def test_save_takes_one_positional_argument_or_a_keyword(protocol):
    def attempt(base):
        class Sub(base):
            def reducer_override(self, obj):
                if obj == "x":
                    self.save(obj=1)
                    self.save(2, save_persistent_id=True)
                return NotImplemented

        return dumped(Sub, ["x"], protocol)

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)


def test_what_a_hook_saves_is_memoized(protocol):
    shared = ["shared"]

    def attempt(base):
        class Sub(base):
            def reducer_override(self, obj):
                if obj == "x":
                    self.save(shared)
                return NotImplemented

        return dumped(Sub, ["x", shared, shared], protocol)

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)


@pytest.mark.parametrize("style", ["other", "", None, 5])
def test_an_unknown_style_of_globals_is_refused(style):
    class Sub(HOOKABLE.ours):
        global_style = style

    error = raised(dumped, Sub, [len])
    assert isinstance(error, (ValueError, TypeError))


def test_the_package_style_saves_the_parent(protocol):
    class Sub(HOOKABLE.ours):
        global_style = "package"

        def resolve_global(self, obj, name=None):
            module_name, qualname = super().resolve_global(obj, name)
            return module_name, qualname, Outer if "." in qualname else None

    written = dumped(Sub, [Outer.Inner, Outer], protocol)
    if protocol < 4:
        # The parent is an object of its own, and found again.
        assert written.count(b"Outer\n") == 1
        assert b"getattr" in written
    else:
        assert written == dumped(HOOKABLE.model, [Outer.Inner, Outer], protocol)


class Outer:
    class Inner:
        pass


def test_it_is_no_subclass_of_the_lean_face():
    assert not issubclass(HOOKABLE.ours, oxipickle.Pickler)
