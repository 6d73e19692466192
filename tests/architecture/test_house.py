"""The house keeps its own rules: layers, invariants with tests, documented codes, nothing of this machine in the repository."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "cleanroom", "connectors", "policies", "queries")
_CODE = re.compile(r"\bCR-([A-Z])\d{3}\b")
# Written in pieces, so that this file does not find itself.
_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "deb." + "debian.org", "index" + "-url =")
_PLACES = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/")
_UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
_UTILITY_NAMES = {"utils.py", "helpers.py", "common.py", "base.py", "manager.py", "misc.py"}


def sources(*folders: str) -> list[Path]:
    """Our Python files below ``folders``."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def tracked() -> list[Path]:
    """What git tracks, or, in an archive without git, every file."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]


def texts() -> list[tuple[Path, str]]:
    """Tracked files that are text."""
    found = []
    for path in tracked():
        try:
            found.append((path.relative_to(ROOT), path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18])
def test_every_invariant_is_kept_in_code_and_borne_by_a_test(number: int) -> None:
    """Each invariant of ARCHITECTURE.md is named where it is kept and in a test."""
    name = re.compile(rf"\bI{number}\b")
    assert any(name.search(path.read_text("utf-8")) for path in sources(*PACKAGES)), f"I{number} is kept nowhere"
    assert any(name.search(path.read_text("utf-8")) for path in sources("tests") if path != Path(__file__)), (
        f"I{number} has no test"
    )


def test_every_error_code_in_the_source_is_documented() -> None:
    """A code that a person can meet stands in docs/errors with its fix."""
    documented = {
        m.group()
        for page in (ROOT / "docs" / "errors").glob("*.md")
        for m in _CODE.finditer(_expanded(page.read_text("utf-8")))
    }
    used = {m.group() for path in sources(*PACKAGES) for m in _CODE.finditer(_strings(path.read_text("utf-8")))}
    assert sorted(used - documented) == []


def _strings(source: str) -> str:
    """The source's string literals that are exactly one code: docstrings may speak of ranges."""
    return " ".join(re.findall(r'"(CR-[A-Z]\d{3})"', source))


def _expanded(page: str) -> str:
    """Ranges such as ``CR-Q102 ... CR-Q105`` written out."""
    found = [page]
    for letter, first, last in re.findall(r"CR-([A-Z])(\d{3})\s*(?:\.\.\.|to|-)\s*CR-[A-Z](\d{3})", page):
        found += [f"CR-{letter}{number:03}" for number in range(int(first), int(last) + 1)]
    return " ".join(found)


def test_nothing_of_this_machine_or_a_registry_is_committed() -> None:
    """No registry host, no machine path in any tracked text; vendored scripts apart, whose text is not ours."""
    offending = [
        f"{path}: {word}"
        for path, text in texts()
        if "vendor" not in path.parts
        for word in (*_HOSTS, *_PLACES)
        if word in text
    ]
    assert offending == []


def test_nothing_is_left_to_do() -> None:
    """No unfinished mark in our sources, tests and docs."""
    marks = [
        str(path)
        for path, text in texts()
        if "vendor" not in path.parts
        and path.suffix in (".py", ".md", ".sql", ".yaml", ".html", ".css")
        and _UNFINISHED.search(text)
    ]
    assert marks == []


def test_no_file_is_named_for_leftovers() -> None:
    """A file says what it owns."""
    assert [str(path) for path in sources(*PACKAGES) if path.name in _UTILITY_NAMES] == []


def test_no_lock_names_an_index() -> None:
    """Requirements are hashed and name no index."""
    for name in ("client", "room", "dev", "tool"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        assert "--hash=sha256:" in text
        assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links)", text, re.MULTILINE)


def test_every_package_says_where_things_are() -> None:
    """Each package has a docstring: the map of its rooms."""
    missing = [
        str(path.relative_to(ROOT))
        for path in sources(*PACKAGES)
        if not path.read_text("utf-8").lstrip().startswith(('"""', "'''")) and path.read_text("utf-8").strip()
    ]
    assert missing == []


def test_the_layers_hold() -> None:
    """import-linter's contracts of pyproject.toml are kept."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
