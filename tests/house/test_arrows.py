"""Dependencies point one way: no circle of files, each folder below those that use it.

What a file uses is told by the paths that it names; calls of methods are not seen. The rules on
unsafe code, and on the parts of the walk that run no Python, are read from the sources too.
"""

import graphlib
import pathlib
import re

import pytest
from sources import Crate

ROOT = pathlib.Path(__file__).parents[2]
OURS, FORMAT = ROOT / "src", ROOT / "crates" / "pickle-format" / "src"

# From the top: each may name what stands in a later row. Folders, and files that stand alone.
LAYERS = [["lib.rs"], ["faces"], ["save", "load", "look"], ["gate"], ["error.rs"], ["interpreter"], ["fast"]]

# Folders that must not be able to call Python: they hold no token with which they could.
QUIET = ["save/write", "save/containers"]
TOKENS = re.compile(r"\b(?:Python|Bound|Py)\s*<")


def circle(crate):
    """Files of which each names the next, and the last the first, as text; None where there is none."""
    try:
        graphlib.TopologicalSorter(crate.arrows()).prepare()
    except graphlib.CycleError as error:
        # The sorter names what comes before first.
        return " -> ".join(reversed(error.args[1]))
    return None


def wrong_arrows(crate):
    """Arrows that point up or across, as texts."""
    rows = {name: row for row, names in enumerate(LAYERS) for name in names}
    for file, targets in crate.arrows().items():
        for target in sorted(targets):
            ends = [path.split("/")[0] for path in (file, target)]
            if ends[0] != ends[1] and not rows.get(ends[0], -1) < rows.get(ends[1], -1):
                yield f"{file} -> {target}"


def unfounded(file):
    """Lines with unsafe code without a reason: a SAFETY comment above, or a section of its own in the
    documentation of a function that is unsafe to call."""
    lines = file.text.splitlines()
    for found in re.finditer(r"\bunsafe\b(?:\s+extern\b)?(?:\s*(\w+))?", file.code):
        at = file.code.count("\n", 0, found.start())
        above = []
        # A reason stands in the lines before, up to the next empty one.
        for line in reversed(lines[:at]):
            if not line.strip():
                break
            above.append(line)
        declares = file.code[found.end() :].lstrip().startswith("{") and "extern" in found[0]
        is_type = re.search(r"(?:type\s+\w+\s*=|[:<(])\s*$", file.code[: found.start()]) is not None
        is_function = found[1] == "fn" and not is_type
        reason = "# Safety" if is_function else "SAFETY:"
        if not (declares or is_type) and not any(reason in line for line in [lines[at], *above]):
            yield f"{file.path.name}:{at + 1}: {lines[at].strip()}"


@pytest.mark.parametrize("root", [OURS, FORMAT], ids=["src", "pickle-format"])
def test_no_circle_of_files(root):
    assert circle(Crate(root)) is None


def test_each_folder_names_those_below():
    assert list(wrong_arrows(Crate(OURS))) == []


def test_unsafe_code_has_one_address():
    crate = Crate(OURS)
    elsewhere = [
        crate.name(file)
        for file in crate.files.values()
        if re.search(r"\bunsafe\b", file.code) and not crate.name(file).startswith("fast/")
    ]
    assert elsewhere == []


def test_unsafe_code_has_a_reason():
    assert [line for file in Crate(OURS).files.values() for line in unfounded(file)] == []


@pytest.mark.parametrize("folder", QUIET)
def test_quiet_folders_hold_no_token(folder):
    crate = Crate(OURS)
    files = [file for file in crate.files.values() if crate.name(file).startswith(f"{folder}/")]
    assert files
    assert [crate.name(file) for file in files if TOKENS.search(file.code)] == []


