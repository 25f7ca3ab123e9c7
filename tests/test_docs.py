"""Documents that can rot are generated, or held to the code here."""

import re
from pathlib import Path

import pytest

from tools.docs import ROOT, generated


@pytest.mark.parametrize("path", [str(path) for path in generated()])
def test_a_generated_file_is_up_to_date(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert text == generated()[Path(path)], "run `make docs`"


def test_every_path_that_the_tour_names_exists() -> None:
    tour = (ROOT / "docs/tour.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:kavita|tests|docs|tools|data)/[\w./-]+|main\.py)`", tour))
    missing = sorted(path for path in paths if not (ROOT / path).exists())
    assert not [path for path in missing if not path.startswith("data/")]


def test_every_link_between_the_documents_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken
