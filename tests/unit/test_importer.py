"""Importers without PyTorch: names, modules, order, errors."""

import importlib
import logging
import os
import subprocess
import sys
import threading
import time
import types

import oxipickle
import pytest
from oxipickle import (
    Importer,
    ObjMismatchError,
    ObjNotFoundError,
    OrderedImporter,
    sys_importer,
)


class Shown:
    """A class that modules of the tests show."""

    class Nested:
        pass


class FromModules(Importer):
    """Finds what it was given."""

    def __init__(self, **modules):
        self.modules = modules

    def import_module(self, module_name):
        try:
            return self.modules[module_name]
        except KeyError:
            raise ModuleNotFoundError(module_name) from None


def module_of(name, **attributes):
    module = types.ModuleType(name)
    module.__dict__.update(attributes)
    return module


def class_of(module_name, name="Thing", **attributes):
    return type(name, (), {"__module__": module_name, **attributes})


def test_importer_is_abstract():
    with pytest.raises(TypeError):
        Importer()


def test_sys_importer_names_what_is_imported():
    assert sys_importer.get_name(Shown.Nested) == (__name__, "Shown.Nested")
    assert sys_importer.get_name(len) == ("builtins", "len")
    assert sys_importer.import_module("json") is sys.modules["json"]
    with pytest.raises(ModuleNotFoundError):
        sys_importer.import_module("oxipickle.no_such_module")


def test_local_objects_are_not_found():
    class Local:
        pass

    with pytest.raises(ObjNotFoundError, match="<locals>"):
        sys_importer.get_name(Local)


def test_another_object_of_the_same_name():
    first, second = class_of("mod"), class_of("mod")
    importer = FromModules(mod=module_of("mod", Thing=second))
    assert importer.get_name(second) == ("mod", "Thing")
    with pytest.raises(ObjMismatchError, match="'mod'"):
        importer.get_name(first)


def test_a_given_name_is_taken():
    shown = class_of("mod")
    importer = FromModules(mod=module_of("mod", Alias=shown))
    assert importer.get_name(shown, "Alias") == ("mod", "Alias")


def test_the_prefix_of_a_loaded_package_is_stripped():
    shown = class_of("<torch_package_12>.mod.sub")
    importer = FromModules(**{"mod.sub": module_of("mod.sub", Thing=shown)})
    assert importer.get_name(shown) == ("mod.sub", "Thing")


def test_an_error_tells_which_package_the_object_is_from():
    importer = FromModules(mod=module_of("mod", Thing=class_of("mod")))
    with pytest.raises(ObjMismatchError, match="<torch_package_3>"):
        importer.get_name(class_of("<torch_package_3>.mod"))


class Asked:
    """Writes down the questions that a look for its name brings."""

    __module__ = "mod"
    __name__ = "by_name"

    def __init__(self, log, truth, reduced):
        self.log, self.truth, self.reduced = log, truth, reduced

    def __bool__(self):
        self.log.append("bool")
        return self.truth

    def __reduce__(self):
        self.log.append("reduce")
        if self.reduced is None:
            raise ValueError
        return self.reduced


@pytest.mark.parametrize(
    ("truth", "reduced", "name", "questions"),
    [
        (True, "by_reduce", "by_reduce", ["bool", "reduce"]),
        (True, (dict, ()), "by_name", ["bool", "reduce"]),
        (True, None, "by_name", ["bool", "reduce"]),
        (False, "by_reduce", "by_name", ["bool"]),
    ],
)
def test_truth_and_reduce_are_asked_in_that_order(truth, reduced, name, questions):
    log = []
    obj = Asked(log, truth, reduced)
    importer = FromModules(mod=module_of("mod", **{name: obj}))
    assert importer.get_name(obj) == ("mod", name)
    assert log == questions
    assert importer.get_name(obj, name) == ("mod", name)
    assert log == questions


def test_objects_without_a_module_are_looked_for():
    obj = types.SimpleNamespace(__name__="here")
    importer = FromModules(
        __main__=module_of("__main__", here=obj),
        none=None,
        other=module_of("other", here=3),
        mod=module_of("mod", here=obj),
    )
    assert importer.whichmodule(obj, "here") == "mod"
    assert importer.get_name(obj) == ("mod", "here")
    assert importer.whichmodule(obj, "nowhere") == "__main__"


