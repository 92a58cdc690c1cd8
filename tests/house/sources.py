"""Reads Rust sources as far as arrows between files need: which file names something of which other.

A path (`crate::save::walk::Walk`, in a `use` or in the middle of code) leads to the file that defines
the name at its end: what a module passes on with `use` is followed to where it comes from.
"""

import dataclasses
import pathlib
import re
from collections.abc import Iterator

# What is no code: comments, and what stands within quotes. A lifetime is no quote.
NO_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|\b[bc]?r(\#*)".*?"\1|(?:\b[bc])?"(?:\\.|[^"\\])*"|'(?:\\[^\n]+?|[^'\\\n])'""",
    re.DOTALL,
)
USE = re.compile(r"\buse\s+([^;]+);")
INLINE_MODULE = re.compile(r"\bmod\s+(\w+)\s*\{")
PATH = re.compile(r"(?<![\w:])(?:crate|super|self)(?:\s*::\s*\w+)+")
MACRO = re.compile(r"\bmacro_rules!\s*(\w+)")
# What a module consists of that only declares its children and passes names on.
DECLARES = re.compile(r"(?:\#!?\[[^\]]*\]|(?:pub(?:\([^)]*\))?\s+)?(?:mod\s+\w+\s*;|use\s+[^;]+;))\s*")

Names = tuple[str, ...]


def code_of(text: str) -> str:
    """The text with blanks for what is no code, at the same places."""
    return NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def expanded(tree: str) -> Iterator[tuple[Names, str]]:
    """Each path of a `use` tree, with the name that it is known by: `a::{b, c as d}` has two."""
    tree = tree.strip()
    opened = tree.find("{")
    if opened < 0:
        path, _, alias = tree.partition(" as ")
        names = tuple(name.strip() for name in path.split("::") if name.strip())
        if names:
            yield names, alias.strip() or names[-1]
        return
    before = tuple(name.strip() for name in tree[:opened].split("::") if name.strip())
    depth, start = 0, opened + 1
    for at in range(opened, len(tree)):
        depth += {"{": 1, "}": -1}.get(tree[at], 0)
        if (depth == 1 and tree[at] == ",") or depth == 0:
            for names, alias in expanded(tree[start:at]):
                if names == ("self",):
                    yield before, before[-1] if alias == "self" else alias
                else:
                    yield before + names, alias
            start = at + 1
        if depth == 0:
            return


@dataclasses.dataclass
class File:
    path: pathlib.Path
    module: Names
    text: str
    code: str

    def modules_at(self, place: int) -> Names:
        """The module that a place lies in, which may be one within the file."""
        names = list(self.module)
        for found in INLINE_MODULE.finditer(self.code, 0, place):
            depth, at = 1, found.end()
            while depth and at < len(self.code):
                depth += {"{": 1, "}": -1}.get(self.code[at], 0)
                at += 1
            if place < at:
                names.append(found[1])
        return tuple(names)

    def only_declares(self) -> bool:
        """Whether this is a folder's `mod.rs` that declares its children, passes names on, and no more."""
        return self.path.name == "mod.rs" and not DECLARES.sub("", self.code).strip()


class Crate:
    """All files below a folder that holds a `lib.rs`."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.files: dict[Names, File] = {}
        for path in sorted(root.rglob("*.rs")):
            module = path.relative_to(root).with_suffix("").parts
            if module[-1] in ("mod", "lib"):
                module = module[:-1]
            text = path.read_text(encoding="utf-8")
            self.files[module] = File(path, module, text, code_of(text))
        # What each module's `use` makes known in it: by name, the path from the crate's root.
        self.known: dict[Names, dict[str, Names]] = {}
        for file in self.files.values():
            for at, names, alias in self._used(file):
                self.known.setdefault(file.modules_at(at), {})[alias] = names
        self.macros = {
            found[1]: file.module for file in self.files.values() for found in MACRO.finditer(file.code)
        }

    def name(self, file: File) -> str:
        return file.path.relative_to(self.root).as_posix()

    def arrows(self) -> dict[str, set[str]]:
        """By file, the files whose names it uses. Modules that only declare have no arrows."""
        arrows: dict[str, set[str]] = {}
        for file in self.files.values():
            targets = arrows.setdefault(self.name(file), set())
            if file.only_declares():
                continue
            used = [names for _, names, _ in self._used(file)]
            for found in PATH.finditer(USE.sub(lambda use: " " * len(use[0]), file.code)):
                names = tuple(name.strip() for name in found[0].split("::"))
                used.append(self._from_root(file.modules_at(found.start()), names))
            for names in used:
                target = self.home(names)
                if target is not None and target is not file:
                    targets.add(self.name(target))
        return arrows

    def home(self, names: Names, seen: frozenset = frozenset()) -> File | None:
        """The file that defines the last name of a path from the root; None where it is no path of ours."""
        if not names or names[0] != "crate" or names in seen:
            return None
        module, rest = (), names[1:]
        while rest and (*module, rest[0]) in self.files:
            module, rest = (*module, rest[0]), rest[1:]
        if not rest or rest[0] == "*":
            return self.files[module]
        if not module and rest[0] in self.macros:
            return self.files[self.macros[rest[0]]]
        known = self.known.get(module, {})
        for passed_on in (known.get(rest[0]), *(path for name, path in known.items() if name == "*")):
            if passed_on and (found := self.home(passed_on, seen | {names})):
                return found
        return self.files.get(module)

    def _used(self, file: File) -> Iterator[tuple[int, Names, str]]:
        """Each path that a `use` of the file names, from the root, with its place and its name here."""
        for found in USE.finditer(file.code):
            for names, alias in expanded(found[1]):
                yield found.start(), self._from_root(file.modules_at(found.start()), names), alias

    def _from_root(self, module: Names, names: Names) -> Names:
        while names and names[0] in ("super", "self"):
            module = module[:-1] if names[0] == "super" else module
            names = names[1:]
            if not names or names[0] not in ("super", "self"):
                return ("crate", *module, *names)
        if names and (*module, names[0]) in self.files:
            return ("crate", *module, *names)
        return names
