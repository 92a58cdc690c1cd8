"""The README leads to files that there are, and needs what the manifests say."""

import re
import tomllib

from programs import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_links_lead_to_files():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_page_is_linked():
    """But for those that say the same as a file of the project."""
    included = {"changelog", "contributing", "untrusted", "index", "how", "progress"}
    pages = {path.stem for path in ROOT.glob("docs/*.md")} - included
    assert [page for page in sorted(pages) if f"(docs/{page}.md)" not in README] == []


def test_releases_of_rust_and_python():
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]
    assert f"Rust {workspace['package']['rust-version']} or newer" in README
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"CPython {project['requires-python'].removeprefix('>=')} to" in README


def test_verbs_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    verbs = set(re.findall(r"(?:^    |`)make (\w+)", README, re.MULTILINE))
    assert {"demo", "test", "docs"} <= verbs
    assert [verb for verb in sorted(verbs) if not re.search(rf"^{verb}:", makefile, re.MULTILINE)] == []