def test_sys_importer_looks_for_objects_without_a_module(monkeypatch):
    obj = types.SimpleNamespace(__name__="here")
    module = module_of("oxipickle_test_holder", here=obj)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert sys_importer.get_name(obj) == (module.__name__, "here")


def test_sys_importer_does_not_find_what_no_module_shows():
    """Not PicklingError, as the newer `pickle.whichmodule`: a chain has to go on."""
    obj = types.SimpleNamespace(__name__="oxipickle_shown_by_no_module")
    with pytest.raises(ObjNotFoundError):
        sys_importer.get_name(obj)


def test_the_first_importer_that_answers_wins(caplog):
    first, second = class_of("mod"), class_of("mod")
    ordered = OrderedImporter(
        FromModules(mod=module_of("mod", Thing=first)),
        FromModules(mod=module_of("mod", Thing=second)),
    )
    with caplog.at_level(logging.WARNING, "oxipickle"):
        assert ordered.get_name(first) == ("mod", "Thing")
        assert not caplog.records
        assert ordered.get_name(second) == ("mod", "Thing")
        assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert ordered.import_module("mod").Thing is first


def test_no_importer_answers():
    ordered = OrderedImporter(FromModules(), FromModules())
    with pytest.raises(ObjNotFoundError, match="any of the importers"):
        ordered.get_name(Shown)
    with pytest.raises(ModuleNotFoundError, match="mod"):
        ordered.import_module("mod")
    with pytest.raises(ModuleNotFoundError, match="mod"):
        OrderedImporter().import_module("mod")


def test_whichmodule_passes_over_main():
    obj = types.SimpleNamespace()
    ordered = OrderedImporter(FromModules(), FromModules(mod=module_of("mod", here=obj)))
    assert ordered.whichmodule(obj, "here") == "mod"
    assert ordered.whichmodule(obj, "nowhere") == "__main__"


def test_what_is_no_importer_is_refused():
    with pytest.raises(TypeError, match="is not an Importer"):
        OrderedImporter(object()).import_module("json")


@pytest.mark.parametrize("hollow", [{}, {"__file__": None}])
def test_hollow_packages_are_passed_over(hollow):
    empty = module_of("mod", __torch_package__=True, __path__=[], **hollow)
    real = module_of("mod")
    ordered = OrderedImporter(FromModules(mod=empty), FromModules(mod=real))
    assert ordered.import_module("mod") is real
    full = module_of("mod", __torch_package__=True, __path__=[], __file__="mod/__init__.py")
    ordered = OrderedImporter(FromModules(mod=full), FromModules(mod=real))
    assert ordered.import_module("mod") is full


def test_a_module_says_itself_that_it_is_hollow():
    hollow = {"__torch_package__": True, "__path__": [], "__file__": None}
    empty, real = module_of("mod", __getattr__=hollow.__getitem__), module_of("mod")
    assert OrderedImporter(FromModules(mod=empty), FromModules(mod=real)).import_module("mod") is real


def test_a_module_that_must_not_be_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, "oxipickle_forbidden", None)
    with pytest.raises(ModuleNotFoundError, match="oxipickle_forbidden"):
        sys_importer.import_module("oxipickle_forbidden")


def test_a_module_is_waited_for_that_another_thread_imports(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "oxipickle_slow.py").write_text("import time\ntime.sleep(0.3)\nis_whole = True\n")
    thread = threading.Thread(target=importlib.import_module, args=["oxipickle_slow"])
    thread.start()
    try:
        while "oxipickle_slow" not in sys.modules:
            time.sleep(0.001)
        assert sys_importer.import_module("oxipickle_slow").is_whole
    finally:
        thread.join()
        sys.modules.pop("oxipickle_slow", None)


@pytest.fixture
def run_python():
    """Runs code in a fresh interpreter, which must end well."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def run(code):
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)

    return run


def test_torch_is_not_imported(run_python):
    run_python(
        "import sys, oxipickle; oxipickle.sys_importer.get_name(dict);"
        "assert not any(name.partition('.')[0] == 'torch' for name in sys.modules)"
    )


def test_importers_are_of_their_class():
    assert sys_importer.__class__ is type(sys_importer)
    assert isinstance(sys_importer, Importer)
    assert oxipickle.sys_importer is sys_importer
