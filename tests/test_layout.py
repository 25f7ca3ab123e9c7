"""The sizes and places that CONTRIBUTING.md promises."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VAGUE = {"utils", "helpers", "common", "manager", "core", "misc", "base"}


def files(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [Path(name) for name in listed if name.endswith(suffixes) and (ROOT / name).exists()]


def length(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def test_no_module_is_longer_than_400_lines() -> None:
    assert not [f"{path}: {length(path)}" for path in files(".py", ".js") if length(path) > 400]


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [str(path) for path in files(".py", ".js") if path.stem in VAGUE]


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in files(".py") if path.name.startswith("test_")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("folder", ["node_modules", "kavita/web/static/vendor"])
def test_no_third_party_javascript_is_in_the_repository(folder: str) -> None:
    assert not [str(path) for path in files("") if str(path).startswith(folder)]
