"""`python -m oxipickle run`: a program runs as it does without, but that its picklers are served."""

import py_compile
import subprocess
import sys
import zipfile

import pytest

REPORT = """
import pickle, sys
print(__name__, sys.argv, sorted(name for name in globals() if not name.startswith("__")))
print(__spec__ and __spec__.name, sys.modules["__main__"].__dict__ is globals(), sys.path[0])
print(type(vars(pickle._Pickler)["save"]).__name__, pickle.dumps.__module__, sys.flags.ignore_environment)
"""


def python(*args, cwd, **options):
    return subprocess.run(
        [sys.executable, *args], cwd=cwd, capture_output=True, text=True, timeout=60, **options
    )


def run(*args, cwd, **options):
    return python("-m", "oxipickle", "run", *args, cwd=cwd, **options)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "script.py").write_text(REPORT)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "module.py").write_text(REPORT)
    (tmp_path / "package" / "__main__.py").write_text(REPORT)
    return tmp_path


PROGRAMS = {
    "script": (["script.py"], ["script.py"]),
    "script elsewhere": (["package/module.py"], ["package/module.py"]),
    "module": (["-m", "package.module"], ["-m", "package.module"]),
    "package": (["-m", "package"], ["-m", "package"]),
    "directory": (["package"], ["package"]),
}


@pytest.mark.parametrize("arguments", [[], ["a", "-b", "--help"], ["-m", "x"], ["--", "-f"], [""]], ids=str)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_sees_what_it_sees_without(folder, program, arguments):
    command, plainly = PROGRAMS[program]
    model = python(*plainly, *arguments, cwd=folder)
    ours = run(*command, *arguments, cwd=folder)
    assert (ours.returncode, ours.stderr) == (model.returncode, model.stderr) == (0, "")
    *seen, served = ours.stdout.splitlines()
    *expected, not_served = model.stdout.splitlines()
    assert seen == expected
    assert not_served.split()[:2] == ["function", "_pickle"]
    assert served.split()[:2] == ["method", "_pickle"]


@pytest.mark.parametrize("flag", ["-f", "--functions"])
def test_functions(folder, flag):
    (folder / "script.py").write_text(
        "import pickle, oxipickle\n"
        "print(pickle.dumps is oxipickle.dumps, pickle.Pickler is oxipickle.Pickler)\n"
    )
    assert run(flag, "script.py", cwd=folder).stdout == "True True\n"
    assert run("script.py", cwd=folder).stdout == "False False\n"
    # After the program it is the program's own.
    assert run("script.py", flag, cwd=folder).stdout == "False False\n"
    assert run(flag, "-m", "script", cwd=folder).stdout == "True True\n"
    assert run("-m", flag, "script", cwd=folder).stdout == "True True\n"


ENDS = {
    "nothing": "",
    "zero": "import sys; sys.exit(0)",
    "number": "import sys; sys.exit(7)",
    "words": "import sys; sys.exit('words')",
    "exception": "raise KeyError('lost')",
    "exception in a function": "def f():\n    1 / 0\n\n\nf()\n",
    "exception with a note": "try:\n    [][1]\nexcept IndexError as e:\n    e.add_note('note')\n    raise\n",
    "interrupted": "raise KeyboardInterrupt",
    "syntax": "a b",
    "exit handler": "import atexit; atexit.register(print, 'bye'); raise SystemExit(3)",
    "output": "import sys; sys.stdout.write('no end of line'); sys.stderr.write('e')",
}


def last_words(text):
    """What is said of the exception, and the program's own lines of the traceback."""
    return [
        line for line in text.splitlines() if "script.py" in line or not line.startswith((" ", "Traceback"))
    ]


@pytest.mark.parametrize("way", ["script", "module"])
@pytest.mark.parametrize("end", ENDS)
def test_a_program_ends_as_it_does_without(folder, end, way):
    (folder / "script.py").write_text(ENDS[end])
    command = ["script.py"] if way == "script" else ["-m", "script"]
    model = python(*command, cwd=folder)
    ours = run(*command, cwd=folder)
    assert (ours.returncode, ours.stdout) == (model.returncode, model.stdout)
    if way == "script" and end != "syntax":
        assert last_words(ours.stderr) == last_words(model.stderr)
    else:
        assert ours.stderr.splitlines()[-1:] == model.stderr.splitlines()[-1:]


@pytest.mark.parametrize("command", [["missing.py"], ["-m", "missing"], ["-m", "package.missing"]], ids=str)
def test_a_program_that_is_missing(folder, command):
    ours = run(*command, cwd=folder)
    assert ours.returncode != 0
    assert "missing" in ours.stderr.splitlines()[-1]
    assert ours.stdout == ""