def tree(root, files):
    """A crate of such files."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Crate(root)


CLEAN = {
    "lib.rs": "mod faces;\nmod save;\nmod fast;\nuse crate::faces::pickler::Pickler;",
    "faces/mod.rs": "pub mod pickler;",
    "faces/pickler.rs": "use crate::save::{Saved, walk::{self, Walk}};\nuse crate::fast::memo as m;",
    "save/mod.rs": "//! Two files.\nmod saved;\npub mod walk;\npub use saved::Saved;",
    "save/saved.rs": "use pyo3::prelude::*;\npub struct Saved;",
    "save/walk.rs": 'pub struct Walk;\n// use crate::faces::pickler\nfn f() { let a = "crate::faces::x"; }',
    "fast/mod.rs": "pub mod memo;",
    "fast/memo.rs": "pub struct Memo;\nmod tests {\n    use super::Memo;\n}",
}


def test_a_clean_tree_passes(tmp_path):
    crate = tree(tmp_path, CLEAN)
    assert circle(crate) is None
    assert list(wrong_arrows(crate)) == []
    assert crate.arrows()["faces/pickler.rs"] == {"save/saved.rs", "save/walk.rs", "fast/memo.rs"}


# What is added to one file of the clean tree, and two files of the circle that it makes.
CIRCLES = {
    "within braces": ("save/walk.rs", "use crate::{faces::{pickler::Pickler}};", "faces/pickler.rs"),
    "in the middle of code": (
        "save/walk.rs",
        "fn g() { crate::faces::pickler::open(1) }",
        "faces/pickler.rs",
    ),
    "by another name": ("save/walk.rs", "use crate::faces::pickler as top;", "faces/pickler.rs"),
    "by all names": ("save/walk.rs", "use crate::faces::pickler::*;", "faces/pickler.rs"),
    "from a module within": (
        "save/walk.rs",
        "mod a { use super::super::super::faces::pickler::P; }",
        "faces",
    ),
    "through what passes it on": ("save/saved.rs", "use super::walk::Walk; ", "save/walk.rs"),
}


@pytest.mark.parametrize("how", CIRCLES)
def test_a_circle_is_named(how, tmp_path):
    changed, added, other = CIRCLES[how]
    files = dict(CLEAN)
    files["save/walk.rs"] += "\nuse crate::save::Saved;"
    files[changed] += "\n" + added
    found = circle(tree(tmp_path, files))
    assert changed in found and other in found


def test_a_module_that_does_more_than_declare_counts(tmp_path):
    files = CLEAN | {"save/mod.rs": CLEAN["save/mod.rs"] + "\npub fn begin() { walk::Walk; }"}
    files["save/walk.rs"] += "\nuse crate::save::begin;"
    assert circle(tree(tmp_path, files)) in ("save/mod.rs -> save/walk.rs -> save/mod.rs", None)


WRONG = {
    "up": ("fast/memo.rs", "use crate::save::walk::Walk;", "fast/memo.rs -> save/walk.rs"),
    "across": ("save/walk.rs", "use crate::load::machine::Machine;", "save/walk.rs -> load/machine.rs"),
    "to a folder without a row": ("save/walk.rs", "use crate::odd::x;", "save/walk.rs -> odd.rs"),
}


@pytest.mark.parametrize("way", WRONG)
def test_an_arrow_that_points_elsewhere_is_named(way, tmp_path):
    changed, added, arrow = WRONG[way]
    files = CLEAN | {"load/mod.rs": "pub mod machine;", "load/machine.rs": "", "odd.rs": ""}
    files[changed] += "\n" + added
    assert list(wrong_arrows(tree(tmp_path, files))) == [arrow]


UNSAFE = {
    "fn f() {\n    // SAFETY: there is a reason.\n    unsafe { g() }\n}": True,
    "fn f() {\n    unsafe { g() }\n}": False,
    "/// # Safety\n/// There is a reason.\npub unsafe fn f() {}": True,
    "/// Says nothing.\npub unsafe fn f() {}": False,
    '/// # Safety\n/// There is a reason.\nunsafe extern "C" fn f() {}': True,
    'unsafe extern "C" fn f() {}': False,
    'unsafe extern "C" {\n    fn f();\n}': True,
    'type F = unsafe extern "C" fn(i32);': True,
    "unsafe impl Send for A {}": False,
    "// SAFETY: there is a reason.\nunsafe impl Send for A {}": True,
    '// unsafe\nlet a = "unsafe";': True,
}


@pytest.mark.parametrize("text", UNSAFE)
def test_unsafe_code_without_a_reason_is_named(text, tmp_path):
    crate = tree(tmp_path, {"lib.rs": text})
    assert (list(unfounded(crate.files[()])) == []) == UNSAFE[text]
