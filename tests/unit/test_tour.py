"""docs/tour.md names functions: each is where it says. Links of all pages lead somewhere."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`([\w/]+\.py):([\w.]+)`", TOUR)))
FILES = sorted(set(re.findall(r"`([\w/]+\.(?:py|toml))`", TOUR)))


@lru_cache
def defined_in(path: Path) -> frozenset[str]:
    """Names of functions and classes, those in classes as `Class.name`."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            inside = [one.name for one in node.body if isinstance(one, ast.FunctionDef)]
            names |= {f"{node.name}.{name}" for name in inside}
    return frozenset(names)


def test_the_tour_names_the_whole_way():
    assert len(PLACES) >= 30


@pytest.mark.parametrize(("path", "name"), PLACES)
def test_a_function_of_the_tour_is_there(path, name):
    assert name in defined_in(ROOT / "gatte" / path)


@pytest.mark.parametrize("path", FILES)
def test_a_file_of_the_tour_is_there(path):
    assert (ROOT / "gatte" / path).is_file()


PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []
