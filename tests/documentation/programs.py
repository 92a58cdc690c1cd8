"""The programs of the documentation: what stands under one heading of a page is one program.

`python` blocks run one after the other, each in the names of those before it. An `output` block is what the
block before it prints, or the end of the traceback that it ends with; `...` in it stands for anything. A
`console` block has commands, behind `$ `, and what they print. All other blocks are for reading only.
"""

import ast
import dataclasses
import importlib.util
import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted(ROOT.glob("docs/**/*.md"))]

# What examples may import beside oxipickle and the standard library. An example is left out where one of
# its libraries is not installed; any other import has to work.
LIBRARIES = frozenset(
    "cloudpickle dask datasets dill distributed joblib loky".split()
    + "numpy pandas pyspark rich sklearn torch tqdm".split()
)

_FENCE = re.compile(r"^(`{3,})(\S*)$")


@dataclasses.dataclass
class Block:
    """One block of code, with what it is to print: None where the page does not show it."""

    language: str
    line: int
    code: str
    output: str | None = None


@dataclasses.dataclass
class Program:
    """The blocks under one heading."""

    page: str
    heading: str
    blocks: list[Block] = dataclasses.field(default_factory=list)

    def __str__(self):
        return f"{self.page}: {self.heading}"

    def missing(self):
        """What this machine lacks to run it, by name."""
        names = imported(self.blocks)
        missing = sorted(name for name in names & LIBRARIES if importlib.util.find_spec(name) is None)
        if "pyspark" in names and shutil.which("java") is None:
            missing.append("java")
        if sys.platform == "win32" and any(block.language == "console" for block in self.blocks):
            missing.append("sh")
        return missing


def imported(blocks):
    """The names of the top-level modules that blocks of Python import."""
    names = set()
    for block in blocks:
        if block.language == "python":
            for node in ast.walk(ast.parse(block.code)):
                if isinstance(node, ast.Import):
                    names.update(alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    names.add(node.module.partition(".")[0])
    return names


def fenced(text):
    """The headings of a page, as a number of signs and words, and its blocks, in their order."""
    fence, language, begin, lines = "", "", 0, []
    for number, line in enumerate(text.splitlines(), 1):
        found = _FENCE.match(line)
        if fence:
            if line == fence:
                yield Block(language, begin, "".join(lines))
                fence = ""
            else:
                lines.append(line + "\n")
        elif found:
            (fence, language), begin, lines = found.groups(), number + 1, []
        elif heading := re.match(r"(#{1,6}) (.+)", line):
            yield len(heading[1]), heading[2]
    if fence:
        raise ValueError(f"the block of line {begin} has no end")


def programs(path):
    """The programs of a page that have anything to run."""
    page = path.relative_to(ROOT).as_posix()
    found = [Program(page, "")]
    for part in fenced(path.read_text(encoding="utf-8")):
        if isinstance(part, tuple):
            level, words = part
            if level <= 2:
                found.append(Program(page, words))
        elif part.language in ("python", "console"):
            found[-1].blocks.append(part)
        elif part.language == "output":
            if not found[-1].blocks or found[-1].blocks[-1].output is not None:
                raise ValueError(f"{page}, line {part.line}: nothing prints this")
            found[-1].blocks[-1].output = part.code
    return [program for program in found if program.blocks]