@pytest.mark.parametrize(
    "arguments", [[], ["run"], ["walk", "script.py"], ["run", "--unknown", "script.py"]], ids=str
)
def test_what_is_no_command(folder, arguments):
    done = python("-m", "oxipickle", *arguments, cwd=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "usage: python -m oxipickle" in done.stderr


def test_help(folder):
    done = python("-m", "oxipickle", "--help", cwd=folder)
    assert done.returncode == 0 and "run" in done.stdout
    done = run("--help", cwd=folder)
    assert done.returncode == 0
    for word in ("PROGRAM", "-m", "--functions", "natively"):
        assert word in done.stdout


def test_standard_input_is_the_programs(folder):
    (folder / "script.py").write_text("print(input()[::-1])")
    assert run("script.py", cwd=folder, input="abc\n").stdout == "cba\n"


def test_classes_of_main_are_pickled_by_their_name(folder):
    (folder / "script.py").write_text(
        "import io, pickle\n"
        "class Thing: pass\n"
        "file = io.BytesIO()\n"
        "pickle._Pickler(file).dump(Thing())\n"
        "assert type(pickle.loads(file.getvalue())) is Thing\n"
        "print(file.getvalue())\n"
    )
    model = python("script.py", cwd=folder)
    for command in (["script.py"], ["-f", "script.py"], ["-m", "script"], ["-f", "-m", "script"]):
        ours = run(*command, cwd=folder)
        assert (ours.returncode, ours.stdout, ours.stderr) == (0, model.stdout, "")


def test_subprocesses_of_multiprocessing_find_main(folder):
    """Spawned children import the program anew; they are not served, and give the same."""
    (folder / "script.py").write_text(
        "import multiprocessing, pickle\n"
        "class Thing:\n"
        "    def __init__(self, x): self.x = x\n"
        "def work(thing): return Thing((thing.x + 1, type(vars(pickle._Pickler)['save']).__name__))\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(*[thing.x for thing in pool.map(work, [Thing(1), Thing(2)])])\n"
    )
    expected = python("script.py", cwd=folder)
    assert expected.stdout == "(2, 'function') (3, 'function')\n"
    for command in (["script.py"], ["-f", "script.py"], ["-m", "script"]):
        ours = run(*command, cwd=folder)
        assert (ours.stdout, ours.stderr) == (expected.stdout, "")


def test_main_is_the_programs_module(folder):
    (folder / "script.py").write_text(
        "import __main__, sys\n"
        "print(__main__ is sys.modules['__main__'], __main__.__file__, __name__, __package__)\n"
        # Releases differ in what they leave there.
        "print(sorted(vars(__main__).keys() - {'__annotations__', '__cached__'}))\n"
        "print(type(__loader__).__name__)\n"
        "print(__spec__, __doc__, __builtins__)\n"
    )
    model, ours = python("script.py", cwd=folder), run("script.py", cwd=folder)
    assert (ours.stdout, ours.stderr) == (model.stdout, model.stderr)


def test_main_is_there_when_the_program_is_over(folder):
    (folder / "script.py").write_text(
        "import atexit, io, pickle, threading, time\n"
        "class Thing: pass\n"
        "def at_end(words):\n"
        "    file = io.BytesIO()\n"
        "    pickle._Pickler(file).dump(Thing())\n"
        "    print(words, type(pickle.loads(file.getvalue())) is Thing)\n"
        "def later():\n"
        "    threading.main_thread().join()\n"
        "    at_end('thread')\n"
        "atexit.register(at_end, 'exit')\n"
        "threading.Thread(target=later).start()\n"
    )
    for command in (["script.py"], ["-m", "script"]):
        ours = run(*command, cwd=folder)
        assert (ours.stdout, ours.stderr) == ("thread True\nexit True\n", "")


def test_a_compiled_script(folder):
    compiled = py_compile.compile(folder / "script.py", cfile=folder / "compiled.pyc")
    assert run(compiled, "a", cwd=folder).stdout.split()[2] == "'a']"


def test_an_archive(folder):
    with zipfile.ZipFile(folder / "archive.pyz", "w") as archive:
        archive.write(folder / "script.py", "__main__.py")
    model, ours = python("archive.pyz", "a", cwd=folder), run("archive.pyz", "a", cwd=folder)
    assert ours.stdout.splitlines()[:-1] == model.stdout.splitlines()[:-1]
    assert (ours.returncode, ours.stderr) == (0, "")


def test_a_link_to_a_script(folder):
    """What lies beside the script is imported, and not what lies beside the link."""
    (folder / "links").mkdir()
    (folder / "links" / "link.py").symlink_to(folder / "script.py")
    model, ours = python("links/link.py", cwd=folder), run("links/link.py", cwd=folder)
    assert ours.stdout.splitlines()[:-1] == model.stdout.splitlines()[:-1]


def test_a_safe_path_stays_safe(folder):
    """With `-P` nothing is put ahead of the path."""
    (folder / "script.py").write_text("import sys; print(sys.path)")
    model, ours = (
        python("-P", "script.py", cwd=folder),
        python("-P", "-m", "oxipickle", "run", "script.py", cwd=folder),
    )
    assert ours.stdout == model.stdout
