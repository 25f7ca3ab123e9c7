"""docs/dependencies.md names what the project depends on, and nothing else."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAME = re.compile(r"[A-Za-z0-9._-]+")


def documented() -> dict[str, list[list[str]]]:
    """The rows of each section's table: package, licence, reason."""
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    _, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    return {section.split("\n", 1)[0].replace("`", ""): rows(section) for section in sections}


def rows(section: str) -> list[list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def declared() -> dict[str, set[str]]:
    """The packages that each section has to name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    page = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    chromium = (ROOT / "tools/chromium.sh").read_text(encoding="utf-8")
    extras = project["project"]["optional-dependencies"]
    return {
        "Core": names(project["project"]["dependencies"]),
        **{f"Extra {extra}": names(requirements) for extra, requirements in extras.items()},
        "Build": names(project["build-system"]["requires"]),
        "Page": {*page["dependencies"], *page.get("devDependencies", {})},
        "System": set(re.findall(r"apt-get install -y -qq (\S+)", chromium)),
    }


def names(requirements: list[str]) -> set[str]:
    found = (NAME.match(requirement) for requirement in requirements)
    return {match.group() for match in found if match}


def test_every_group_of_dependencies_has_a_section() -> None:
    assert list(documented()) == list(declared())


@pytest.mark.parametrize("section", declared())
def test_a_section_names_exactly_the_dependencies_of_its_group(section: str) -> None:
    listed = [row[0].strip("`") for row in documented()[section]]
    assert sorted(listed) == sorted(declared()[section])


@pytest.mark.parametrize("section", declared())
def test_every_dependency_has_a_licence_and_a_reason(section: str) -> None:
    assert [row for row in documented()[section] if len(row) != 3 or not all(row)] == []
